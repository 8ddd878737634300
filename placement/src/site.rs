//! A node and the Pods that are bound to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crew::Source;
use crate::node::Node;
use crate::pod::Pod;
use crate::resources::Resources;

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

impl Site {
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values()
    }

    pub(crate) fn enter(&mut self, tenant: Tenant) {
        self.tenants
            .insert(tenant.pod.reference.uid.clone(), tenant);
        self.add_up();
    }

    pub(crate) fn leave(&mut self, uid: &str) {
        self.tenants.remove(uid);
        self.add_up();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.node.is_none() && self.tenants.is_empty()
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
