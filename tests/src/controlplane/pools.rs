//! Node pools as data, and the Node objects that stand for them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

/// What a simulated VM offers besides its chips: enough that only chips decide.
const CPU: &str = "96";
const MEMORY: &str = "192Gi";

/// The kubelet's own default of Pods on a node.
const PODS: &str = "110";

/// One GKE node pool of TPU VMs, or of plain VMs when it names no accelerator.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// The value of `cloud.google.com/gke-nodepool`, and the start of its nodes' names.
    pub name: String,
    /// The value of `cloud.google.com/gke-tpu-accelerator`.
    #[serde(default, deserialize_with = "non_empty")]
    pub accelerator: Option<String>,
    /// The value of `cloud.google.com/gke-tpu-topology`.
    #[serde(default, deserialize_with = "non_empty")]
    pub topology: Option<String>,
    /// How many nodes (VMs).
    pub nodes: u32,
    /// Chips on each node.
    #[serde(default)]
    pub chips: u32,
}

impl Pool {
    /// A pool of TPU VMs.
    #[must_use]
    pub fn tpu(name: &str, accelerator: &str, topology: &str, nodes: u32, chips: u32) -> Self {
        Self {
            name: name.to_owned(),
            accelerator: Some(accelerator.to_owned()),
            topology: Some(topology.to_owned()),
            nodes,
            chips,
        }
    }

    /// A pool without chips.
    #[must_use]
    pub fn cpu(name: &str, nodes: u32) -> Self {
        Self {
            name: name.to_owned(),
            accelerator: None,
            topology: None,
            nodes,
            chips: 0,
        }
    }

    fn labels(&self, node: &str) -> Value {
        let mut labels = Map::from_iter([
            ("kubernetes.io/hostname".to_owned(), json!(node)),
            ("kubernetes.io/os".to_owned(), json!("linux")),
            ("kubernetes.io/arch".to_owned(), json!("amd64")),
            ("cloud.google.com/gke-nodepool".to_owned(), json!(self.name)),
        ]);
        if let (Some(accelerator), Some(topology)) = (&self.accelerator, &self.topology) {
            labels.insert(
                "cloud.google.com/gke-tpu-accelerator".to_owned(),
                json!(accelerator),
            );
            labels.insert(
                "cloud.google.com/gke-tpu-topology".to_owned(),
                json!(topology),
            );
            labels.insert(
                "cloud.google.com/gke-accelerator-count".to_owned(),
                json!(self.chips.to_string()),
            );
        }
        Value::Object(labels)
    }

    /// `serial` counts the cluster's nodes: each has an address of its own.
    fn node(&self, index: u32, serial: u32) -> Value {
        let name = format!("{}-{index}", self.name);
        let mut resources = json!({"cpu": CPU, "memory": MEMORY, "pods": PODS});
        let mut spec = json!({});
        if self.chips > 0 {
            resources["google.com/tpu"] = json!(self.chips.to_string());
            // GKE taints TPU nodes so that only Pods that ask for chips land there.
            spec["taints"] =
                json!([{"key": "google.com/tpu", "value": "present", "effect": "NoSchedule"}]);
        }
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": self.labels(&name),
                // kwok plays the kubelet of nodes with this annotation.
                "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            },
            "spec": spec,
            "status": {
                "capacity": resources,
                "allocatable": resources,
                "addresses": addresses(&name, serial),
            },
        })
    }
}

/// Two pools for the tutorial's two slices (v5e 4x8 is eight VMs of four chips), and CPU nodes
/// for the rest.
#[must_use]
pub fn default_pools() -> Vec<Pool> {
    let slice = |name| Pool::tpu(name, "tpu-v5-lite-podslice", "4x8", 8, 4);
    vec![slice("tpu1"), slice("tpu2"), cpu_pool()]
}

/// Reads the JSON list of a pools file. Four CPU nodes are added where it has none, because the
/// admin server and other plain Pods must run somewhere.
///
/// # Errors
/// When the file can't be read or says something impossible; the message names the pool.
pub fn read_pools(file: &Path) -> Result<Vec<Pool>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("read pools file {}", file.display()))?;
    parse_pools(&text).with_context(|| format!("pools file {}", file.display()))
}

/// All Node objects as one List.
#[must_use]
pub fn node_list(pools: &[Pool]) -> Value {
    let each = pools
        .iter()
        .flat_map(|pool| (0..pool.nodes).map(move |index| (pool, index)));
    let nodes: Vec<Value> = (0..)
        .zip(each)
        .map(|(serial, (pool, index))| pool.node(index, serial))
        .collect();
    json!({"apiVersion": "v1", "kind": "List", "items": nodes})
}

/// The internal address is the Pods' on the node's network, which nobody can reach but all must
/// tell apart; the external one is where kwok plays the node's kubelet for the API server.
fn addresses(name: &str, serial: u32) -> Value {
    let [_, high, middle, low] = (serial + 2).to_be_bytes();
    json!([
        {"type": "Hostname", "address": name},
        {"type": "InternalIP", "address": format!("10.{}.{middle}.{low}", 128 + high % 64)},
        {"type": "ExternalIP", "address": "127.0.0.1"},
    ])
}

/// An empty text says "none", as null and a missing member do.
fn non_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|text: &String| !text.is_empty()))
}

fn cpu_pool() -> Pool {
    Pool::cpu("cpu", 4)
}

fn parse_pools(text: &str) -> Result<Vec<Pool>> {
    let mut pools: Vec<Pool> = serde_json::from_str(text)?;
    for (index, pool) in pools.iter().enumerate() {
        ensure!(!pool.name.is_empty(), "pool {index} has no name");
        ensure!(
            !pools[..index].iter().any(|other| other.name == pool.name),
            "pool {} stands twice",
            pool.name
        );
        let tpu = (
            pool.accelerator.is_some(),
            pool.topology.is_some(),
            pool.chips > 0,
        );
        ensure!(
            matches!(tpu, (true, true, true) | (false, false, false)),
            "pool {} needs accelerator, topology and chips, or none of them",
            pool.name
        );
    }
    if pools.iter().all(|pool| pool.chips > 0) {
        pools.push(cpu_pool());
    }
    Ok(pools)
}

#[cfg(test)]
mod tests {
    use super::{default_pools, node_list, parse_pools};

    #[test]
    fn the_default_pools_hold_two_v5e_slices_and_four_cpu_nodes() {
        let nodes = node_list(&default_pools());
        let nodes = nodes["items"].as_array().expect("must be a list");
        assert_eq!(nodes.len(), 8 + 8 + 4);
        let node = &nodes[8];
        assert_eq!(
            node["metadata"]["labels"]["cloud.google.com/gke-nodepool"],
            "tpu2"
        );
        assert_eq!(
            node["metadata"]["labels"]["cloud.google.com/gke-accelerator-count"],
            "4"
        );
        assert_eq!(node["status"]["allocatable"]["google.com/tpu"], "4");
        assert_eq!(node["spec"]["taints"][0]["key"], "google.com/tpu");
    }

    #[test]
    fn a_pools_file_without_cpu_nodes_gets_four() {
        let text =
            r#"[{"name":"a","accelerator":"tpu-v6e-slice","topology":"4x4","nodes":4,"chips":4}]"#;
        let pools = parse_pools(text).expect("must parse");
        assert_eq!(pools.len(), 2);
        assert_eq!((pools[1].name.as_str(), pools[1].nodes), ("cpu", 4));
    }

    #[test]
    fn a_pool_with_half_a_shape_is_refused_by_name() {
        let error =
            parse_pools(r#"[{"name":"a","topology":"4x4","nodes":4}]"#).expect_err("must fail");
        assert!(
            error.to_string().contains("pool a needs accelerator"),
            "{error}"
        );
    }
}
