//! What the author applied last, as `kubectl apply` writes it down on the client.

use sdk::Node;
use serde_json::Value;

/// The annotation of client-side `kubectl apply`: the manifest as JSON.
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The manifest that the object at `root` was last applied from; none where it was made another
/// way, or the annotation is not JSON.
pub(crate) fn of(root: &Node<'_>) -> Option<Value> {
    let text = root
        .at("metadata")
        .at("annotations")
        .at(ANNOTATION)
        .text()?;
    serde_json::from_str(text).ok()
}
