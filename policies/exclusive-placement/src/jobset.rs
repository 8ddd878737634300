//! Exclusive JobSets are marked: JobSet's own switch, with our name as its value.
//!
//! JobSet copies the switch to Jobs and Pods, and its Pod webhooks step aside.

use sdk::{Node, Review, Verdict};
use workload::{
    EXCLUSIVE_TOPOLOGY, NODE_SELECTOR_STRATEGY, PLACEMENT_MARK, Workload, is_label_key,
};

use crate::settings::Settings;
use crate::stored::Stored;

/// The value of `managedBy` that means JobSet's own controller.
const JOBSET_CONTROLLER: &str = "jobset.sigs.k8s.io/jobset-controller";

/// A place where a JobSet can say that it is exclusive.
pub(crate) struct Level<'a> {
    /// Where the annotations stand.
    pub(crate) annotations: Node<'a>,
    /// Whether Pods below it request TPUs.
    pub(crate) uses_tpus: bool,
    /// Whether it can't change once it is stored.
    is_fixed: bool,
}

/// Marks every level that is exclusive and has no strategy of its own.
pub(crate) fn review(
    review: &Review,
    workload: &Workload<'_>,
    settings: &Settings,
    verdict: &mut Verdict,
) {
    if is_managed_elsewhere(workload) {
        return;
    }
    let stored = Stored::of(review);
    for level in levels(workload) {
        let has_strategy = level.annotations.at(NODE_SELECTOR_STRATEGY).is_present();
        if level.is_exclusive() && !has_strategy && level.may_be_marked(&stored, settings) {
            let mark = [(NODE_SELECTOR_STRATEGY, PLACEMENT_MARK.into())];
            verdict.patch.add_members(&level.annotations, mark);
        }
    }
}

/// Whether another controller than JobSet's own makes the Jobs.
pub(crate) fn is_managed_elsewhere(workload: &Workload<'_>) -> bool {
    let manager = workload.root.at("spec").at("managedBy").text();
    manager.is_some_and(|manager| manager != JOBSET_CONTROLLER)
}

/// The levels of a JobSet: itself, each Job template, and the Pod templates of those that are
/// exclusive nowhere above (JobSet's Pod webhooks look there too: facts of JobSet, undocumented).
pub(crate) fn levels<'a>(workload: &Workload<'a>) -> Vec<Level<'a>> {
    let own = Level {
        annotations: workload.root.at("metadata").at("annotations"),
        uses_tpus: workload.tpu_groups().next().is_some(),
        is_fixed: false,
    };
    let is_exclusive = own.asks();
    let mut levels = vec![own];
    for group in &workload.groups {
        let level = |metadata: &Node<'a>| Level {
            annotations: metadata.at("annotations"),
            uses_tpus: group.uses_tpus(),
            is_fixed: true,
        };
        let job = group.job_metadata.as_ref().map(level);
        let is_heard = is_exclusive || job.as_ref().is_some_and(Level::asks);
        levels.extend(job);
        if !is_heard {
            levels.push(level(&group.metadata));
        }
    }
    levels
}

impl Level<'_> {
    /// Whether it asks for exclusive placement, be it by a key that is none.
    pub(crate) fn asks(&self) -> bool {
        self.annotations.at(EXCLUSIVE_TOPOLOGY).is_present()
    }

    /// Whether it asks in a way that can be followed.
    pub(crate) fn is_exclusive(&self) -> bool {
        let key = self.annotations.at(EXCLUSIVE_TOPOLOGY).text();
        key.is_some_and(is_label_key)
    }

    /// What we marked stays marked. What was exclusive before without us stays JobSet's: its Jobs
    /// may have been placed by it.
    fn may_be_marked(&self, stored: &Stored<'_>, settings: &Settings) -> bool {
        let before = |key| stored.text(self.annotations.at(key).path());
        if before(NODE_SELECTOR_STRATEGY) == Some(PLACEMENT_MARK) {
            return true;
        }
        let is_new = before(EXCLUSIVE_TOPOLOGY).is_none();
        let can_change = !stored.is_update() || !self.is_fixed;
        is_new && can_change && self.uses_tpus && settings.old_job_set().is_none()
    }
}
