//! The cluster as last seen.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::claim::Claim;
use crate::crew::{Crew, Source};
use crate::node::Node;
use crate::owner::{Job, Owner};
use crate::pod::Pod;
use crate::site::{Sites, Tenant};
use crate::topology::{Topologies, Topology};

/// The cluster as last seen.
///
/// A change costs the same however large the cluster is: the Pods are kept by node and by group,
/// and what is worked out of them (a group, the nodes of each domain) is remembered until
/// something changes of which it was made. What is decided depends on the objects alone, never
/// on how they came here.
///
/// It must be complete before anything is decided on it (each list answered once), and Leases
/// must be listed before Pods: then no claim can look empty because its Pods are not known yet.
#[derive(Debug, Default, Clone)]
pub struct View {
    /// Nodes with what is bound to them.
    pub(crate) sites: Sites,
    pub(crate) pods: HashMap<String, Arc<Pod>>,
    /// Pods of exclusive groups that are not finished, by what makes them.
    pub(crate) crews: BTreeMap<Arc<Source>, Crew>,
    /// Other Pods that wait at our gate, by what controls them and by uid.
    pub(crate) plain: BTreeMap<(String, String), Arc<Pod>>,
    /// Pods that the scheduler may bind and that ask for chips or want a domain.
    pub(crate) loose: BTreeMap<String, Tenant>,
    pub(crate) jobs: HashMap<String, Arc<Job>>,
    pub(crate) owners: HashMap<String, Arc<Owner>>,
    /// By the Lease's name.
    pub(crate) claims: BTreeMap<String, Claim>,
    pub(crate) topologies: Topologies,
}

impl View {
    /// Adds or replaces a node.
    pub fn put_node(&mut self, node: Node) {
        let (at, before) = self.sites.put(node);
        let before = before.as_deref();
        let same = |now: &Node| before.is_some_and(|before| before.labels == now.labels);
        if !self.sites.node(at).is_some_and(same) {
            self.topologies.change(at, before, &self.sites);
        }
    }

    /// Forgets a node.
    pub fn remove_node(&mut self, name: &str) {
        if let Some((at, before)) = self.sites.remove(name) {
            self.topologies.change(at, Some(&before), &self.sites);
        }
    }

    /// Adds or replaces a Pod.
    pub fn put_pod(&mut self, pod: Pod) {
        let uid = pod.reference.uid.clone();
        self.remove_pod(&uid);
        let pod = Arc::new(pod);
        self.pods.insert(uid.clone(), Arc::clone(&pod));
        if pod.finished {
            return;
        }
        let source = pod.exclusive.is_some().then(|| self.join_crew(&pod));
        if pod.waits_plainly() {
            self.plain.insert(plain_key(&pod), Arc::clone(&pod));
        }
        let tenant = Tenant { pod, source };
        if tenant.pod.loose() && tenant.concerned() {
            self.loose.insert(uid.clone(), tenant.clone());
        }
        if let Some(node) = tenant.pod.node.clone() {
            self.sites.enter(&node, tenant);
        }
    }

    /// Forgets a Pod.
    pub fn remove_pod(&mut self, uid: &str) {
        let Some(pod) = self.pods.remove(uid) else {
            return;
        };
        self.loose.remove(uid);
        self.plain.remove(&plain_key(&pod));
        if pod.exclusive.is_some() {
            self.leave_crew(&pod);
        }
        if let Some(node) = &pod.node {
            self.sites.leave(node, uid);
        }
    }

    /// Adds or replaces a Job.
    pub fn put_job(&mut self, job: Job) {
        self.forget_groups_of_job(&job.uid);
        self.jobs.insert(job.uid.clone(), Arc::new(job));
    }

    /// Forgets a Job.
    pub fn remove_job(&mut self, uid: &str) {
        self.forget_groups_of_job(uid);
        self.jobs.remove(uid);
    }

    /// Adds or replaces a JobSet, StatefulSet or LeaderWorkerSet.
    pub fn put_owner(&mut self, owner: Owner) {
        self.forget_groups_of(&owner);
        self.owners.insert(owner.uid.clone(), Arc::new(owner));
    }

    /// Forgets a JobSet, StatefulSet or LeaderWorkerSet.
    pub fn remove_owner(&mut self, uid: &str) {
        if let Some(owner) = self.owners.remove(uid) {
            self.forget_groups_of(&owner);
        }
    }

    /// Adds or replaces a claim, as its Lease was read.
    pub fn put_claim(&mut self, claim: Claim) {
        self.claims.insert(claim.lease_name(), claim);
    }

    /// Forgets the claim of this Lease.
    pub fn remove_claim(&mut self, lease_name: &str) {
        self.claims.remove(lease_name);
    }

    /// The domains of a topology key.
    pub(crate) fn topology(&self, key: &str) -> Arc<Topology> {
        self.topologies.of(key, &self.sites)
    }

    /// Enters a Pod where those of its maker are.
    fn join_crew(&mut self, pod: &Arc<Pod>) -> Arc<Source> {
        let source = Arc::new(Source::of(pod));
        let entry = self.crews.entry(source);
        let source = Arc::clone(entry.key());
        entry.or_default().enter(Arc::clone(pod));
        source
    }

    fn leave_crew(&mut self, pod: &Pod) {
        let source = Source::of(pod);
        if let Some(crew) = self.crews.get_mut(&source) {
            crew.leave(&pod.reference.uid);
            if crew.is_empty() {
                self.crews.remove(&source);
            }
        }
    }

    fn forget_groups_of_job(&mut self, uid: &str) {
        let from = Source::first_of(uid);
        let crews = self.crews.range_mut::<Source, _>(from..);
        let crews = crews.take_while(|(source, _)| source.maker == uid);
        crews.for_each(|(_, crew)| crew.forget_group());
    }

    fn forget_groups_of(&mut self, owner: &Owner) {
        let jobs = &self.jobs;
        for (source, crew) in &mut self.crews {
            let job = jobs
                .get(&source.maker)
                .and_then(|job| job.controller.as_ref());
            if source.may_be_of(owner) || job.is_some_and(|jobset| jobset.uid == owner.uid) {
                crew.forget_group();
            }
        }
    }
}

fn plain_key(pod: &Pod) -> (String, String) {
    let uid = &pod.reference.uid;
    let controller = pod.controller.as_ref().map_or(uid, |one| &one.uid);
    (controller.clone(), uid.clone())
}
