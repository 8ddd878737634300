//! The cluster as last seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::claim::Claim;
use crate::node::Node;
use crate::owner::{Job, Owner};
use crate::pod::Pod;

/// The cluster as last seen. Every change costs the same however large the cluster is.
///
/// It must be complete before anything is decided on it (each list answered once), and Leases
/// must be listed before Pods: then no claim can look empty because its Pods are not known yet.
#[derive(Debug, Default, Clone)]
pub struct View {
    pub(crate) nodes: BTreeMap<String, Arc<Node>>,
    pub(crate) pods: HashMap<String, Arc<Pod>>,
    /// Pods that are bound and not finished, by node, whether the node is known or not.
    pub(crate) bound: HashMap<String, BTreeSet<String>>,
    /// Pods that are not finished and ask for chips, wait at our gate or want a domain.
    pub(crate) concerned: BTreeSet<String>,
    pub(crate) jobs: HashMap<String, Arc<Job>>,
    pub(crate) owners: HashMap<String, Arc<Owner>>,
    /// By the Lease's name.
    pub(crate) claims: BTreeMap<String, Claim>,
}

impl View {
    /// Adds or replaces a node.
    pub fn put_node(&mut self, node: Node) {
        self.nodes.insert(node.name.clone(), Arc::new(node));
    }

    /// Forgets a node.
    pub fn remove_node(&mut self, name: &str) {
        self.nodes.remove(name);
    }

    /// Adds or replaces a Pod.
    pub fn put_pod(&mut self, pod: Pod) {
        let uid = pod.reference.uid.clone();
        self.remove_pod(&uid);
        if let (Some(node), false) = (&pod.node, pod.finished) {
            self.bound
                .entry(node.clone())
                .or_default()
                .insert(uid.clone());
        }
        if !pod.finished && (pod.wants_tpu() || pod.gated() || pod.exclusive.is_some()) {
            self.concerned.insert(uid.clone());
        }
        self.pods.insert(uid, Arc::new(pod));
    }

    /// Forgets a Pod.
    pub fn remove_pod(&mut self, uid: &str) {
        let Some(pod) = self.pods.remove(uid) else {
            return;
        };
        self.concerned.remove(uid);
        let Some(node) = &pod.node else { return };
        if let Some(pods) = self.bound.get_mut(node) {
            pods.remove(uid);
            if pods.is_empty() {
                self.bound.remove(node);
            }
        }
    }

    /// Adds or replaces a Job.
    pub fn put_job(&mut self, job: Job) {
        self.jobs.insert(job.uid.clone(), Arc::new(job));
    }

    /// Forgets a Job.
    pub fn remove_job(&mut self, uid: &str) {
        self.jobs.remove(uid);
    }

    /// Adds or replaces a JobSet, StatefulSet or LeaderWorkerSet.
    pub fn put_owner(&mut self, owner: Owner) {
        self.owners.insert(owner.uid.clone(), Arc::new(owner));
    }

    /// Forgets a JobSet, StatefulSet or LeaderWorkerSet.
    pub fn remove_owner(&mut self, uid: &str) {
        self.owners.remove(uid);
    }

    /// Adds or replaces a claim, as its Lease was read.
    pub fn put_claim(&mut self, claim: Claim) {
        self.claims.insert(claim.lease_name(), claim);
    }

    /// Forgets the claim of this Lease.
    pub fn remove_claim(&mut self, lease_name: &str) {
        self.claims.remove(lease_name);
    }
}
