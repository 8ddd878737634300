//! A Job as the API server gives it.

use serde::Deserialize;

use super::meta::{Condition, Ending, Meta, ending, null_is_default, slice};
use super::pod::PodSpec;

/// A Job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct JobSeen {
    /// Name, labels, owners.
    pub(crate) metadata: Meta,
    #[serde(deserialize_with = "null_is_default")]
    spec: JobSpec,
    #[serde(deserialize_with = "null_is_default")]
    status: JobStatus,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct JobSpec {
    parallelism: Option<u32>,
    completions: Option<u32>,
    #[serde(deserialize_with = "null_is_default")]
    suspend: bool,
    #[serde(deserialize_with = "null_is_default")]
    pub(super) template: PodTemplate,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct PodTemplate {
    #[serde(deserialize_with = "null_is_default")]
    pub(super) spec: PodSpec,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct JobStatus {
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Condition>,
}

impl JobSeen {
    /// How many Pods it runs at once.
    pub(crate) fn pods(&self) -> u32 {
        self.spec.pods()
    }

    /// Is it told to run nothing?
    pub(crate) fn is_suspended(&self) -> bool {
        self.spec.suspend
    }

    /// Does its template ask for chips?
    pub(crate) fn wants_chips(&self) -> bool {
        self.spec.template.spec.chips() > 0
    }

    /// The slice behind it.
    pub(crate) fn slice(&self) -> Option<String> {
        slice(&self.spec.template.spec.node_selector)
    }

    /// How it ended, if it did.
    pub(crate) fn ending(&self) -> Option<Ending> {
        ending(&self.status.conditions, "Complete")
    }
}

impl JobSpec {
    /// As the Job controller counts: no more at once than must complete.
    pub(super) fn pods(&self) -> u32 {
        let parallelism = self.parallelism.unwrap_or(1);
        parallelism.min(self.completions.unwrap_or(parallelism))
    }
}
