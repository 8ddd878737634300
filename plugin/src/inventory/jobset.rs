//! A JobSet as the API server gives it.

use serde::Deserialize;

use super::job::JobSpec;
use super::meta::{Condition, Ending, Meta, ending, null_is_default, slice};

/// A JobSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct JobSetSeen {
    /// Name and labels.
    pub(crate) metadata: Meta,
    #[serde(deserialize_with = "null_is_default")]
    spec: JobSetSpec,
    #[serde(deserialize_with = "null_is_default")]
    status: JobSetStatus,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JobSetSpec {
    #[serde(deserialize_with = "null_is_default")]
    suspend: bool,
    #[serde(deserialize_with = "null_is_default")]
    failure_policy: FailurePolicy,
    #[serde(deserialize_with = "null_is_default")]
    replicated_jobs: Vec<ReplicatedJob>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FailurePolicy {
    #[serde(deserialize_with = "null_is_default")]
    max_restarts: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct ReplicatedJob {
    name: String,
    replicas: Option<u32>,
    #[serde(deserialize_with = "null_is_default")]
    template: JobTemplate,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct JobTemplate {
    #[serde(deserialize_with = "null_is_default")]
    spec: JobSpec,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct JobSetStatus {
    #[serde(deserialize_with = "null_is_default")]
    restarts: u32,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Condition>,
}

/// A Job that a JobSet makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantedJob {
    /// The Job's own name.
    pub(crate) name: String,
    /// How many Pods it runs at once.
    pub(crate) pods: u32,
    /// The slice behind it, where its template says which.
    pub(crate) slice: Option<String>,
}

impl JobSetSeen {
    /// How often it was started again.
    pub(crate) fn restarts(&self) -> u32 {
        self.status.restarts
    }

    /// How often it may be.
    pub(crate) fn max_restarts(&self) -> u32 {
        self.spec.failure_policy.max_restarts
    }

    /// Is it told to run nothing?
    pub(crate) fn is_suspended(&self) -> bool {
        self.spec.suspend
    }

    /// How it ended, if it did.
    pub(crate) fn ending(&self) -> Option<Ending> {
        ending(&self.status.conditions, "Completed")
    }

    /// The Jobs that ask for chips, in JobSet's order.
    pub(crate) fn wanted(&self) -> Vec<WantedJob> {
        let of_tpus = |job: &&ReplicatedJob| job.template.spec.template.spec.chips() > 0;
        let jobs = self.spec.replicated_jobs.iter().filter(of_tpus);
        jobs.flat_map(|job| (0..job.replicas.unwrap_or(1)).map(|index| self.job(job, index)))
            .collect()
    }

    fn job(&self, job: &ReplicatedJob, index: u32) -> WantedJob {
        WantedJob {
            name: format!("{}-{}-{index}", self.metadata.name, job.name),
            pods: job.template.spec.pods(),
            slice: slice(&job.template.spec.template.spec.node_selector),
        }
    }
}
