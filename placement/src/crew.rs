//! The Pods of one maker: a Job, a StatefulSet, a replica of a LeaderWorkerSet.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::fault::seeded;
use crate::group::Group;
use crate::maker::Makers;
use crate::owner::Owner;
use crate::pod::Pod;
use crate::view::View;

/// What the Pods of one maker have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Source {
    /// Uid of the controller, or of the Pod where it has none; the LeaderWorkerSet's name.
    pub(crate) maker: String,
    pub(crate) namespace: String,
    /// Which replica of the LeaderWorkerSet.
    replica: String,
    /// What JobSet wrote on the Pod.
    jobset: Option<String>,
}

/// Pods of one maker that are not finished, and the group that they are if no other maker's
/// belong to it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Crew {
    /// By uid.
    pods: BTreeMap<String, Arc<Pod>>,
    /// Worked out when it is first asked for.
    group: OnceLock<Arc<Group>>,
}

impl Source {
    pub(crate) fn of(pod: &Pod) -> Self {
        let namespace = pod.reference.namespace.clone();
        if let Some(member) = &pod.leader_worker {
            return Self {
                maker: member.name.clone(),
                namespace,
                replica: member.group_index.clone(),
                jobset: None,
            };
        }
        let controller = pod.controller.as_ref();
        Self {
            maker: controller
                .map_or(&pod.reference.uid, |one| &one.uid)
                .clone(),
            namespace,
            replica: String::new(),
            jobset: pod.jobset_uid.clone(),
        }
    }

    /// Whether this owner stands behind its Pods, for all that they say themselves.
    pub(crate) fn may_be_of(&self, owner: &Owner) -> bool {
        let named = self.namespace == owner.namespace && self.maker == owner.name;
        let written = self.jobset.as_ref() == Some(&owner.uid);
        named || written || self.maker == owner.uid
    }

    /// What comes before every other source of the same maker.
    pub(crate) fn first_of(maker: &str) -> Self {
        Self {
            maker: maker.to_owned(),
            ..Self::default()
        }
    }
}

impl Crew {
    pub(crate) fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    pub(crate) fn enter(&mut self, pod: Arc<Pod>) {
        self.pods.insert(pod.reference.uid.clone(), pod);
        self.forget_group();
    }

    pub(crate) fn leave(&mut self, uid: &str) {
        self.pods.remove(uid);
        self.forget_group();
    }

    /// Something changed of which the group is made.
    pub(crate) fn forget_group(&mut self) {
        if !seeded!(RemembersGroups) {
            self.group = OnceLock::new();
        }
    }

    pub(crate) fn group(&self, view: &View) -> &Arc<Group> {
        self.group.get_or_init(|| {
            let pods: Vec<Arc<Pod>> = self.pods().cloned().collect();
            let maker = Makers(view).of(&pods[0]);
            Arc::new(Group::new(&maker, pods))
        })
    }
}
