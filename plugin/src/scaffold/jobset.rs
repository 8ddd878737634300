//! The part of JobSet's API that we write, typed. Source: `api/jobset/v1alpha2` of JobSet v0.12.

use k8s_openapi::Resource;
use k8s_openapi::api::batch::v1::JobTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// The annotation that gives each Job a topology domain of its own.
pub(crate) const EXCLUSIVE_TOPOLOGY: &str = "alpha.jobset.sigs.k8s.io/exclusive-topology";
/// The label that JobSet puts on the Pods of a JobSet.
pub(crate) const JOBSET_NAME_LABEL: &str = "jobset.sigs.k8s.io/jobset-name";
/// The label that JobSet puts on the Pods of one Job.
pub(crate) const JOB_INDEX_LABEL: &str = "jobset.sigs.k8s.io/job-index";

/// A set of Jobs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobSet {
    api_version: &'static str,
    kind: &'static str,
    /// Name, labels, annotations.
    pub(crate) metadata: ObjectMeta,
    /// What runs.
    pub(crate) spec: JobSetSpec,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobSetSpec {
    /// What happens when a Job fails.
    pub(crate) failure_policy: FailurePolicy,
    /// The Jobs, by template.
    pub(crate) replicated_jobs: Vec<ReplicatedJob>,
}

/// What happens when a Job fails.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailurePolicy {
    /// How often the whole set is started again.
    pub(crate) max_restarts: u32,
}

/// A template and how many Jobs are made of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplicatedJob {
    /// Part of the Jobs' names.
    pub(crate) name: String,
    /// How many Jobs.
    pub(crate) replicas: u32,
    /// One Job.
    pub(crate) template: JobTemplateSpec,
}

impl JobSet {
    /// A JobSet.
    pub(crate) fn new(metadata: ObjectMeta, spec: JobSetSpec) -> Self {
        Self {
            api_version: Self::API_VERSION,
            kind: Self::KIND,
            metadata,
            spec,
        }
    }
}

impl Resource for JobSet {
    const API_VERSION: &'static str = "jobset.x-k8s.io/v1alpha2";
    const GROUP: &'static str = "jobset.x-k8s.io";
    const KIND: &'static str = "JobSet";
    const VERSION: &'static str = "v1alpha2";
    const URL_PATH_SEGMENT: &'static str = "jobsets";
    type Scope = k8s_openapi::NamespaceResourceScope;
}
