//! What an operator can set; `settings.schema.json` says the same as JSON Schema.

use serde::Deserialize;

/// JSON Schema of [`Settings`].
pub(crate) const SCHEMA: &str = include_str!("settings.schema.json");

/// What an operator can set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// What to do about `hostNetwork` of multi-host slices.
    pub host_network: HostNetwork,
    /// Which MEGASCALE variables a serving replica gets.
    pub serving_vector: ServingVector,
    /// Alias or label of the accelerator of Pods that name none.
    pub default_accelerator: Option<String>,
    /// The node label that JobSets with several multi-host slices are placed by exclusively,
    /// where they name none.
    pub exclusive_topology: Option<String>,
}

/// What to do about `hostNetwork` of multi-host slices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostNetwork {
    /// Fill it in where it is absent.
    #[default]
    Inject,
    /// Warn where it is absent.
    Check,
    /// Nothing: Autopilot and Pod Security `baseline` forbid it.
    Off,
}

/// Which MEGASCALE variables a serving replica gets, all of them empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServingVector {
    /// `MEGASCALE_NUM_SLICES`, `MEGASCALE_SLICE_ID` and `MEGASCALE_COORDINATOR_ADDRESS`.
    #[default]
    All,
    /// `MEGASCALE_NUM_SLICES` only.
    NumSlices,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_schema_accepts_exactly_the_accelerators_of_the_catalogue() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let listed = schema["properties"]["defaultAccelerator"]["enum"]
            .as_array()
            .unwrap();
        let mut listed: Vec<_> = listed.iter().filter_map(Value::as_str).collect();
        let mut known: Vec<_> = tpu::Accelerator::all()
            .iter()
            .flat_map(|accelerator| accelerator.alias().into_iter().chain([accelerator.label()]))
            .collect();
        listed.sort_unstable();
        known.sort_unstable();
        known.dedup();
        assert_eq!(listed, known);
    }

    #[test]
    fn no_settings_are_the_defaults() {
        let settings: Settings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings.host_network, HostNetwork::Inject);
        assert_eq!(settings.serving_vector, ServingVector::All);
        assert_eq!(settings.default_accelerator, None);
        assert_eq!(settings.exclusive_topology, None);
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        assert!(serde_json::from_str::<Settings>(r#"{"hostnetwork":"off"}"#).is_err());
    }
}
