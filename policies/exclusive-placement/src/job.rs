//! Jobs: what JobSet's node-selector strategy adds to a marked one is taken out.

use sdk::{Node, Operation, Review, Verdict};
use workload::{NODE_SELECTOR_STRATEGY, PLACEMENT_MARK, Workload};

use crate::carry;

/// The node label that the strategy selects: `<namespace>_<job>`, which may be too long for a
/// label's value, and which no node carries.
const NAMESPACED_JOB: &str = "alpha.jobset.sigs.k8s.io/namespaced-job";
/// The taint that the strategy tolerates.
const NO_SCHEDULE: &str = "alpha.jobset.sigs.k8s.io/no-schedule";
/// The value of `managedBy` that means Kubernetes' own Job controller.
const JOB_CONTROLLER: &str = "kubernetes.io/job-controller";

/// Completes a Job.
pub(crate) fn review(review: &Review, workload: &Workload<'_>, verdict: &mut Verdict) {
    let manager = workload.root.at("spec").at("managedBy").text();
    if manager.is_some_and(|manager| manager != JOB_CONTROLLER) {
        return;
    }
    let is_new = review.operation == Operation::Create;
    if is_new && is_marked(&workload.root.at("metadata").at("annotations")) {
        for group in &workload.groups {
            take_out_strategy(&group.spec, verdict);
        }
    }
    carry::review(review, workload, verdict);
}

/// Whether JobSet leaves the placement of what has these annotations to us.
pub(crate) fn is_marked(annotations: &Node<'_>) -> bool {
    annotations.at(NODE_SELECTOR_STRATEGY).text() == Some(PLACEMENT_MARK)
}

/// Takes the strategy's selector and toleration out of a Pod's spec.
pub(crate) fn take_out_strategy(spec: &Node<'_>, verdict: &mut Verdict) {
    let selector = spec.at("nodeSelector").at(NAMESPACED_JOB);
    if selector.is_present() {
        verdict.patch.remove(selector.path());
    }
    let tolerations = spec.at("tolerations").elements();
    // The last first: what is removed moves what stands behind it.
    for toleration in tolerations.iter().rev() {
        if is_of_strategy(toleration) {
            verdict.patch.remove(toleration.path());
        }
    }
}

fn is_of_strategy(toleration: &Node<'_>) -> bool {
    let is = |member, text| toleration.at(member).text() == Some(text);
    is("key", NO_SCHEDULE) && is("operator", "Exists") && is("effect", "NoSchedule")
}
