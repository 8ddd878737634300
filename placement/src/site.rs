//! Nodes and the Pods that are bound to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crew::Source;
use crate::node::Node;
use crate::pod::Pod;
use crate::resources::Resources;

/// All nodes, also those of which only Pods are known. Each keeps its place while it is here.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sites {
    places: Vec<Site>,
    by_name: BTreeMap<String, usize>,
    /// Places that can be used again.
    free: Vec<usize>,
}

/// A node, once it is known, and the Pods that are bound to it and not finished.
#[derive(Debug, Default, Clone)]
pub(crate) struct Site {
    pub(crate) node: Option<Arc<Node>>,
    /// By uid.
    tenants: BTreeMap<String, Tenant>,
    /// What they have together.
    pub(crate) used: Resources,
}

/// A Pod, and what makes it if it belongs to an exclusive group.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) pod: Arc<Pod>,
    pub(crate) source: Option<Arc<Source>>,
}

impl Sites {
    /// The node at a place.
    pub(crate) fn node(&self, at: usize) -> Option<&Node> {
        self.places.get(at)?.node.as_deref()
    }

    /// Nodes that are known with their places, in the order of their names.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (usize, &Node)> {
        let places = self.by_name.values();
        places.filter_map(|at| Some((*at, self.node(*at)?)))
    }

    /// What is at each place.
    pub(crate) fn places(&self) -> &[Site] {
        &self.places
    }

    /// Puts a node in its place; which, and what was known before.
    pub(crate) fn put(&mut self, node: Node) -> (usize, Option<Arc<Node>>) {
        let at = self.place(&node.name);
        let before = self.places[at].node.replace(Arc::new(node));
        (at, before)
    }

    /// Takes a node away; from where, and what was known of it.
    pub(crate) fn remove(&mut self, name: &str) -> Option<(usize, Arc<Node>)> {
        let at = *self.by_name.get(name)?;
        let before = self.places[at].node.take()?;
        self.free_if_empty(name, at);
        Some((at, before))
    }

    /// Notes that a Pod is bound to a node, known or not.
    pub(crate) fn enter(&mut self, node: &str, tenant: Tenant) {
        let at = self.place(node);
        self.places[at].enter(tenant);
    }

    pub(crate) fn leave(&mut self, node: &str, uid: &str) {
        if let Some(at) = self.by_name.get(node).copied() {
            self.places[at].leave(uid);
            self.free_if_empty(node, at);
        }
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(at) = self.by_name.get(name) {
            return *at;
        }
        let at = self.free.pop().unwrap_or_else(|| {
            self.places.push(Site::default());
            self.places.len() - 1
        });
        self.by_name.insert(name.to_owned(), at);
        at
    }

    fn free_if_empty(&mut self, name: &str, at: usize) {
        let site = &self.places[at];
        if site.node.is_none() && site.tenants.is_empty() {
            self.by_name.remove(name);
            self.free.push(at);
        }
    }
}

impl Site {
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values()
    }

    fn enter(&mut self, tenant: Tenant) {
        self.tenants
            .insert(tenant.pod.reference.uid.clone(), tenant);
        self.add_up();
    }

    fn leave(&mut self, uid: &str) {
        self.tenants.remove(uid);
        self.add_up();
    }

    fn add_up(&mut self) {
        let requests = self.tenants.values().map(|tenant| tenant.pod.requests);
        self.used = requests.fold(Resources::default(), Resources::plus);
    }
}

impl Tenant {
    /// Whether exclusive groups must keep away from it.
    pub(crate) fn concerned(&self) -> bool {
        self.source.is_some() || self.pod.wants_tpu()
    }
}
