//! Who stands behind Pods: Jobs, and the roots above them.

use serde_json::Value;

use crate::keys;
use crate::node::condition;
use crate::pod::multislice;
use crate::read::{self, Controller, ReadError};
use crate::time::Time;

/// A `batch/v1` Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// When it was made.
    pub created: Time,
    /// Its JobSet, where it has one.
    pub controller: Option<Controller>,
    /// Pods that it runs at once.
    pub parallelism: u32,
    /// Pods that must succeed, where that is said.
    pub completions: Option<u32>,
    /// Pods that have succeeded.
    pub succeeded: u32,
    /// Failures of Pods that it bears.
    pub backoff_limit: u32,
    /// `spec.suspend`.
    pub suspended: bool,
    /// Whether it is complete or has failed.
    pub finished: bool,
}

/// A root owner: JobSet, StatefulSet or LeaderWorkerSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its `apiVersion`.
    pub api_version: String,
    /// Which of the three.
    pub kind: OwnerKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// When it was made.
    pub created: Time,
    /// `spec.suspend` of a JobSet.
    pub suspended: bool,
    /// `spec.managedBy` of a JobSet, unless it names JobSet's own controller.
    pub managed_by: Option<String>,
    /// `spec.replicas` of a StatefulSet or LeaderWorkerSet.
    pub replicas: u32,
    /// Pods in a replica of a LeaderWorkerSet.
    pub size: u32,
    /// Jobs of a JobSet that want a domain each.
    pub exclusive: u32,
    /// Those of them whose Pods carry a non-empty `MEGASCALE_NUM_SLICES`.
    pub slices: u32,
    /// Whether it makes some Pods only when others are Ready: a StatefulSet with `OrderedReady`,
    /// a LeaderWorkerSet with `LeaderReady`, a JobSet with `InOrder` or `dependsOn`.
    pub ordered: bool,
}

/// Which kind of root owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerKind {
    /// `jobset.x-k8s.io/v1alpha2`.
    JobSet,
    /// `apps/v1`.
    StatefulSet,
    /// `leaderworkerset.x-k8s.io/v1`.
    LeaderWorkerSet,
}

impl OwnerKind {
    /// As in `kind`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobSet => "JobSet",
            Self::StatefulSet => "StatefulSet",
            Self::LeaderWorkerSet => "LeaderWorkerSet",
        }
    }
}

impl Job {
    /// Reads a `batch/v1` Job.
    ///
    /// # Errors
    /// When it has no name or uid, or a field that placement needs has a wrong type.
    pub fn read(object: &Value) -> Result<Self, ReadError> {
        let meta = read::meta(object)?;
        Ok(Self {
            namespace: meta.namespace,
            name: meta.name,
            uid: meta.uid,
            created: meta.created,
            controller: meta.controller,
            parallelism: read::count(object, "/spec/parallelism")?.unwrap_or(1),
            completions: read::count(object, "/spec/completions")?,
            succeeded: read::count(object, "/status/succeeded")?.unwrap_or(0),
            // https://kubernetes.io/docs/concepts/workloads/controllers/job: the default is 6.
            backoff_limit: read::count(object, "/spec/backoffLimit")?.unwrap_or(6),
            suspended: read::flag(object, "/spec/suspend")?,
            finished: condition(object, "Complete")? || condition(object, "Failed")?,
        })
    }

    /// Pods that should exist now.
    #[must_use]
    pub fn wanted(&self) -> u32 {
        let left = self
            .completions
            .map(|all| all.saturating_sub(self.succeeded));
        left.map_or(self.parallelism, |left| left.min(self.parallelism))
    }
}

impl Owner {
    /// Reads a JobSet, StatefulSet or LeaderWorkerSet, by its `kind`.
    ///
    /// # Errors
    /// When it is of another kind, has no name or uid, or a field that placement needs has a
    /// wrong type.
    pub fn read(object: &Value) -> Result<Self, ReadError> {
        let meta = read::meta(object)?;
        let kind = match read::text(object, "/kind")? {
            Some("JobSet") => OwnerKind::JobSet,
            Some("StatefulSet") => OwnerKind::StatefulSet,
            Some("LeaderWorkerSet") => OwnerKind::LeaderWorkerSet,
            _ => {
                let expected = "JobSet, StatefulSet or LeaderWorkerSet";
                return Err(ReadError::WrongType {
                    path: "/kind".to_owned(),
                    expected,
                });
            }
        };
        let managed_by = read::text(object, "/spec/managedBy")?;
        Ok(Self {
            api_version: read::text_or(object, "/apiVersion", "")?,
            kind,
            namespace: meta.namespace,
            name: meta.name,
            uid: meta.uid,
            created: meta.created,
            suspended: kind == OwnerKind::JobSet && read::flag(object, "/spec/suspend")?,
            managed_by: managed_by
                .filter(|by| *by != keys::JOBSET_CONTROLLER)
                .map(str::to_owned),
            replicas: read::count(object, "/spec/replicas")?.unwrap_or(1),
            size: read::count(object, "/spec/leaderWorkerTemplate/size")?.unwrap_or(1),
            exclusive: jobs(object, |_| Ok(true))?,
            slices: jobs(object, computes_with_others)?,
            ordered: ordered(object, kind)?,
        })
    }
}

/// Exclusive Jobs of a JobSet, by what their replicatedJob is like.
fn jobs(
    jobset: &Value,
    counts: impl Fn(&Value) -> Result<bool, ReadError>,
) -> Result<u32, ReadError> {
    let all = is_exclusive(jobset);
    let mut jobs: u32 = 0;
    for job in read::list(jobset, "/spec/replicatedJobs")? {
        let template = read::present(job, "/template").unwrap_or(&Value::Null);
        let pod = read::present(template, "/spec/template").unwrap_or(&Value::Null);
        if (all || is_exclusive(template) || is_exclusive(pod)) && counts(job)? {
            jobs = jobs.saturating_add(read::count(job, "/replicas")?.unwrap_or(1));
        }
    }
    Ok(jobs)
}

fn is_exclusive(object: &Value) -> bool {
    let keys = [keys::JOBSET_EXCLUSIVE, keys::EXCLUSIVE_TOPOLOGY];
    keys.iter()
        .any(|key| read::annotation(object, key).is_some())
}

fn computes_with_others(job: &Value) -> Result<bool, ReadError> {
    multislice(read::list(job, "/template/spec/template/spec/containers")?)
}

fn ordered(object: &Value, kind: OwnerKind) -> Result<bool, ReadError> {
    match kind {
        OwnerKind::StatefulSet => {
            Ok(read::text(object, "/spec/podManagementPolicy")? != Some("Parallel"))
        }
        OwnerKind::LeaderWorkerSet => {
            Ok(read::text(object, "/spec/startupPolicy")? == Some("LeaderReady"))
        }
        OwnerKind::JobSet => {
            let order = read::text(object, "/spec/startupPolicy/startupPolicyOrder")?;
            let jobs = read::list(object, "/spec/replicatedJobs")?;
            let depends = |job: &Value| Ok(!read::list(job, "/dependsOn")?.is_empty());
            let depends: Vec<bool> = jobs.iter().map(depends).collect::<Result<_, _>>()?;
            Ok(order == Some("InOrder") || depends.contains(&true))
        }
    }
}
