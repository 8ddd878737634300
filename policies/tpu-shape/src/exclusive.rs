//! Exclusive placement that is asked for in a way that JobSet doesn't hear: TPU023.

use sdk::{Node, Verdict};
use workload::{
    EXCLUSIVE_TOPOLOGY, OWN_EXCLUSIVE_TOPOLOGY, PodGroup, Workload, WorkloadKind, is_label_key,
};

use crate::group::quoted;

/// Keys of others that look like JobSet's.
const RELATED: [&str; 3] = [
    OWN_EXCLUSIVE_TOPOLOGY,
    "leaderworkerset.sigs.k8s.io/exclusive-topology",
    "leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology",
];

/// How many letters a misspelling misses at most.
const MISSED_LETTERS: usize = 2;

/// Checks the annotations of a JobSet and of its templates.
pub(crate) fn check(workload: &Workload<'_>, verdict: &mut Verdict) {
    if workload.kind != WorkloadKind::JobSet {
        return;
    }
    let own = annotations(&workload.root.at("metadata"));
    check_annotations(&own, verdict);
    for group in &workload.groups {
        let job = group.job_metadata.as_ref().map(annotations);
        if let Some(job) = &job {
            check_annotations(job, verdict);
        }
        check_annotations(&annotations(&group.metadata), verdict);
        let heard = own.at(EXCLUSIVE_TOPOLOGY).is_present()
            || job.is_some_and(|job| job.at(EXCLUSIVE_TOPOLOGY).is_present());
        if !heard {
            check_place(group, verdict);
        }
    }
}

fn annotations<'a>(metadata: &Node<'a>) -> Node<'a> {
    metadata.at("annotations")
}

fn check_annotations(annotations: &Node<'_>, verdict: &mut Verdict) {
    check_value(&annotations.at(EXCLUSIVE_TOPOLOGY), verdict);
    for (key, node) in annotations.entries() {
        if is_typo(key) {
            let message = format!(
                "found {}, expected {EXCLUSIVE_TOPOLOGY}: JobSet ignores all other keys",
                quoted(key)
            );
            let fix = format!("rename the annotation to {EXCLUSIVE_TOPOLOGY}");
            verdict.warn("TPU023", node.path(), message, fix);
        }
    }
}

/// The value becomes the topology key of an affinity, and that must be a legal label key.
fn check_value(node: &Node<'_>, verdict: &mut Verdict) {
    if let Some(value) = node.text()
        && !is_label_key(value)
    {
        let message = format!(
            "found {}, expected a node label's key: JobSet's Pods would be refused",
            quoted(value)
        );
        let fix = format!("set {EXCLUSIVE_TOPOLOGY} to cloud.google.com/gke-nodepool");
        verdict.deny("TPU023", node.path(), message, fix);
    }
}

/// On the Pod template it works by accident, and not with JobSet's other strategy.
fn check_place(group: &PodGroup<'_>, verdict: &mut Verdict) {
    let node = group.annotation(EXCLUSIVE_TOPOLOGY);
    if node.is_present() {
        let message = format!(
            "found {EXCLUSIVE_TOPOLOGY} on the Pod template only, expected it on the JobSet or on \
             the Job template: here it is undocumented"
        );
        let fix = "move the annotation to the metadata of the JobSet";
        verdict.warn("TPU023", node.path(), message, fix);
    }
}

/// Whether `key` is meant to be JobSet's: its name under another prefix or in another spelling,
/// or at most two letters off. Most keys are of another length, and cost nothing.
fn is_typo(key: &str) -> bool {
    if key == EXCLUSIVE_TOPOLOGY || RELATED.contains(&key) {
        return false;
    }
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    let is_alike = key.len().abs_diff(EXCLUSIVE_TOPOLOGY.len()) <= MISSED_LETTERS
        && strsim::levenshtein(key, EXCLUSIVE_TOPOLOGY) <= MISSED_LETTERS;
    is_alike || is_spelled_alike(name)
}

/// Whether the letters of `name` are those of `exclusive-topology`.
fn is_spelled_alike(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters
        .map(|letter| letter.to_ascii_lowercase())
        .eq("exclusivetopology".chars())
}
