//! Annotations in places where nobody reads them, or where somebody else places the Pods too.

use sdk::{Node, Verdict};
use workload::{EXCLUSIVE_TOPOLOGY, OWN_EXCLUSIVE_TOPOLOGY, Workload, WorkloadKind};

use crate::codes::{NOT_HEARD, TWO_PLACERS};

/// LeaderWorkerSet's own exclusive placement.
const OF_LEADER_WORKER_SET: [&str; 2] = [
    "leaderworkerset.sigs.k8s.io/exclusive-topology",
    "leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology",
];
/// Begins the Pod-template annotations by which Kueue places Pods.
const KUEUE_POD_SET: &str = "kueue.x-k8s.io/podset-";

/// Checks all annotations of a workload that is about TPUs.
pub(crate) fn check(workload: &Workload<'_>, verdict: &mut Verdict) {
    if workload.tpu_groups().next().is_none() {
        return;
    }
    let mut places = vec![workload.root.at("metadata")];
    if workload.kind != WorkloadKind::Pod {
        places.extend(workload.groups.iter().map(|group| group.metadata.clone()));
    }
    for (at, metadata) in places.iter().enumerate() {
        check_place(workload.kind, at == 0, &metadata.at("annotations"), verdict);
    }
    check_others(workload, verdict);
}

fn check_place(kind: WorkloadKind, is_own: bool, annotations: &Node<'_>, verdict: &mut Verdict) {
    let (theirs, ours) = (
        annotations.at(EXCLUSIVE_TOPOLOGY),
        annotations.at(OWN_EXCLUSIVE_TOPOLOGY),
    );
    let name = kind.name();
    if theirs.is_present() && kind != WorkloadKind::JobSet {
        let message = format!("found JobSet's annotation on a {name}: only a JobSet's is read");
        let fix = match kind {
            WorkloadKind::Deployment => "use a JobSet".to_owned(),
            _ => format!("rename it to {OWN_EXCLUSIVE_TOPOLOGY}"),
        };
        verdict.warn(NOT_HEARD, theirs.path(), message, fix);
    }
    if !ours.is_present() {
        return;
    }
    if kind == WorkloadKind::JobSet && is_own {
        let message = "found it on a JobSet, which doesn't hand it on to its Pods";
        let fix = format!("rename it to {EXCLUSIVE_TOPOLOGY}");
        verdict.warn(NOT_HEARD, ours.path(), message, fix);
    }
    if kind == WorkloadKind::Deployment {
        let message = "found it on a Deployment, whose Pods are no group that lands together";
        verdict.warn(
            NOT_HEARD,
            ours.path(),
            message,
            "use a JobSet or a StatefulSet",
        );
    }
}

/// Others that choose nodes for the same Pods.
fn check_others(workload: &Workload<'_>, verdict: &mut Verdict) {
    let own = workload.root.at("metadata").at("annotations");
    let is_exclusive = |annotations: &Node<'_>| {
        [EXCLUSIVE_TOPOLOGY, OWN_EXCLUSIVE_TOPOLOGY]
            .iter()
            .any(|key| annotations.at(key).is_present())
    };
    for group in &workload.groups {
        let on_pods = group.metadata.at("annotations");
        let on_job = group.job_metadata.as_ref();
        let on_job = on_job.is_some_and(|job| is_exclusive(&job.at("annotations")));
        if !(is_exclusive(&own) || on_job || is_exclusive(&on_pods)) {
            continue;
        }
        let entries = on_pods.entries().into_iter();
        let mut kueue = entries.filter(|(key, _)| is_kueues(key));
        if let Some((_, node)) = kueue.next() {
            report(&node, "Kueue", verdict);
        }
    }
    let theirs = OF_LEADER_WORKER_SET.map(|key| own.at(key));
    let is_ours = own.at(OWN_EXCLUSIVE_TOPOLOGY).is_present();
    if let Some(node) = theirs.iter().find(|node| is_ours && node.is_present()) {
        report(node, "LeaderWorkerSet", verdict);
    }
}

fn is_kueues(key: &str) -> bool {
    key.strip_prefix(KUEUE_POD_SET)
        .is_some_and(|rest| rest.contains("topology"))
}

fn report(node: &Node<'_>, placer: &str, verdict: &mut Verdict) {
    let message = format!(
        "found it beside exclusive-topology: {placer} chooses nodes for the same Pods, which then \
         wait where the two don't agree"
    );
    verdict.warn(
        TWO_PLACERS,
        node.path(),
        message,
        "keep one of the two annotations",
    );
}
