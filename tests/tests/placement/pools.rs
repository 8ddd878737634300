//! Node pools of a test's own, and JobSets that can land only there.

use std::time::Duration;

use sax_tests::controlplane::pools::{Pool, node_list};
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use super::cluster::{Turn, jobset};

/// Two v4 VMs of four chips. No other test of this program uses this shape.
pub(crate) const SHAPE: (&str, &str) = ("tpu-v4-podslice", "2x2x2");
/// The VMs of a slice of that shape.
pub(crate) const VMS: usize = 2;

/// A node label that only nodes of these tests have: its value names a set of pools.
const SET: &str = "tests.kubectl-sax.dev/set";

/// For new nodes to be Ready.
const READY: Duration = Duration::from_secs(60);

/// The nodes of a test's own; they go when this does.
pub(crate) struct Nodes<'a> {
    turn: &'a Turn,
}

/// The nodes of a pool `name` in `set`, named `<name>-<index>`.
pub(crate) fn pool(set: &str, name: &str, nodes: u32) -> Vec<Value> {
    let pool = Pool::tpu(name, SHAPE.0, SHAPE.1, nodes, 4);
    let mut list = node_list(&[pool]);
    let nodes = list["items"].as_array_mut().expect("must be a list");
    for node in nodes.iter_mut() {
        node["metadata"]["labels"][SET] = json!(set);
    }
    std::mem::take(nodes)
}

/// A JobSet of `slices` slices, each on a pool of its own within `set`.
pub(crate) fn within(set: &str, name: &str, slices: u32) -> Value {
    let mut jobset = jobset(name, slices, VMS, SHAPE);
    pod_spec(&mut jobset)["nodeSelector"][SET] = json!(set);
    jobset
}

/// A Pod that asks for all chips of one VM of `set`; nothing controls it.
pub(crate) fn plain_pod(set: &str, name: &str) -> Value {
    let mut jobset = within(set, "any", 1);
    let mut spec = pod_spec(&mut jobset).take();
    spec["tolerations"] = json!([{"operator": "Exists"}]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
}

/// The spec of a JobSet's one Pod template.
pub(crate) fn pod_spec(jobset: &mut Value) -> &mut Value {
    &mut jobset["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
}

/// Many objects as one.
pub(crate) fn list(items: Vec<Value>) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

impl<'a> Nodes<'a> {
    /// None yet.
    pub(crate) fn none(turn: &'a Turn) -> Self {
        Self { turn }
    }

    /// Creates nodes and waits until the scheduler may use them, but for those that are cordoned.
    pub(crate) fn create(turn: &'a Turn, nodes: Vec<Value>) -> Self {
        let own = Self::none(turn);
        let count = nodes.len();
        own.add(nodes);
        let ready = until("new nodes to be Ready", READY, || {
            let nodes = turn.cluster.kubectl().list(&["nodes", "-l", SET])?;
            let ready = nodes.iter().filter(|node| is_usable(node)).count();
            Ok(match (nodes.len(), ready) == (count, count) {
                true => Look::Ready(()),
                false => Look::Waiting(format!("{ready} of {count} are")),
            })
        });
        ready.unwrap_or_else(|error| panic!("{error:#}"));
        own
    }

    /// Creates more nodes, in this order, and doesn't wait for them.
    pub(crate) fn add(&self, nodes: Vec<Value>) {
        let kubectl = self.turn.cluster.kubectl();
        kubectl
            .run_with(&["create", "-f", "-"], &list(nodes))
            .unwrap_or_else(|error| panic!("{error:#}"));
    }
}

impl Drop for Nodes<'_> {
    fn drop(&mut self) {
        let kubectl = self.turn.cluster.kubectl();
        if let Err(error) = kubectl.run(&["delete", "nodes", "-l", SET, "--wait=false"]) {
            xtask::progress::say(&format!("{error:#}"));
        }
    }
}

/// Ready, and without the taints of a node that has just come.
fn is_usable(node: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is_ready = list(&node["status"]["conditions"])
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    let is_new = list(&node["spec"]["taints"])
        .iter()
        .any(|taint| taint["key"] == "node.kubernetes.io/not-ready");
    is_ready && !is_new
}
