//! Which nodes share a label's value.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::fault::seeded;
use crate::node::Node;
use crate::site::Sites;

/// The domains of one topology key.
#[derive(Debug, Default, Clone)]
pub(crate) struct Topology {
    /// By the label's value.
    pub(crate) domains: BTreeMap<String, Plot>,
    /// The value of the label on each node that has it.
    pub(crate) values: HashMap<String, String>,
    /// Another one after every change.
    pub(crate) edition: Arc<()>,
}

/// The nodes of one domain.
#[derive(Debug, Default, Clone)]
pub(crate) struct Plot {
    /// Their places among all sites, in the order of their names.
    pub(crate) nodes: Vec<usize>,
    /// What they share, once somebody has asked.
    labels: OnceLock<Arc<BTreeMap<String, String>>>,
}

/// Topologies that were ever asked for.
#[derive(Debug, Default)]
pub(crate) struct Topologies(Mutex<HashMap<String, Arc<Topology>>>);

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

impl Topologies {
    /// The domains of a key.
    pub(crate) fn of(&self, key: &str, sites: &Sites) -> Arc<Topology> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topology) = known.get(key) {
            return Arc::clone(topology);
        }
        let mut topology = Topology::default();
        for (at, node) in sites.nodes() {
            topology.enter(key, at, node, sites);
        }
        let topology = Arc::new(topology);
        // Keys that no node has are not kept: anybody may write any key on a Pod.
        if !topology.values.is_empty() {
            known.insert(key.to_owned(), Arc::clone(&topology));
        }
        topology
    }

    /// Notes that the node at a site is another now, or has other labels.
    pub(crate) fn change(&mut self, at: usize, before: Option<&Node>, sites: &Sites) {
        if seeded!(RemembersDomains) {
            return;
        }
        let known = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (key, topology) in known.iter_mut() {
            let topology = Arc::make_mut(topology);
            if let Some(before) = before {
                topology.leave(key, at, before);
            }
            if let Some(node) = sites.node(at) {
                topology.enter(key, at, node, sites);
            }
        }
        known.retain(|_, topology| !topology.values.is_empty());
    }
}

impl Topology {
    fn enter(&mut self, key: &str, at: usize, node: &Node, sites: &Sites) {
        let Some(value) = node.labels.get(key) else {
            return;
        };
        let plot = self.domains.entry(value.clone()).or_default();
        let name = |at: &usize| sites.node(*at).map(|node| node.name.as_str());
        let place = plot.nodes.partition_point(|at| name(at) < Some(&node.name));
        plot.nodes.insert(place, at);
        plot.labels = OnceLock::new();
        self.values.insert(node.name.clone(), value.clone());
        self.edition = Arc::default();
    }

    fn leave(&mut self, key: &str, at: usize, node: &Node) {
        let Some(value) = node.labels.get(key) else {
            return;
        };
        if let Some(plot) = self.domains.get_mut(value) {
            plot.nodes.retain(|here| *here != at);
            plot.labels = OnceLock::new();
            if plot.nodes.is_empty() {
                self.domains.remove(value);
            }
        }
        self.values.remove(&node.name);
        self.edition = Arc::default();
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
