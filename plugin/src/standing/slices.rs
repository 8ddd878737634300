//! From Pods, Jobs and placement's reports to slices.

use std::collections::{BTreeMap, BTreeSet};

use placement::{GroupReport, State};

use super::why::{of_pods, only, reasons};
use super::{Phase, SliceStanding, Workload};
use crate::inventory::{Ending, Holder, Inventory, JobSeen, JobSetSeen, PodSeen, WantedJob};

/// What is known of each group, until some workload has taken it.
pub(super) struct Gathering<'a> {
    inventory: &'a Inventory,
    reports: &'a BTreeMap<Holder, &'a GroupReport>,
    pods: BTreeMap<Holder, Vec<&'a PodSeen>>,
    jobs: BTreeMap<Holder, &'a JobSeen>,
}

/// What a slice should be, before its Pods are looked at.
struct Wanted {
    holder: Holder,
    slice: Option<String>,
    pods: u32,
    created: Option<String>,
    suspended: bool,
    ending: Option<Ending>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(
        inventory: &'a Inventory,
        reports: &'a BTreeMap<Holder, &'a GroupReport>,
    ) -> Self {
        let mut pods: BTreeMap<Holder, Vec<&PodSeen>> = BTreeMap::new();
        for pod in &inventory.pods {
            pods.entry(Holder::of(pod)).or_default().push(pod);
        }
        let jobs = inventory.jobs.iter();
        let jobs = jobs.map(|job| {
            (
                holder("Job", &job.metadata.namespace, &job.metadata.name),
                job,
            )
        });
        Self {
            inventory,
            reports,
            pods,
            jobs: jobs.collect(),
        }
    }

    /// The slices of a JobSet, those too whose Job doesn't exist.
    pub(super) fn of_jobset(&mut self, jobset: &JobSetSeen) -> Vec<SliceStanding> {
        let wanted = jobset.wanted();
        let ended = jobset.ending().is_some();
        let slices = wanted.into_iter().map(|job| self.of_wanted(jobset, job));
        let slices: Vec<_> = slices.collect();
        // What has ended needs no Jobs any more.
        let gone = |slice: &SliceStanding| ended && slice.created.is_none();
        slices
            .into_iter()
            .map(|mut slice| {
                if gone(&slice) {
                    slice.why.clear();
                    slice.phase = Phase::Completed;
                }
                slice
            })
            .collect()
    }

    /// The slice of a Job that no JobSet has taken.
    pub(super) fn of_job(&mut self, job: &JobSeen) -> Option<SliceStanding> {
        let holder = holder("Job", &job.metadata.namespace, &job.metadata.name);
        self.jobs.remove(&holder)?;
        let wanted = Wanted::job(holder, job, job.slice(), job.pods());
        Some(self.slice(wanted))
    }

    /// What has TPU Pods and is no Job.
    pub(super) fn of_others(&mut self) -> Vec<Workload> {
        let holders: Vec<_> = self.pods.keys().cloned().collect();
        let others = holders
            .into_iter()
            .filter_map(|holder| self.of_other(holder));
        others.collect()
    }

    fn of_wanted(&mut self, jobset: &JobSetSeen, wanted: WantedJob) -> SliceStanding {
        let holder = holder("Job", &jobset.metadata.namespace, &wanted.name);
        let wanted = match self.jobs.remove(&holder) {
            Some(job) => Wanted::job(holder, job, wanted.slice, wanted.pods),
            None => Wanted {
                holder,
                slice: wanted.slice,
                pods: wanted.pods,
                created: None,
                suspended: jobset.is_suspended(),
                ending: None,
            },
        };
        self.slice(wanted)
    }

    fn of_other(&mut self, holder: Holder) -> Option<Workload> {
        let first = *self.pods.get(&holder)?.first()?;
        let owner = first.metadata.controller();
        let (api_version, kind) = match owner {
            Some(owner) if holder.kind == owner.kind => (owner.api_version.as_str(), &owner.kind),
            Some(_) => ("leaderworkerset.x-k8s.io/v1", &holder.kind),
            None => ("v1", &holder.kind),
        };
        let (api_version, kind) = (api_version.to_owned(), kind.clone());
        let metadata = first.metadata.clone().called(&holder.name);
        let alive = self
            .pods
            .get(&holder)?
            .iter()
            .filter(|pod| !pod.is_over())
            .count();
        let pods = self.reports.get(&holder).map(|report| report.pods);
        let ending = (alive == 0).then(|| ended(first));
        let wanted = Wanted {
            holder,
            slice: first.slice(),
            pods: pods.unwrap_or_else(|| u32::try_from(alive).unwrap_or(u32::MAX)),
            created: Some(metadata.creation_timestamp.clone()),
            suspended: false,
            ending: ending.clone(),
        };
        let slice = self.slice(wanted);
        let mut workload = Workload::of(&api_version, &kind, &metadata, vec![slice]);
        workload.ended(ending);
        Some(workload)
    }

    fn slice(&mut self, wanted: Wanted) -> SliceStanding {
        let pods = self.pods.remove(&wanted.holder).unwrap_or_default();
        let alive: Vec<_> = pods.into_iter().filter(|pod| !pod.is_over()).collect();
        let report = self.reports.get(&wanted.holder).copied();
        let key = report.map_or(tpu::keys::NODE_POOL_LABEL, |report| &report.topology_key);
        let ready = alive.iter().filter(|pod| pod.is_ready()).count();
        let ready = u32::try_from(ready).unwrap_or(u32::MAX);
        let phase = phase(&wanted, report, ready, &alive);
        let restarts = alive.iter().map(|pod| pod.restarts());
        SliceStanding {
            phase,
            why: why(&wanted, phase, report, &alive),
            slice: wanted.slice,
            pods: wanted.pods,
            pods_ready: ready,
            restarts: restarts.fold(0, u32::saturating_add),
            created: wanted.created,
            topology_key: key.to_owned(),
            exclusive: report.is_some_and(|report| report.exclusive),
            domains: self.domains(&alive, report, key),
            nodes: nodes(&alive),
            priority: report.map(|report| report.priority),
            before: report.and_then(before),
            holder: wanted.holder,
        }
    }

    fn domains(&self, pods: &[&PodSeen], report: Option<&GroupReport>, key: &str) -> Vec<String> {
        let standing = pods
            .iter()
            .filter_map(|pod| self.inventory.domain_of(pod, key));
        let mut domains: BTreeSet<_> = standing.collect();
        if domains.is_empty() {
            let held = report.and_then(|report| report.domain.as_ref());
            domains.extend(held.map(|domain| domain.value.as_str()));
        }
        in_order(domains)
    }
}

impl Wanted {
    fn job(holder: Holder, job: &JobSeen, slice: Option<String>, pods: u32) -> Self {
        Self {
            holder,
            slice,
            pods,
            created: Some(job.metadata.creation_timestamp.clone()),
            suspended: job.is_suspended(),
            ending: job.ending(),
        }
    }
}

fn phase(wanted: &Wanted, report: Option<&GroupReport>, ready: u32, pods: &[&PodSeen]) -> Phase {
    match &wanted.ending {
        Some(Ending::Completed) => return Phase::Completed,
        Some(Ending::Failed(_)) => return Phase::Failed,
        None if wanted.suspended => return Phase::Suspended,
        None => {}
    }
    match report.map(|report| &report.state) {
        Some(State::Stranded { .. }) => Phase::Stranded,
        Some(State::Split { .. }) => Phase::Split,
        Some(_) if report.is_some_and(GroupReport::waits) => Phase::Waiting,
        _ if wanted.pods > 0 && ready >= wanted.pods => Phase::Running,
        _ if pods.iter().any(|pod| pod.node().is_some()) => Phase::Starting,
        Some(_) => Phase::Starting,
        None => Phase::Waiting,
    }
}

fn why(
    wanted: &Wanted,
    phase: Phase,
    report: Option<&GroupReport>,
    pods: &[&PodSeen],
) -> Vec<super::Why> {
    if matches!(phase, Phase::Completed | Phase::Running | Phase::Suspended) {
        return Vec::new();
    }
    if let Some(Ending::Failed(message)) = &wanted.ending {
        return only(message);
    }
    if wanted.created.is_none() {
        return only("its Job doesn't exist yet");
    }
    let mut why = report.map(reasons).unwrap_or_default();
    why.extend(of_pods(pods));
    let missing = usize::try_from(wanted.pods).is_ok_and(|wanted| pods.len() < wanted);
    if why.is_empty() && missing {
        return only(&format!("{} of {} Pods exist", pods.len(), wanted.pods));
    }
    why
}

fn before(report: &GroupReport) -> Option<u32> {
    match report.state {
        State::Waiting { before } => Some(before),
        _ => None,
    }
}

fn ended(pod: &PodSeen) -> Ending {
    match pod.has_failed() {
        true => Ending::Failed("its Pod has failed".to_owned()),
        false => Ending::Completed,
    }
}

fn nodes(pods: &[&PodSeen]) -> Vec<String> {
    in_order(pods.iter().filter_map(|pod| pod.node()).collect())
}

/// As a person counts.
fn in_order(names: BTreeSet<&str>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().map(str::to_owned).collect();
    names.sort_by(|a, b| natord::compare(a, b));
    names
}

fn holder(kind: &str, namespace: &str, name: &str) -> Holder {
    Holder {
        namespace: namespace.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    }
}
