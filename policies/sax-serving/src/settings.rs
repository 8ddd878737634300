//! What an operator can set.

use serde::Deserialize;

/// JSON Schema of [`Settings`].
pub(crate) const SCHEMA: &str = include_str!("../settings.schema.json");

/// What an operator can set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// How long a model server may take from its start until it answers: loading and compiling,
    /// in seconds. Probes have to wait that long.
    pub load_seconds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { load_seconds: 600 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_schema_names_the_defaults() {
        let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        let default = &schema["properties"]["loadSeconds"]["default"];
        assert_eq!(default.as_u64(), Some(Settings::default().load_seconds));
    }
}
