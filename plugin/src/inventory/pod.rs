//! A Pod as the API server gives it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::meta::{Condition, Meta, is_true, null_is_default, quantity, slice};

/// A Pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct PodSeen {
    /// Name, labels, owners.
    pub(crate) metadata: Meta,
    #[serde(deserialize_with = "null_is_default")]
    spec: PodSpec,
    #[serde(deserialize_with = "null_is_default")]
    status: PodStatus,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodSpec {
    node_name: Option<String>,
    #[serde(deserialize_with = "null_is_default")]
    pub(super) node_selector: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_default")]
    containers: Vec<Container>,
    #[serde(deserialize_with = "null_is_default")]
    scheduling_gates: Vec<Gate>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(deserialize_with = "null_is_default")]
    resources: Resources,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Resources {
    #[serde(deserialize_with = "null_is_default")]
    requests: BTreeMap<String, Value>,
    #[serde(deserialize_with = "null_is_default")]
    limits: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Gate {
    name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus {
    #[serde(deserialize_with = "null_is_default")]
    phase: String,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "null_is_default")]
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    #[serde(deserialize_with = "null_is_default")]
    restart_count: u32,
    #[serde(deserialize_with = "null_is_default")]
    state: ContainerState,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct ContainerState {
    waiting: Option<ContainerWaiting>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct ContainerWaiting {
    #[serde(deserialize_with = "null_is_default")]
    reason: String,
}

impl PodSeen {
    /// Chips that its containers ask for.
    pub(crate) fn chips(&self) -> u64 {
        self.spec.chips()
    }

    /// Where it runs or will run.
    pub(crate) fn node(&self) -> Option<&str> {
        self.spec
            .node_name
            .as_deref()
            .filter(|name| !name.is_empty())
    }

    /// Does it hold what it asked for no longer?
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// Has it ended badly?
    pub(crate) fn has_failed(&self) -> bool {
        self.status.phase == "Failed"
    }

    /// Does it serve?
    pub(crate) fn is_ready(&self) -> bool {
        is_true(&self.status.conditions, "Ready")
    }

    /// Is it held back by the gate of this name?
    pub(crate) fn is_gated_by(&self, gate: &str) -> bool {
        let mut gates = self.spec.scheduling_gates.iter();
        gates.any(|found| found.name == gate)
    }

    /// Restarts of its containers.
    pub(crate) fn restarts(&self) -> u32 {
        let counts = self.status.container_statuses.iter();
        counts.fold(0, |sum, status| sum.saturating_add(status.restart_count))
    }

    /// The slice that it asks for.
    pub(crate) fn slice(&self) -> Option<String> {
        slice(&self.spec.node_selector)
    }

    /// Why it doesn't run, in the scheduler's or the kubelet's words: it can't be scheduled, or a
    /// container can't start.
    pub(crate) fn trouble(&self) -> Option<String> {
        let unscheduled = self
            .status
            .conditions
            .iter()
            .find(|condition| condition.kind == "PodScheduled" && condition.status == "False");
        if let Some(condition) = unscheduled {
            return Some(condition.message.clone()).filter(|message| !message.is_empty());
        }
        let waiting = self.status.container_statuses.iter();
        let mut reasons = waiting.filter_map(|status| status.state.waiting.as_ref());
        let unusual = |waiting: &&ContainerWaiting| {
            let usual = ["", "ContainerCreating", "PodInitializing"];
            !usual.contains(&waiting.reason.as_str())
        };
        let found = reasons.find(unusual);
        found.map(|waiting| format!("{}: {}", self.metadata.name, waiting.reason))
    }
}

impl PodSpec {
    pub(super) fn chips(&self) -> u64 {
        let chips = self.containers.iter().map(|container| {
            let Resources { requests, limits } = &container.resources;
            quantity(requests).max(quantity(limits))
        });
        chips.fold(0, u64::saturating_add)
    }
}
