//! Pods wait behind our gate until the placer sends them to a domain.

use sdk::{Node, Review, Verdict};
use serde_json::json;
use workload::{EXCLUSIVE_TOPOLOGY, OWN_EXCLUSIVE_TOPOLOGY, PLACEMENT_GATE, Workload};

use crate::job::{is_marked, take_out_strategy};

/// The kubelet's own Pods, which nobody can change.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Gates a new Pod, and makes JobSet's annotation ours.
pub(crate) fn review(review: &Review, workload: &Workload<'_>, verdict: &mut Verdict) {
    let Some(group) = workload.groups.first() else {
        return;
    };
    let annotations = group.metadata.at("annotations");
    let is_placed = group.spec.at("nodeName").is_present() || annotations.at(MIRROR).is_present();
    if is_placed || review.operation != sdk::Operation::Create {
        return;
    }
    let is_marked = is_marked(&annotations);
    if is_marked {
        take_over(&annotations, verdict);
        // Our webhook may have been away when the Job was made.
        take_out_strategy(&group.spec, verdict);
    }
    let is_exclusive = is_marked || annotations.at(OWN_EXCLUSIVE_TOPOLOGY).is_present();
    if is_exclusive || group.uses_tpus() {
        add_gate(&group.spec.at("schedulingGates"), verdict);
    }
}

/// JobSet's Pod controller takes followers whose selector isn't their leader's for a violation,
/// and in the middle of a release they differ. It looks at its own annotation only.
fn take_over(annotations: &Node<'_>, verdict: &mut Verdict) {
    let theirs = annotations.at(EXCLUSIVE_TOPOLOGY);
    let Some(key) = theirs.value() else {
        return;
    };
    verdict.patch.remove(theirs.path());
    if !annotations.at(OWN_EXCLUSIVE_TOPOLOGY).is_present() {
        let ours = [(OWN_EXCLUSIVE_TOPOLOGY, key)];
        verdict.patch.add_members(annotations, ours);
    }
}

fn add_gate(gates: &Node<'_>, verdict: &mut Verdict) {
    let is_ours = |gate: &Node<'_>| gate.at("name").text() == Some(PLACEMENT_GATE);
    if !gates.elements().iter().any(is_ours) {
        verdict
            .patch
            .append(gates, [json!({"name": PLACEMENT_GATE})]);
    }
}
