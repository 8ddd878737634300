//! Controllers that make some Pods only when others are Ready. A group is placed whole, so its
//! first Pod waits behind our gate for Pods that are never made.

use sdk::{Node, Verdict};
use workload::{OWN_EXCLUSIVE_TOPOLOGY, PodGroup, Workload};

use super::quoted;
use crate::carry::carriers;
use crate::codes::{LEADER_READY, ORDERED_READY};
use crate::stored::Stored;

/// A StatefulSet makes its Pods one by one unless it is told otherwise.
pub(crate) fn check_stateful_set(
    workload: &Workload<'_>,
    stored: &Stored<'_>,
    verdict: &mut Verdict,
) {
    let spec = workload.root.at("spec");
    let policy = spec.at("podManagementPolicy");
    let Some(group) = exclusive_groups(workload).into_iter().next() else {
        return;
    };
    if group.replicas() < 2 || policy.text() == Some("Parallel") {
        return;
    }
    // What the API server fills in reads the same as what the author wrote.
    let found = match policy.text() {
        None | Some("OrderedReady") => "OrderedReady (the default)".to_owned(),
        Some(other) => quoted(other),
    };
    let message = format!(
        "found {found}, expected Parallel: the first of {} Pods waits for the whole group, and the \
         second is made when the first is Ready",
        group.replicas()
    );
    let places = [&workload.annotation(OWN_EXCLUSIVE_TOPOLOGY), &policy];
    let severity = severity(group, stored, &places);
    let fix = "set podManagementPolicy to Parallel";
    verdict.find(severity, ORDERED_READY, policy.path(), message, fix);
}

/// A LeaderWorkerSet makes its workers with the leader unless it is told otherwise.
pub(crate) fn check_leader_worker_set(
    workload: &Workload<'_>,
    stored: &Stored<'_>,
    verdict: &mut Verdict,
) {
    let spec = workload.root.at("spec");
    let policy = spec.at("startupPolicy");
    let groups = exclusive_groups(workload);
    // Without a template of its own the leader is made from the workers'.
    let leader = groups.into_iter().find(|group| is_leaders(group, workload));
    let size = spec.at("leaderWorkerTemplate").at("size").integer();
    let Some(leader) = leader.filter(|_| size.unwrap_or(1) > 1) else {
        return;
    };
    if policy.text() != Some("LeaderReady") {
        return;
    }
    let message = "found LeaderReady, expected LeaderCreated: the leader waits for the whole group, \
                   and the workers are made when the leader is Ready";
    let places = [&workload.annotation(OWN_EXCLUSIVE_TOPOLOGY), &policy];
    let severity = severity(leader, stored, &places);
    let fix = "set startupPolicy to LeaderCreated";
    verdict.find(severity, LEADER_READY, policy.path(), message, fix);
}

fn is_leaders(group: &PodGroup<'_>, workload: &Workload<'_>) -> bool {
    group.name == Some("leader") || workload.groups.len() == 1
}

/// The groups that are exclusive, or will be once the workload's annotation is carried.
fn exclusive_groups<'w, 'a>(workload: &'w Workload<'a>) -> Vec<&'w PodGroup<'a>> {
    let asks = workload.annotation(OWN_EXCLUSIVE_TOPOLOGY).is_present();
    let carriers = if asks { carriers(workload) } else { Vec::new() };
    let is_exclusive = |group: &&PodGroup<'a>| {
        group.annotation(OWN_EXCLUSIVE_TOPOLOGY).is_present()
            || carriers
                .iter()
                .any(|carrier| std::ptr::eq(*carrier, *group))
    };
    workload.groups.iter().filter(is_exclusive).collect()
}

fn severity(group: &PodGroup<'_>, stored: &Stored<'_>, places: &[&Node<'_>]) -> sdk::Severity {
    let carried = group.annotation(OWN_EXCLUSIVE_TOPOLOGY);
    let mut places = places.to_vec();
    places.push(&carried);
    stored.severity(&places)
}
