//! Jobs, StatefulSets and LeaderWorkerSets that ask for exclusive placement themselves: their Pods
//! have to say it, so their templates get the annotation.

use sdk::{Review, Verdict};
use workload::{OWN_EXCLUSIVE_TOPOLOGY, PodGroup, Workload, WorkloadKind, is_label_key};

use crate::stored::Stored;

/// Carries the workload's annotation onto its Pod templates.
pub(crate) fn review(review: &Review, workload: &Workload<'_>, verdict: &mut Verdict) {
    let own = workload.annotation(OWN_EXCLUSIVE_TOPOLOGY);
    let Some(key) = own.text().filter(|key| is_label_key(key)) else {
        return;
    };
    let stored = Stored::of(review);
    let was_asked = stored.text(own.path()).is_some();
    for group in carriers(workload) {
        let carried = group.annotation(OWN_EXCLUSIVE_TOPOLOGY);
        let was_carried = stored.text(carried.path()).is_some();
        // A template from before us stays as it is: only to label the workload must not start
        // its Pods anew.
        let may_be_added = match workload.kind {
            _ if !stored.is_update() => true,
            WorkloadKind::Job => was_carried,
            _ => was_carried || !was_asked,
        };
        if !carried.is_present() && may_be_added {
            let annotations = group.metadata.at("annotations");
            let members = [(OWN_EXCLUSIVE_TOPOLOGY, key.into())];
            verdict.patch.add_members(&annotations, members);
        }
    }
}

/// The templates whose Pods the workload's annotation is about: those that request TPUs (the
/// leader of a LeaderWorkerSet may need none, and then fits no TPU node pool), or all.
pub(crate) fn carriers<'w, 'a>(workload: &'w Workload<'a>) -> Vec<&'w PodGroup<'a>> {
    let with_tpus: Vec<&PodGroup<'a>> = workload.tpu_groups().collect();
    match with_tpus.is_empty() {
        true => workload.groups.iter().collect(),
        false => with_tpus,
    }
}
