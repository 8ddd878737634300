//! Who makes a group's Pods, and what is to be known from that.

use std::sync::Arc;

use crate::group::of_plain;
use crate::owner::{Job, Owner, OwnerKind};
use crate::pod::Pod;
use crate::reference::{GroupRef, ObjectRef};
use crate::time::Time;
use crate::view::View;

/// Who makes a group's Pods.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    pub(crate) reference: GroupRef,
    pub(crate) job: Option<&'a Job>,
    pub(crate) owner: Option<&'a Owner>,
}

/// Finds who makes a Pod.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Makers<'a>(pub(crate) &'a View);

impl<'a> Makers<'a> {
    pub(crate) fn of(self, pod: &Pod) -> Maker<'a> {
        if pod.leader_worker.is_some() {
            return self.of_leader_worker(pod);
        }
        let Some(controller) = &pod.controller else {
            return Maker {
                reference: of_plain(pod),
                job: None,
                owner: None,
            };
        };
        let name = controller.name.clone();
        if controller.kind == "Job" {
            let job = self.0.jobs.get(&controller.uid).map(AsRef::as_ref);
            let root = root_of_job(job, pod).unwrap_or(&controller.uid).to_owned();
            let owner = self.owner(&root);
            return maker(root, name, "Job", pod, job, owner);
        }
        let owner = self.owner(&controller.uid);
        maker(
            controller.uid.clone(),
            name,
            "StatefulSet",
            pod,
            None,
            owner,
        )
    }

    fn of_leader_worker(self, pod: &Pod) -> Maker<'a> {
        let (set, index) = pod.leader_worker.as_ref().map_or(("", ""), |member| {
            (member.name.as_str(), member.group_index.as_str())
        });
        let owner = self.leader_worker_set(&pod.reference.namespace, set);
        let root = owner.map_or(set, |owner| &owner.uid).to_owned();
        let name = format!("{set}-{index}");
        maker(root, name, "LeaderWorkerSet", pod, None, owner)
    }

    fn owner(self, uid: &str) -> Option<&'a Owner> {
        self.0.owners.get(uid).map(AsRef::as_ref)
    }

    /// The newest of this name: one that was deleted may not have gone from the view yet.
    fn leader_worker_set(self, namespace: &str, name: &str) -> Option<&'a Owner> {
        let owners = self.0.owners.values().map(AsRef::as_ref);
        let named = owners.filter(|owner: &&Owner| {
            owner.kind == OwnerKind::LeaderWorkerSet
                && owner.namespace == namespace
                && owner.name == name
        });
        named.max_by_key(|owner| (owner.created, &owner.uid))
    }
}

/// The Job's JobSet; once the Job is gone, what JobSet wrote on its Pods.
fn root_of_job<'p>(job: Option<&'p Job>, pod: &'p Pod) -> Option<&'p String> {
    match job {
        Some(job) => job.controller.as_ref().map(|jobset| &jobset.uid),
        None => pod.jobset_uid.as_ref(),
    }
}

fn maker<'a>(
    root: String,
    name: String,
    kind: &str,
    pod: &Pod,
    job: Option<&'a Job>,
    owner: Option<&'a Owner>,
) -> Maker<'a> {
    let namespace = pod.reference.namespace.clone();
    let reference = GroupRef {
        root,
        name,
        kind: kind.to_owned(),
        namespace,
    };
    Maker {
        reference,
        job,
        owner,
    }
}

impl Maker<'_> {
    /// Which of two makers of one group is the newer Job.
    pub(crate) fn age(&self) -> Option<(Time, &str)> {
        self.job.map(|job| (job.created, job.uid.as_str()))
    }

    /// The JobSet, where there is one.
    pub(crate) fn jobset(&self) -> Option<&Owner> {
        self.owner.filter(|owner| owner.kind == OwnerKind::JobSet)
    }

    /// How many Pods must exist, and how many the domain must hold.
    pub(crate) fn counts(&self, pods: &[Arc<Pod>]) -> (Option<u32>, u32) {
        let live = pods.iter().filter(|pod| !pod.deleting).count();
        let live = u32::try_from(live).unwrap_or(u32::MAX);
        let (want, all) = match (self.job, self.owner.map(|owner| (owner, owner.kind))) {
            (Some(job), _) => (Some(job.wanted()), job.wanted()),
            (None, Some((set, OwnerKind::StatefulSet))) => {
                (Some(set.first(set.replicas)), set.replicas)
            }
            (None, Some((set, OwnerKind::LeaderWorkerSet))) => {
                let written = pods.iter().find_map(|pod| pod.leader_worker.as_ref()?.size);
                let size = written.unwrap_or(set.size);
                (Some(set.first(size)), size)
            }
            _ if self.reference.kind == "Pod" => (Some(1), 1),
            _ => (None, 0),
        };
        (want, all.max(live))
    }

    /// What Events are about.
    pub(crate) fn object(&self, pod: &Pod) -> ObjectRef {
        let namespace = pod.reference.namespace.clone();
        let object = |api_version: &str, kind: &str, name: &str, uid: &str| ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace,
            name: name.to_owned(),
            uid: uid.to_owned(),
        };
        match (self.reference.kind.as_str(), self.owner, &pod.controller) {
            ("LeaderWorkerSet", Some(set), _) => {
                object(&set.api_version, "LeaderWorkerSet", &set.name, &set.uid)
            }
            (_, _, Some(controller)) => object(
                &controller.api_version,
                &controller.kind,
                &controller.name,
                &controller.uid,
            ),
            _ => object("v1", "Pod", &pod.reference.name, &pod.reference.uid),
        }
    }

    pub(crate) fn root_kind(&self) -> &'static str {
        match (self.owner, self.reference.kind.as_str()) {
            (Some(owner), _) => owner.kind.as_str(),
            (None, "Job") => "Job",
            (None, "StatefulSet") => "StatefulSet",
            (None, "LeaderWorkerSet") => "LeaderWorkerSet",
            (None, _) => "Pod",
        }
    }

    pub(crate) fn root_name(&self, pod: &Pod) -> String {
        let controller = pod.controller.as_ref().map(|controller| &controller.name);
        let name = self.owner.map(|owner| &owner.name).or(controller);
        name.unwrap_or(&pod.reference.name).clone()
    }

    pub(crate) fn created(&self, pod: &Pod) -> Time {
        let owner = self.owner.map(|owner| owner.created);
        owner
            .or(self.job.map(|job| job.created))
            .unwrap_or(pod.created)
    }
}

impl Owner {
    /// Of `all` Pods, those that exist before any is Ready.
    fn first(&self, all: u32) -> u32 {
        if self.ordered { all.min(1) } else { all }
    }
}
