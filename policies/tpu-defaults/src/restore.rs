//! An update of a JobSet or Job, whose template can't change: what the new object doesn't mention
//! is restored from the old one, and what it says differently is named.
//!
//! ```text
//!   stored ─┐        ┌─► absent: added from the stored one
//!           ├─ walk ─┼─► the same quantity in other words: the stored spelling
//!   sent   ─┘        └─► another value: a finding at exactly that field
//! ```
//!
//! Client-side apply sends a list of a custom resource whole, without what JobSet and we filled
//! in, and server-side apply replaces an atomic map whole: without the restore, the author's own
//! manifest could not be applied twice.

mod apply;
mod difference;
mod keys;
mod same;
mod walk;

use sdk::{Document, Node, Review, Severity, Verdict};
use serde_json::Value;
use workload::{Immutable, Workload};

use crate::codes::{IMMUTABLE_CHANGED, IMMUTABLE_REMOVED};
use crate::last_applied;
use difference::Difference;
use walk::Walk;

/// The label that says which tool made an object.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Its value on what `kubectl sax deploy` made.
const PLUGIN: &str = "kubectl-sax";
/// The label that carries the name of a deployment.
const INSTANCE: &str = "app.kubernetes.io/instance";

/// What came of comparing the old object with the new one.
pub(crate) struct Restored {
    /// The new object with the patch applied; none where nothing had to be restored.
    pub(crate) object: Option<Document>,
    differences: Vec<Difference>,
}

/// Restores in `verdict.patch` what the new object lacks.
pub(crate) fn restore(
    review: &Review,
    workload: &Workload<'_>,
    part: &Immutable<'_>,
    verdict: &mut Verdict,
) -> Restored {
    let mut walk = Walk::new(part.new.path(), workload.kind, part.suspended);
    match (part.old.value(), part.new.value()) {
        (Some(old), Some(new)) => {
            let applied = AppliedPair::read(review, workload);
            walk.value(part.new.path(), &old, &new, applied.at(part.new.path()));
        }
        (Some(old), None) => walk.patch.add_missing(&part.new, old),
        (None, _) => {}
    }
    let object = (!walk.patch.is_empty()).then(|| {
        let mut object = workload.root.value().unwrap_or_default();
        apply::apply(walk.patch.operations(), &mut object);
        Document::from(&object)
    });
    verdict.patch = walk.patch;
    Restored {
        object,
        differences: walk.differences,
    }
}

impl Restored {
    /// Notes what the new object says differently.
    pub(crate) fn report(&self, workload: &Workload<'_>, verdict: &mut Verdict) {
        for difference in &self.differences {
            let (severity, code) = match difference {
                Difference::Removed { .. } => (Severity::Warn, IMMUTABLE_REMOVED),
                _ => (Severity::Deny, IMMUTABLE_CHANGED),
            };
            let message = difference.explain(workload.kind);
            let fix = way_out(workload);
            verdict.find(severity, code, difference.path(), message, fix);
        }
    }
}

/// Only what `kubectl sax deploy` made can be made again by it, under the name that it was given
/// there: the object's own name is another.
fn way_out(workload: &Workload<'_>) -> String {
    let kind = workload.kind.name();
    let again = format!("delete the {kind} and apply it again");
    match deployment(workload) {
        Some(name) => format!("run kubectl sax deploy {name} again with --replace, or {again}"),
        None => again,
    }
}

/// The name that `kubectl sax deploy` was given, where it made the object.
fn deployment<'a>(workload: &Workload<'a>) -> Option<&'a str> {
    let labels = workload.root.at("metadata").at("labels");
    // A label of another type is the API server's business.
    let label = |key| Some(labels.at(key)).filter(Node::is_text)?.text();
    label(MANAGED_BY)
        .filter(|manager| *manager == PLUGIN)
        .and_then(|_| label(INSTANCE))
}

/// What the author applied before and now, where both are known.
struct AppliedPair(Option<(Value, Value)>);

impl AppliedPair {
    fn read(review: &Review, workload: &Workload<'_>) -> Self {
        let before = review.old_object().and_then(|old| last_applied::of(&old));
        Self(before.zip(last_applied::of(&workload.root)))
    }

    fn at(&self, path: &str) -> Option<(&Value, &Value)> {
        let (before, now) = self.0.as_ref()?;
        before.pointer(path).zip(now.pointer(path))
    }
}
