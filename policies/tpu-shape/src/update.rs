//! What an update may keep: what was wrong before never hinders a change of something else.

use sdk::{Operation, Review, Verdict};
use workload::{Workload, WorkloadKind};

/// Turns denials into warnings where an update did not cause them: all of them where it changes
/// labels and annotations only, and those of fields that stayed as they were in kinds whose
/// template can't change.
pub(crate) fn soften(review: &Review, workload: &Workload<'_>, verdict: &mut Verdict) {
    workload::soften(review, verdict);
    let Some(old) = review.old_object() else {
        return;
    };
    if review.operation != Operation::Update {
        return;
    }
    let new = &workload.root;
    let is_same_spec = new.at("spec").is_same(&old.at("spec"));
    let is_fixed = matches!(
        workload.kind,
        WorkloadKind::Pod | WorkloadKind::Job | WorkloadKind::JobSet
    );
    verdict.soften(|path| is_same_spec || (is_fixed && new.is_same_below(&old, path)));
}
