//! Exclusive placement that is asked for in a way that can't work, or that nobody hears.
//!
//! JobSet's own annotation (a value that is no label key, a misspelt key, the Pod template as its
//! place) is `tpu-shape`'s: TPU023. So are NonIndexed Jobs (TPU009) and JobSets that generate the
//! same Job names (TPU016).

mod heard;
mod jobsets;
mod ordered;

use sdk::{Node, Review, Verdict};
use workload::{OWN_EXCLUSIVE_TOPOLOGY, Workload, WorkloadKind, is_label_key};

use crate::codes::{DIFFERS, NO_LABEL_KEY};
use crate::settings::Settings;
use crate::stored::Stored;

/// The longest value that a message repeats, in characters.
const EXCERPT: usize = 40;

/// Checks a workload that nobody controls: what a controller made was said of the controller.
pub(crate) fn check(
    review: &Review,
    workload: &Workload<'_>,
    settings: &Settings,
    verdict: &mut Verdict,
) {
    if is_controlled(&workload.root) {
        return;
    }
    let stored = Stored::of(review);
    check_keys(workload, &stored, verdict);
    heard::check(workload, verdict);
    match workload.kind {
        WorkloadKind::JobSet => jobsets::check(workload, settings, verdict),
        WorkloadKind::StatefulSet => ordered::check_stateful_set(workload, &stored, verdict),
        WorkloadKind::LeaderWorkerSet => {
            ordered::check_leader_worker_set(workload, &stored, verdict);
        }
        WorkloadKind::Pod | WorkloadKind::Job | WorkloadKind::Deployment => {}
    }
}

/// Whether a controller made the object at `root`.
fn is_controlled(root: &Node<'_>) -> bool {
    let owners = root.at("metadata").at("ownerReferences").elements();
    owners
        .iter()
        .any(|owner| owner.at("controller").boolean() == Some(true))
}

/// Our annotation on the workload and its templates.
fn check_keys(workload: &Workload<'_>, stored: &Stored<'_>, verdict: &mut Verdict) {
    let own = workload.annotation(OWN_EXCLUSIVE_TOPOLOGY);
    check_key(&own, stored, verdict);
    if workload.kind == WorkloadKind::Pod {
        return;
    }
    for group in &workload.groups {
        let carried = group.annotation(OWN_EXCLUSIVE_TOPOLOGY);
        check_key(&carried, stored, verdict);
        if let (Some(key), Some(other)) = (own.text(), carried.text())
            && key != other
        {
            let message = format!(
                "found {} here and {} on the {}: the Pod template's counts",
                quoted(other),
                quoted(key),
                workload.kind.name()
            );
            let fix = match workload.kind {
                WorkloadKind::Job if stored.is_update() => format!(
                    "for {} delete the Job and apply it again: its template can't change",
                    quoted(key)
                ),
                _ => format!(
                    "set {OWN_EXCLUSIVE_TOPOLOGY} on the Pod template to {}, too",
                    quoted(key)
                ),
            };
            verdict.warn(DIFFERS, carried.path(), message, fix);
        }
    }
}

/// The value becomes a node selector's key.
fn check_key(node: &Node<'_>, stored: &Stored<'_>, verdict: &mut Verdict) {
    if let Some(value) = node.text()
        && !is_label_key(value)
    {
        let message = format!(
            "found {}, expected a node label's key: no node can carry it, and the Pods would wait \
             for ever",
            quoted(value)
        );
        let fix = format!("set {OWN_EXCLUSIVE_TOPOLOGY} to cloud.google.com/gke-nodepool");
        let severity = stored.severity(&[node]);
        verdict.find(severity, NO_LABEL_KEY, node.path(), message, fix);
    }
}

/// `text` in quotes, shortened.
fn quoted(text: &str) -> String {
    let mut excerpt: String = text.chars().take(EXCERPT).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    format!("{excerpt:?}")
}
