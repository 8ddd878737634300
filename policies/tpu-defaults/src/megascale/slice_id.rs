//! Which id each slice of a JobSet gets: 0 to n-1, over the TPU jobs only.

use serde_json::{Value, json};
use workload::{PodGroup, Workload};

use crate::group::TpuGroup;

/// JobSet's label: the index within the replicatedJob. Source: facts/jobset.md §1.2.
const JOB_INDEX: &str = "jobset.sigs.k8s.io/job-index";
/// JobSet's label: the index over all Jobs of the JobSet.
const JOB_GLOBAL_INDEX: &str = "jobset.sigs.k8s.io/job-global-index";
/// JobSet's label: the index over the Jobs whose replicatedJobs share a `groupName`.
const JOB_GROUP_INDEX: &str = "jobset.sigs.k8s.io/job-group-index";
/// The `groupName` of replicatedJobs that name none.
const DEFAULT_GROUP: &str = "default";

/// How the slices of a JobSet learn their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// One replicatedJob: its own index.
    JobIndex,
    /// One slice in each replicatedJob: written out.
    Literal,
    /// The TPU jobs come first.
    JobGlobalIndex,
    /// A group name holds the TPU jobs together.
    JobGroupIndex,
}

impl Numbering {
    /// A numbering that gives the slices of `members` the ids 0 to n-1; none where JobSet has no
    /// such index.
    pub(super) fn of(members: &[&TpuGroup<'_>], workload: &Workload<'_>) -> Option<Self> {
        if members.len() == 1 {
            return Some(Self::JobIndex);
        }
        if members.iter().all(|group| group.replicas() <= 1) {
            return Some(Self::Literal);
        }
        if come_first(members, workload) {
            return Some(Self::JobGlobalIndex);
        }
        have_a_group(members, workload).then_some(Self::JobGroupIndex)
    }

    /// The environment variable's members that say the id of `group`'s slices.
    pub(super) fn id_of(self, group: &TpuGroup<'_>, members: &[&TpuGroup<'_>]) -> Value {
        match self {
            Self::JobIndex => label(JOB_INDEX),
            Self::JobGlobalIndex => label(JOB_GLOBAL_INDEX),
            Self::JobGroupIndex => label(JOB_GROUP_INDEX),
            Self::Literal => {
                let before = members.iter().take_while(|other| !is_same(group, other));
                let id = before.map(|other| other.replicas()).sum::<u64>();
                json!({"value": id.to_string()})
            }
        }
    }
}

/// An environment variable's members that read a label of the Pod.
pub(super) fn label(key: &str) -> Value {
    json!({"valueFrom": {"fieldRef": {"fieldPath": format!("metadata.labels['{key}']")}}})
}

/// Whether no other Job stands before a slice.
fn come_first(members: &[&TpuGroup<'_>], workload: &Workload<'_>) -> bool {
    let mut others_before = false;
    for pods in &workload.groups {
        if pods.replicas() <= 0 {
            continue;
        }
        let is_other = !is_member(pods, members);
        if others_before && !is_other {
            return false;
        }
        others_before |= is_other;
    }
    true
}

/// Whether one group name holds all slices and nothing else.
fn have_a_group(members: &[&TpuGroup<'_>], workload: &Workload<'_>) -> bool {
    let Some(first) = members.first() else {
        return false;
    };
    let name = group_name(first.pods);
    workload
        .groups
        .iter()
        .all(|pods| is_member(pods, members) == (group_name(pods) == name))
}

fn group_name<'a>(pods: &PodGroup<'a>) -> &'a str {
    pods.owner.at("groupName").text().unwrap_or(DEFAULT_GROUP)
}

fn is_member(pods: &PodGroup<'_>, members: &[&TpuGroup<'_>]) -> bool {
    let path = pods.owner.path();
    members.iter().any(|group| group.pods.owner.path() == path)
}

fn is_same(group: &TpuGroup<'_>, other: &TpuGroup<'_>) -> bool {
    group.pods.owner.path() == other.pods.owner.path()
}
