//! What runs on TPUs, where it stands and why it waits: what `kubectl sax status` tells. Pure:
//! from an inventory and placement's decision on it.
//!
//! `-o json` and `-o yaml` print [`Standing`] as it is. Lists are sorted by namespace, then by
//! name as a person counts; slices are in JobSet's order; times are RFC 3339.

mod cell;
mod missing;
mod slices;
mod why;

use std::collections::BTreeMap;

use placement::{Decision, GroupReport};
use serde::Serialize;

use crate::inventory::{Ending, Holder, Inventory, JobSeen, JobSetSeen, Meta};
pub(crate) use cell::{CellStanding, ModelStanding, ServerStanding};
pub(crate) use missing::MissingWorkload;
use slices::Gathering;
pub(crate) use why::{Why, reasons};

/// All workloads that ask for chips.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Standing {
    /// JobSets, and what else has TPU Pods.
    pub(crate) workloads: Vec<Workload>,
    /// The cell of the namespace, as Saxml itself says it; none where no admin server is there, or
    /// where nobody asked.
    pub(crate) cells: Vec<CellStanding>,
}

/// What a user applied: a JobSet, or a Job, StatefulSet, LeaderWorkerSet, Pod without one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workload {
    /// Such as `jobset.x-k8s.io/v1alpha2`.
    pub(crate) api_version: String,
    /// Such as `JobSet`.
    pub(crate) kind: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// The deployment that it belongs to, by the label `app.kubernetes.io/instance`.
    pub(crate) instance: Option<String>,
    /// Its labels, to select by.
    #[serde(skip)]
    pub(crate) labels: BTreeMap<String, String>,
    /// Since when it exists.
    pub(crate) created: String,
    /// The worst of its slices' phases, or its own end.
    pub(crate) phase: Phase,
    /// Why it has failed, in its own words.
    pub(crate) message: Option<String>,
    /// Pods that it should have.
    pub(crate) pods: u32,
    /// Those that are ready.
    pub(crate) pods_ready: u32,
    /// How often it was started again.
    pub(crate) restarts: u32,
    /// How often it may be; null for what doesn't count.
    pub(crate) max_restarts: Option<u32>,
    /// Its slices.
    pub(crate) slices: Vec<SliceStanding>,
}

/// The Pods behind one Job, replica or Pod.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SliceStanding {
    /// Its kind, namespace and name, as placement calls it.
    #[serde(flatten)]
    pub(crate) holder: Holder,
    /// The slice that it asks for, such as `v5e:4x8`.
    pub(crate) slice: Option<String>,
    /// How it is.
    pub(crate) phase: Phase,
    /// Pods that it should have.
    pub(crate) pods: u32,
    /// Those that are ready.
    pub(crate) pods_ready: u32,
    /// Restarts of its Pods' containers.
    pub(crate) restarts: u32,
    /// Since when it exists; null while it doesn't.
    pub(crate) created: Option<String>,
    /// The node label whose values are its domains.
    pub(crate) topology_key: String,
    /// Does it get a domain to itself?
    pub(crate) exclusive: bool,
    /// The domains where its Pods are, or the one that it holds.
    pub(crate) domains: Vec<String>,
    /// The nodes where its Pods are.
    pub(crate) nodes: Vec<String>,
    /// Its Pods' priority; null where placement has nothing to do with it.
    pub(crate) priority: Option<i32>,
    /// Groups that come before it; null unless it waits for a domain.
    pub(crate) before: Option<u32>,
    /// Why it isn't running.
    pub(crate) why: Vec<Why>,
}

/// How a slice or workload is, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Phase {
    /// It has ended well.
    Completed,
    /// All Pods are ready.
    Running,
    /// It is told to run nothing.
    Suspended,
    /// It has its place, and its Pods are coming up.
    Starting,
    /// It has no place yet.
    Waiting,
    /// Its Pods are in several domains, or share one.
    Split,
    /// Its domain broke after some Pods were released.
    Stranded,
    /// It has failed for good.
    Failed,
}

/// Sorts what the inventory holds by workload.
pub(crate) fn standing(inventory: &Inventory, decision: &Decision) -> Standing {
    let reports = decision.groups.iter();
    let reports: BTreeMap<Holder, &GroupReport> = reports
        .map(|report| (Holder::from(&report.group), report))
        .collect();
    let mut gathering = Gathering::new(inventory, &reports);
    let mut workloads: Vec<Workload> = Vec::new();
    for jobset in &inventory.jobsets {
        let slices = gathering.of_jobset(jobset);
        if !slices.is_empty() {
            workloads.push(of_jobset(jobset, slices));
        }
    }
    for job in &inventory.jobs {
        if let Some(slice) = gathering.of_job(job) {
            workloads.push(of_job(job, slice));
        }
    }
    workloads.extend(gathering.of_others());
    workloads.sort_by(|a, b| {
        let by_name = || natord::compare(&a.name, &b.name);
        a.namespace.cmp(&b.namespace).then_with(by_name)
    });
    Standing {
        workloads,
        cells: Vec::new(),
    }
}

impl Workload {
    /// Is it, or one of its slices, or the deployment that it belongs to, called so? A kind may
    /// stand before the name, as kubectl writes it.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let (kind, bare) = match name.split_once('/') {
            Some((kind, bare)) => (Some(kind.to_lowercase()), bare),
            None => (None, name),
        };
        let of_kind = |found: &str| {
            let found = found.to_lowercase();
            kind.as_ref().is_none_or(|kind| {
                kind.split('.')
                    .next()
                    .is_some_and(|kind| kind.trim_end_matches('s') == found)
            })
        };
        let own = self.name == bare && of_kind(&self.kind);
        let of_slice =
            |slice: &SliceStanding| slice.holder.name == bare && of_kind(&slice.holder.kind);
        let instance = kind.is_none() && self.instance.as_deref() == Some(bare);
        own || instance || self.slices.iter().any(of_slice)
    }

    /// The way kubectl takes it: `jobset/sax-model-server-set`.
    pub(crate) fn short_name(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }

    /// The way kubectl prints it: `jobset.jobset.x-k8s.io/sax-model-server-set`.
    pub(crate) fn display_name(&self) -> String {
        let kind = self.kind.to_lowercase();
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}/{}", self.name),
            None => format!("{kind}/{}", self.name),
        }
    }

    /// Is its one slice the workload itself?
    pub(crate) fn is_its_slice(&self) -> bool {
        match self.slices.as_slice() {
            [slice] => slice.holder.name == self.name && slice.holder.kind == self.kind,
            _ => false,
        }
    }

    /// A workload of these slices.
    fn of(api_version: &str, kind: &str, metadata: &Meta, slices: Vec<SliceStanding>) -> Self {
        let sum = |count: fn(&SliceStanding) -> u32| {
            slices.iter().map(count).fold(0, u32::saturating_add)
        };
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            instance: metadata
                .label("app.kubernetes.io/instance")
                .map(str::to_owned),
            labels: metadata.labels.clone(),
            created: metadata.creation_timestamp.clone(),
            phase: slices
                .iter()
                .map(|slice| slice.phase)
                .max()
                .unwrap_or(Phase::Waiting),
            message: None,
            pods: sum(|slice| slice.pods),
            pods_ready: sum(|slice| slice.pods_ready),
            restarts: sum(|slice| slice.restarts),
            max_restarts: None,
            slices,
        }
    }

    fn ended(&mut self, ending: Option<Ending>) {
        match ending {
            Some(Ending::Completed) => self.phase = Phase::Completed,
            Some(Ending::Failed(message)) => {
                self.phase = Phase::Failed;
                self.message = Some(message);
            }
            None => {}
        }
    }
}

fn of_jobset(jobset: &JobSetSeen, slices: Vec<SliceStanding>) -> Workload {
    let api = "jobset.x-k8s.io/v1alpha2";
    let mut workload = Workload::of(api, "JobSet", &jobset.metadata, slices);
    workload.restarts = jobset.restarts();
    workload.max_restarts = Some(jobset.max_restarts());
    if jobset.is_suspended() {
        workload.phase = Phase::Suspended;
    }
    workload.ended(jobset.ending());
    workload
}

fn of_job(job: &JobSeen, slice: SliceStanding) -> Workload {
    let mut workload = Workload::of("batch/v1", "Job", &job.metadata, vec![slice]);
    workload.ended(job.ending());
    workload
}
