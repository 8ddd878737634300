//! Which nodes share a label's value.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::node::Node;

/// The domains of one topology key.
#[derive(Debug, Default)]
pub(crate) struct Topology {
    /// By the label's value.
    pub(crate) domains: BTreeMap<String, Plot>,
    /// The value of the label on each node that has it.
    pub(crate) values: HashMap<String, String>,
}

/// The nodes of one domain.
#[derive(Debug, Default)]
pub(crate) struct Plot {
    /// Their places among all nodes, which stand in the order of their names.
    pub(crate) nodes: Vec<usize>,
    /// What they share, once somebody has asked.
    labels: OnceLock<Arc<BTreeMap<String, String>>>,
}

/// Of a domain without nodes.
pub(crate) static NOWHERE: Plot = Plot {
    nodes: Vec::new(),
    labels: OnceLock::new(),
};

impl Plot {
    /// Labels that all of its nodes share; `nodes` are those.
    pub(crate) fn labels<'n>(
        &self,
        nodes: impl Iterator<Item = &'n Node>,
    ) -> &Arc<BTreeMap<String, String>> {
        self.labels.get_or_init(|| Arc::new(common(nodes)))
    }
}

/// Topologies that were asked for since a node last came, went or got other labels.
#[derive(Debug, Default)]
pub(crate) struct Topologies(Mutex<HashMap<String, Arc<Topology>>>);

impl Topologies {
    /// The domains of a key.
    pub(crate) fn of<'a>(&self, key: &str, nodes: impl Iterator<Item = &'a Node>) -> Arc<Topology> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topology) = known.get(key) {
            return Arc::clone(topology);
        }
        let topology = Arc::new(by_value(key, nodes));
        // Keys that no node has are not kept: anybody may write any key on a Pod.
        if !topology.values.is_empty() {
            known.insert(key.to_owned(), Arc::clone(&topology));
        }
        topology
    }

    pub(crate) fn forget(&mut self) {
        self.0
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// A copy of a view is asked the same again.
impl Clone for Topologies {
    fn clone(&self) -> Self {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self(Mutex::new(known.clone()))
    }
}

fn common<'n>(mut nodes: impl Iterator<Item = &'n Node>) -> BTreeMap<String, String> {
    let first = nodes.next().map(|node| node.labels.clone());
    let mut common = first.unwrap_or_default();
    for node in nodes {
        common.retain(|key, value| node.labels.get(key) == Some(value));
    }
    common
}

fn by_value<'a>(key: &str, nodes: impl Iterator<Item = &'a Node>) -> Topology {
    let mut topology = Topology::default();
    for (at, node) in nodes.enumerate() {
        if let Some(value) = node.labels.get(key) {
            let plot = topology.domains.entry(value.clone()).or_default();
            plot.nodes.push(at);
            topology.values.insert(node.name.clone(), value.clone());
        }
    }
    topology
}
