//! Settings are checked when a policy set is loaded, never at review time.

use jsonschema::Validator;
use serde_json::Value;

use crate::load::LoadError;

/// A compiled JSON Schema (draft 2020-12). References to other documents are not followed.
#[derive(Debug)]
pub(crate) struct Schema(Validator);

impl Schema {
    pub(crate) fn compile(policy: &str, schema: &Value) -> Result<Self, LoadError> {
        let compiled = jsonschema::draft202012::new(schema);
        compiled
            .map(Self)
            .map_err(|error| LoadError::InvalidSchema {
                policy: policy.to_owned(),
                reason: error.to_string(),
            })
    }

    /// The first thing that is wrong with `settings`.
    pub(crate) fn check(&self, policy: &str, settings: &Value) -> Result<(), LoadError> {
        let Self(validator) = self;
        validator
            .validate(settings)
            .map_err(|error| LoadError::InvalidSettings {
                policy: policy.to_owned(),
                path: error.instance_path().to_string(),
                message: error.to_string(),
            })
    }
}
