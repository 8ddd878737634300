//! Slices behind kinds that are no Job: TPU019, TPU020.

use sdk::Verdict;
use workload::{PodGroup, Shape, TOPOLOGY_LABEL, WorkloadKind, label_of};

use crate::group::{Group, number};
use crate::hosts::Hosts;

/// Checks what the group's kind can make of a slice of several VMs.
pub(crate) fn check(group: &Group<'_, '_>, hosts: Option<&Hosts>, verdict: &mut Verdict) {
    let Some(hosts) = hosts.filter(|hosts| hosts.is_multi()) else {
        return;
    };
    match group.workload.kind {
        WorkloadKind::Deployment => check_deployment(group, hosts, verdict),
        WorkloadKind::StatefulSet => check_stateful_set(group, hosts, verdict),
        WorkloadKind::LeaderWorkerSet => check_leader_worker_set(group, hosts, verdict),
        WorkloadKind::Pod | WorkloadKind::Job | WorkloadKind::JobSet => {}
    }
}

/// The Pods of a Deployment have no order and no stable names: they never find each other.
fn check_deployment(group: &Group<'_, '_>, hosts: &Hosts, verdict: &mut Verdict) {
    let label = label_of(group.pods, TOPOLOGY_LABEL);
    let place = label.map_or(group.pods.spec.clone(), |(node, _)| node);
    let message = format!(
        "found a slice of {} VMs behind a Deployment, expected a slice of 1 VM: its Pods have no \
         index and can't form a slice ({hosts})",
        hosts.vms
    );
    let fix = "use a JobSet, or a topology of one VM";
    verdict.deny("TPU019", place.path(), message, fix);
}

fn check_stateful_set(group: &Group<'_, '_>, hosts: &Hosts, verdict: &mut Verdict) {
    let (replicas, vms) = (group.pods.replicas(), i64::from(hosts.vms));
    let left = replicas.checked_rem(vms).unwrap_or_default();
    if replicas < 0 || left == 0 {
        return;
    }
    let whole = replicas.saturating_sub(left).max(vms);
    let message = format!(
        "found {}, expected a multiple of {vms}: the last {left} Pods are no whole slice ({hosts})",
        number(replicas, 1)
    );
    let place = group.pods.owner.at("replicas");
    let fix = format!("set replicas to {whole}");
    verdict.deny("TPU020", place.path(), message, fix);
}

/// A LeaderWorkerSet makes `size` Pods a group: the leader and its workers. Where it has
/// subgroups, each of them is a slice of its own.
fn check_leader_worker_set(group: &Group<'_, '_>, hosts: &Hosts, verdict: &mut Verdict) {
    if group.pods.name != Some("worker") {
        return;
    }
    let template = &group.pods.owner;
    let subgroup = group.workload.root.at("spec").at("leaderWorkerTemplate");
    let subgroup = subgroup.at("subGroupPolicy").at("subGroupSize");
    let vms = i64::from(hosts.vms);
    let (node, expected, whose) = if subgroup.is_present() {
        (subgroup, vms, "one Pod for each VM")
    } else if leader_is_on_slice(group) {
        (
            template.at("size"),
            vms,
            "one Pod for each VM, leader included",
        )
    } else {
        let pods = vms.saturating_add(1);
        (
            template.at("size"),
            pods,
            "the leader and one Pod for each VM",
        )
    };
    let found = node.integer().unwrap_or(1);
    if found != expected {
        let message = format!(
            "found {}, expected {expected}, {whose}: {hosts}",
            number(found, 1)
        );
        let field = if node.path().ends_with("/size") {
            "size"
        } else {
            "subGroupSize"
        };
        let fix = format!("set {field} to {expected}");
        verdict.deny("TPU020", node.path(), message, fix);
    }
}

/// Whether the leader is one of the slice's Pods: made from the workers' template, or from one
/// that asks for TPUs with the same labels.
fn leader_is_on_slice(group: &Group<'_, '_>) -> bool {
    let leader = group.workload.groups.iter();
    let mut leader = leader.filter(|other| other.name == Some("leader"));
    match leader.next() {
        None => true,
        Some(leader) => leader.uses_tpus() && same_labels(leader, group.pods),
    }
}

fn same_labels(one: &PodGroup<'_>, other: &PodGroup<'_>) -> bool {
    let texts = |pods: &PodGroup<'_>| {
        let shape = Shape::of(pods);
        let text = |label: Option<(_, &str)>| label.map(|(_, text)| text.to_owned());
        (text(shape.accelerator), text(shape.topology))
    };
    texts(one) == texts(other)
}
