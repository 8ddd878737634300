//! A published model.

use std::collections::BTreeMap;

use saxml::sax::{Model, PublishedModel};
use serde_json::Value;
use tpu::sax::{ModelClass, ModelId, find};

/// The override that declares a model's extra inputs, with their defaults.
const EXTRA_INPUTS: &str = "EXTRA_INPUTS";

/// A published model, and the servers that are assigned to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Published {
    /// Which.
    pub(crate) id: ModelId,
    /// As the admin server has it.
    pub(crate) model: Model,
    /// Addresses, sorted. A server stands here from its assignment on, and stays when it failed.
    pub(crate) servers: Vec<String>,
}

impl Published {
    /// A model of a list; `None` where it has no usable name.
    pub(super) fn read(listed: PublishedModel) -> Option<Self> {
        let model = listed.model?;
        let id = ModelId::parse(&model.model_id).ok()?;
        let mut servers = listed.modelet_addresses;
        servers.sort_unstable();
        Some(Self { id, model, servers })
    }

    /// How many servers are to have it.
    pub(crate) fn replicas(&self) -> usize {
        usize::try_from(self.model.requested_num_replicas).unwrap_or(0)
    }

    /// Its class in the catalogue.
    pub(crate) fn class(&self) -> Option<&'static ModelClass> {
        find(&self.model.model_path)
    }

    /// Are its weights random?
    pub(crate) fn is_test(&self) -> bool {
        self.class().is_some_and(ModelClass::test_mode)
    }

    /// The overrides in the order of their keys.
    pub(crate) fn overrides(&self) -> BTreeMap<&str, &str> {
        let all = self.model.overrides.iter();
        all.map(|(key, value)| (key.as_str(), value.as_str()))
            .collect()
    }

    /// The names of its extra inputs, as far as its overrides or the catalogue say them.
    pub(crate) fn extra_inputs(&self) -> Option<Vec<String>> {
        let declared = self.model.overrides.get(EXTRA_INPUTS);
        let declared = declared.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(Value::Object(members)) = declared {
            return Some(members.keys().cloned().collect());
        }
        let known = self.class().and_then(ModelClass::extra_inputs)?;
        Some(known.iter().map(|key| (*key).to_owned()).collect())
    }
}

/// The whole name of a class of the catalogue; another as it is.
pub(crate) fn full_class(path: &str) -> String {
    find(path).map_or_else(|| path.to_owned(), ModelClass::full_name)
}
