//! What all objects share. Absent, null and empty members are the same.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tpu::keys;

/// What every object has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Meta {
    /// Its name.
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) name: String,
    /// Its namespace; empty for what has none.
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) namespace: String,
    /// Its UID.
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) uid: String,
    /// RFC 3339.
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) creation_timestamp: String,
    /// Set once it is being deleted.
    pub(crate) deletion_timestamp: Option<String>,
    /// Its labels.
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) labels: BTreeMap<String, String>,
    /// Its owners.
    #[serde(deserialize_with = "null_is_default")]
    owner_references: Vec<OwnerReference>,
}

/// An owner.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct OwnerReference {
    /// Such as `batch/v1`.
    pub(crate) api_version: String,
    /// Such as `Job`.
    pub(crate) kind: String,
    /// Its name.
    pub(crate) name: String,
    /// Its UID.
    pub(crate) uid: String,
    #[serde(deserialize_with = "null_is_default")]
    controller: bool,
}

/// A condition of any object.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Condition {
    /// Such as `Ready`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// `True`, `False` or `Unknown`.
    pub(super) status: String,
    /// For people.
    #[serde(deserialize_with = "null_is_default")]
    pub(super) message: String,
}

/// How a Job or JobSet ended, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Well.
    Completed,
    /// For good.
    Failed(String),
}

impl Meta {
    /// The one owner that controls it.
    pub(crate) fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller)
    }

    /// The same under another name.
    pub(crate) fn called(self, name: &str) -> Self {
        let name = name.to_owned();
        Self { name, ..self }
    }

    /// A label's value.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }
}

/// Reads an object; what can't be read is as if it weren't there.
///
/// # Errors
/// Names the member that has the wrong type.
pub(super) fn read<T: DeserializeOwned>(object: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(object)
}

/// Chips in a list of resources. Extended resources are whole numbers.
pub(super) fn quantity(resources: &BTreeMap<String, Value>) -> u64 {
    match resources.get(keys::CHIP_RESOURCE) {
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
        _ => 0,
    }
}

pub(super) fn slice(labels: &BTreeMap<String, String>) -> Option<String> {
    let accelerator = labels.get(keys::ACCELERATOR_LABEL)?;
    let topology = labels.get(keys::TOPOLOGY_LABEL)?;
    Some(match tpu::Accelerator::find(accelerator) {
        Some(known) => format!("{}:{topology}", known.short_name()),
        None => format!("{accelerator}:{topology}"),
    })
}

pub(super) fn is_true(conditions: &[Condition], kind: &str) -> bool {
    let mut of_kind = conditions.iter().filter(|condition| condition.kind == kind);
    of_kind.any(|condition| condition.status == "True")
}

pub(super) fn ending(conditions: &[Condition], completed: &str) -> Option<Ending> {
    let is_set = |condition: &&Condition| condition.status == "True";
    let mut set = conditions.iter().filter(is_set);
    set.find_map(|condition| match condition.kind.as_str() {
        "Failed" => Some(Ending::Failed(condition.message.clone())),
        kind if kind == completed => Some(Ending::Completed),
        _ => None,
    })
}

pub(super) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
