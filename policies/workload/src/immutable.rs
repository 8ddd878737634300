//! The part of a workload that can't change once it is stored.

use sdk::{Node, Operation, Review, Verdict};

use crate::workload::{Workload, WorkloadKind};

/// The old and the new immutable part of a JobSet (`spec.replicatedJobs`) or of a Job
/// (`spec.template`) under update.
#[derive(Debug, Clone)]
pub struct Immutable<'a> {
    /// As it is stored.
    pub old: Node<'a>,
    /// As the user sends it.
    pub new: Node<'a>,
    /// Whether the old or the new object is suspended: then part of the template may change.
    pub suspended: bool,
}

impl<'a> Immutable<'a> {
    /// The immutable part under review; none for creations and for kinds that may change.
    pub fn under_review(review: &'a Review) -> Option<Self> {
        if review.operation != Operation::Update {
            return None;
        }
        let new = Workload::under_review(review)?;
        let old = Workload::read(new.kind, review.old_object()?);
        let part = part_of(new.kind)?;
        Some(Self {
            old: old.root.at("spec").at(part),
            new: new.root.at("spec").at(part),
            suspended: old.is_suspended() || new.is_suspended(),
        })
    }

    /// Whether `path` leads into this part.
    pub fn contains(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.new.path());
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether the same stands at `path`, into this part, before and after. Absent and null are
    /// the same.
    pub fn is_unchanged(&self, path: &str) -> bool {
        let Some(below) = path.strip_prefix(self.new.path()) else {
            return false;
        };
        self.old.is_same_below(&self.new, below)
    }
}

fn part_of(kind: WorkloadKind) -> Option<&'static str> {
    match kind {
        WorkloadKind::JobSet => Some("replicatedJobs"),
        WorkloadKind::Job => Some("template"),
        WorkloadKind::Pod
        | WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::LeaderWorkerSet => None,
    }
}

/// Turns denials of immutable fields that did not change into warnings, so that objects from
/// before our installation can still be labelled.
pub fn soften(review: &Review, verdict: &mut Verdict) {
    if let Some(part) = Immutable::under_review(review) {
        verdict.soften(|path| part.contains(path) && part.is_unchanged(path));
    }
}
