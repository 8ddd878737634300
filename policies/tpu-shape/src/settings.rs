//! What an operator can set: how strict to be where the catalogue may be behind GKE.

use sdk::Severity;
use serde::Deserialize;

/// The settings of `tpu-shape`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Accelerator labels that the catalogue does not have.
    pub unknown_accelerators: Reaction,
    /// Topologies that the rules allow but Google does not list.
    pub unpublished_topologies: Reaction,
}

/// What to do about something that may or may not work.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reaction {
    /// Nothing.
    Allow,
    /// Tell.
    #[default]
    Warn,
    /// Refuse.
    Deny,
}

/// JSON Schema of [`Settings`].
pub(crate) const SCHEMA: &str = include_str!("settings.schema.json");

impl Reaction {
    /// The severity of a finding, if there is to be one.
    pub(crate) fn severity(self) -> Option<Severity> {
        match self {
            Self::Allow => None,
            Self::Warn => Some(Severity::Warn),
            Self::Deny => Some(Severity::Deny),
        }
    }
}
