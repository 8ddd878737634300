//! A node, as far as placement looks.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::constraint::Taint;
use crate::read::{self, ReadError};
use crate::resources::Resources;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether its condition Ready is True.
    pub ready: bool,
    /// `spec.unschedulable`: it is cordoned. A node that is being deleted counts as cordoned.
    pub unschedulable: bool,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// What its Pods may have together.
    pub allocatable: Resources,
}

impl Node {
    /// Reads a `v1` Node.
    ///
    /// # Errors
    /// When it has no name or uid, or a field that placement needs has a wrong type.
    pub fn read(object: &Value) -> Result<Self, ReadError> {
        let meta = read::meta(object)?;
        let taints = read::list(object, "/spec/taints")?.iter().map(Taint::read);
        Ok(Self {
            labels: read::texts(object, "/metadata/labels")?,
            ready: condition(object, "Ready")?,
            unschedulable: read::flag(object, "/spec/unschedulable")? || meta.deleting,
            taints: taints.collect::<Result<_, _>>()?,
            allocatable: Resources::of_node(object)?,
            name: meta.name,
        })
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }
}

/// Whether the condition of this type is True.
pub(crate) fn condition(object: &Value, kind: &str) -> Result<bool, ReadError> {
    for condition in read::list(object, "/status/conditions")? {
        if read::text(condition, "/type")? == Some(kind) {
            return Ok(read::text(condition, "/status")? == Some("True"));
        }
    }
    Ok(false)
}
