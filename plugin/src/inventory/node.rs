//! A node as the API server gives it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::meta::{Condition, Meta, is_true, null_is_default, quantity, slice};

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct NodeSeen {
    /// Name and labels.
    pub(crate) metadata: Meta,
    #[serde(deserialize_with = "null_is_default")]
    spec: NodeSpec,
    #[serde(deserialize_with = "null_is_default")]
    status: NodeStatus,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct NodeSpec {
    #[serde(deserialize_with = "null_is_default")]
    unschedulable: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct NodeStatus {
    #[serde(deserialize_with = "null_is_default")]
    allocatable: BTreeMap<String, Value>,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Condition>,
}

impl NodeSeen {
    /// Chips that Pods can have.
    pub(crate) fn chips(&self) -> u64 {
        quantity(&self.status.allocatable)
    }

    /// Does its kubelet say that it is ready?
    pub(crate) fn is_ready(&self) -> bool {
        is_true(&self.status.conditions, "Ready")
    }

    /// Does it take no new Pods?
    pub(crate) fn is_cordoned(&self) -> bool {
        self.spec.unschedulable
    }

    /// The slice that it is a part of, such as `v5e:4x8`.
    pub(crate) fn slice(&self) -> Option<String> {
        slice(&self.metadata.labels)
    }
}
