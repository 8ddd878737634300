//! Who answers: the ordered policies in force.

use serde_json::Value;

use crate::matching::Matching;

/// What follows from a policy's findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Denials deny.
    #[default]
    Enforce,
    /// Denials become warnings.
    Warn,
    /// Findings go to the audit log only, and the patch is not applied.
    Audit,
}

/// What follows from a policy that fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// The object is refused.
    #[default]
    Deny,
    /// The object is let in with a warning.
    Allow,
}

/// One entry of a policy set.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Names the policy in findings and in `kubectl-sax.dev/skip`.
    pub name: String,
    /// Which reviews it sees.
    pub matching: Matching,
    /// What follows from its findings.
    pub mode: Mode,
    /// What follows from its failure.
    pub on_error: OnError,
    /// Whether an object may opt out by the annotation `kubectl-sax.dev/skip`.
    pub skippable: bool,
    /// The evaluator's own number of the module behind this entry.
    pub slot: usize,
    settings: Value,
    settings_json: Vec<u8>,
}

/// The policies in force, in the order of evaluation.
#[derive(Debug, Clone, Default)]
pub struct PolicySet(pub Vec<Policy>);

impl Policy {
    /// An enforcing policy that denies when it fails and can't be skipped.
    #[must_use]
    pub fn new(name: &str, matching: Matching, settings: Value) -> Self {
        Self {
            name: name.to_owned(),
            matching,
            mode: Mode::default(),
            on_error: OnError::default(),
            skippable: false,
            slot: 0,
            settings_json: settings.to_string().into_bytes(),
            settings,
        }
    }

    /// What the operator configured.
    #[must_use]
    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// The settings as JSON, written once and not per review.
    #[must_use]
    pub fn settings_json(&self) -> &[u8] {
        &self.settings_json
    }
}
