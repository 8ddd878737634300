//! A model of the API server's store: versions, preconditions, create-only Leases, and a log of
//! every change, which is what watches are.

use std::collections::BTreeMap;

use crate::{Action, Claim, Job, LeaseVersion, Node, Owner, Pod, PodRef, Time, View};

/// Everything that is stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) pods: BTreeMap<String, Pod>,
    pub(super) jobs: BTreeMap<String, Job>,
    pub(super) owners: BTreeMap<String, Owner>,
    pub(super) leases: BTreeMap<String, Claim>,
    pub(super) now: Time,
    pub(super) log: Vec<Change>,
    pub(super) version: u64,
}

/// One event of a watch.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Node(Node),
    NoNode(String),
    Pod(Box<Pod>),
    NoPod(String),
    Job(Job),
    NoJob(String),
    Owner(Owner),
    NoOwner(String),
    Lease(Claim),
    NoLease(String),
}

/// Why a write was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Exists,
    Conflict,
    NotFound,
}

impl Store {
    pub(super) fn put_node(&mut self, node: Node) {
        self.nodes.insert(node.name.clone(), node.clone());
        self.log.push(Change::Node(node));
    }

    pub(super) fn remove_node(&mut self, name: &str) {
        self.nodes.remove(name);
        self.log.push(Change::NoNode(name.to_owned()));
    }

    /// Writes a Pod in a new version.
    pub(super) fn put_pod(&mut self, mut pod: Pod) {
        self.version += 1;
        pod.reference.resource_version = self.version.to_string();
        self.pods.insert(pod.reference.uid.clone(), pod.clone());
        self.log.push(Change::Pod(Box::new(pod)));
    }

    pub(super) fn remove_pod(&mut self, uid: &str) {
        self.pods.remove(uid);
        self.log.push(Change::NoPod(uid.to_owned()));
    }

    pub(super) fn put_job(&mut self, job: Job) {
        self.jobs.insert(job.uid.clone(), job.clone());
        self.log.push(Change::Job(job));
    }

    pub(super) fn remove_job(&mut self, uid: &str) {
        self.jobs.remove(uid);
        self.log.push(Change::NoJob(uid.to_owned()));
    }

    pub(super) fn put_owner(&mut self, owner: Owner) {
        self.owners.insert(owner.uid.clone(), owner.clone());
        self.log.push(Change::Owner(owner));
    }

    pub(super) fn remove_owner(&mut self, uid: &str) {
        self.owners.remove(uid);
        self.log.push(Change::NoOwner(uid.to_owned()));
    }

    /// Carries an action out as the API server would.
    pub(super) fn carry_out(&mut self, action: &Action) -> Result<(), Refused> {
        match action {
            Action::Claim(claim) => self.create(claim),
            Action::Keep(claim) => self.update(claim),
            Action::Unclaim(claim) => self.delete(claim),
            Action::Fence(fence) => {
                let mut pod = self.exact(&fence.pod)?;
                pod.fence = Some(fence.claim.clone());
                self.put_pod(pod);
                Ok(())
            }
            Action::Release(release) => {
                let mut pod = self.exact(&release.pod)?;
                pod.gates.retain(|gate| gate != crate::GATE);
                if let Some(domain) = &release.selector {
                    let selector = &mut pod.constraints.selector;
                    selector.insert(domain.key.clone(), domain.value.clone());
                }
                if release.exclude.is_some() {
                    let mut json = super::make::pod_json("x", "x", &serde_json::Value::Null);
                    json["spec"]["affinity"] = release.patch()["spec"]["affinity"].clone();
                    let patched = Pod::read(&json).expect("a patched Pod");
                    pod.constraints.affinity = patched.constraints.affinity;
                }
                if release.fenced {
                    pod.fence = None;
                }
                self.put_pod(pod);
                Ok(())
            }
            Action::Restart { pod, .. } => {
                let mut pod = self.exact(pod)?;
                pod.deleting = true;
                self.put_pod(pod);
                Ok(())
            }
        }
    }

    fn create(&mut self, claim: &Claim) -> Result<(), Refused> {
        if self.leases.contains_key(&claim.lease_name()) {
            return Err(Refused::Exists);
        }
        self.version += 1;
        // The API server keeps whole seconds.
        let created = Time(self.now.0 / 1000 * 1000);
        self.put_lease(claim, format!("lease-{}", self.version), created);
        Ok(())
    }

    fn update(&mut self, claim: &Claim) -> Result<(), Refused> {
        let stored = self.exact_lease(claim)?;
        self.put_lease(claim, stored.uid, stored.created);
        Ok(())
    }

    fn delete(&mut self, claim: &Claim) -> Result<(), Refused> {
        self.exact_lease(claim)?;
        let name = claim.lease_name();
        self.leases.remove(&name);
        self.log.push(Change::NoLease(name));
        Ok(())
    }

    /// Through the Lease's JSON, so that what is written is what is read.
    fn put_lease(&mut self, claim: &Claim, uid: String, created: Time) {
        self.version += 1;
        let resource_version = self.version.to_string();
        let mut lease = claim.to_lease(crate::NAMESPACE);
        lease["metadata"]["uid"] = uid.into();
        lease["metadata"]["resourceVersion"] = resource_version.into();
        lease["metadata"]["creationTimestamp"] = created.to_micro_time().into();
        let claim = Claim::read(&lease).expect("a claim");
        self.leases.insert(claim.lease_name(), claim.clone());
        self.log.push(Change::Lease(claim));
    }

    fn exact(&self, wanted: &PodRef) -> Result<Pod, Refused> {
        let pod = self.pods.get(&wanted.uid).ok_or(Refused::NotFound)?;
        if pod.reference != *wanted {
            return Err(Refused::Conflict);
        }
        Ok(pod.clone())
    }

    fn exact_lease(&self, claim: &Claim) -> Result<LeaseVersion, Refused> {
        let stored = self
            .leases
            .get(&claim.lease_name())
            .ok_or(Refused::NotFound)?;
        let stored = stored.lease.clone().ok_or(Refused::NotFound)?;
        let wanted = claim.lease.as_ref().ok_or(Refused::Conflict)?;
        let same = stored.uid == wanted.uid && stored.resource_version == wanted.resource_version;
        if same {
            Ok(stored)
        } else {
            Err(Refused::Conflict)
        }
    }
}

/// What a watch does to a view.
pub(super) fn follow(view: &mut View, change: &Change) {
    match change.clone() {
        Change::Node(node) => view.put_node(node),
        Change::NoNode(name) => view.remove_node(&name),
        Change::Pod(pod) => view.put_pod(*pod),
        Change::NoPod(uid) => view.remove_pod(&uid),
        Change::Job(job) => view.put_job(job),
        Change::NoJob(uid) => view.remove_job(&uid),
        Change::Owner(owner) => view.put_owner(owner),
        Change::NoOwner(uid) => view.remove_owner(&uid),
        Change::Lease(claim) => view.put_claim(claim),
        Change::NoLease(name) => view.remove_claim(&name),
    }
}
