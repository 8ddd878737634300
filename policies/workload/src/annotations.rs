//! Annotations and labels that users write, ours and those of others that we honour.

use sdk::Node;

/// Ours: the slice of a workload, such as `v5e:4x8`.
pub const SLICE: &str = "kubectl-sax.dev/slice";
/// Ours: `serving`, `multislice` or `off`.
pub const MEGASCALE: &str = "kubectl-sax.dev/megascale";
/// Ours: the Sax model class that has to fit the slice.
pub const MODEL: &str = "kubectl-sax.dev/model";
/// JobSet's: the node label whose value names the domain of a Job.
pub const EXCLUSIVE_TOPOLOGY: &str = "alpha.jobset.sigs.k8s.io/exclusive-topology";
/// Ours, for what is no JobSet, and on every Pod that we place: the node label whose value names
/// the domain of its group.
pub const OWN_EXCLUSIVE_TOPOLOGY: &str = "kubectl-sax.dev/exclusive-topology";
/// JobSet's: beside [`EXCLUSIVE_TOPOLOGY`] it says that somebody else places the Pods. JobSet
/// looks at its presence only.
pub const NODE_SELECTOR_STRATEGY: &str = "alpha.jobset.sigs.k8s.io/node-selector";
/// Our value of [`NODE_SELECTOR_STRATEGY`]: we place the Pods.
pub const PLACEMENT_MARK: &str = "kubectl-sax.dev";
/// The scheduling gate of Pods that wait for our placement.
pub const PLACEMENT_GATE: &str = "kubectl-sax.dev/placement";
/// Kueue's label: the flavour of this queue brings the selectors later.
pub const KUEUE_QUEUE: &str = "kueue.x-k8s.io/queue-name";

/// The annotation `key` in the object metadata at `metadata`.
pub(crate) fn annotation<'a>(metadata: &Node<'a>, key: &str) -> Node<'a> {
    metadata.at("annotations").at(key)
}
