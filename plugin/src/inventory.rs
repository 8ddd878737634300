//! What the cluster holds, as far as TPUs are concerned: the view that placement decides on, and
//! what people are told besides. Pure: `cluster::inventory` reads it.

mod holder;
mod job;
mod jobset;
mod meta;
mod node;
mod pod;

use std::collections::BTreeMap;

use placement::{Claim, Job, Node, Owner, Pod, ReadError, View};
use serde_json::Value;

pub(crate) use holder::Holder;
pub(crate) use job::JobSeen;
pub(crate) use jobset::{JobSetSeen, WantedJob};
pub(crate) use meta::{Ending, Meta};
pub(crate) use node::NodeSeen;
pub(crate) use pod::PodSeen;

/// What the cluster holds.
#[derive(Default)]
pub(crate) struct Inventory {
    /// What placement decides on.
    pub(crate) view: View,
    /// All nodes, by name.
    pub(crate) nodes: BTreeMap<String, NodeSeen>,
    /// All Pods that ask for chips.
    pub(crate) pods: Vec<PodSeen>,
    /// All Jobs that ask for chips.
    pub(crate) jobs: Vec<JobSeen>,
    /// All JobSets.
    pub(crate) jobsets: Vec<JobSetSeen>,
    /// All claims of domains.
    pub(crate) claims: Vec<Claim>,
    /// Which of the Pods hold chips of a node.
    by_node: BTreeMap<String, Vec<usize>>,
}

/// The kinds that it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A Lease of ours, which is a claim.
    Claim,
    /// `v1`
    Node,
    /// `v1`
    Pod,
    /// `batch/v1`
    Job,
    /// `jobset.x-k8s.io/v1alpha2`
    JobSet,
    /// A StatefulSet or LeaderWorkerSet.
    Owner,
}

/// One object, read: for placement, and for people where it is about chips.
pub(crate) enum Seen {
    /// A claim.
    Claim(Claim),
    /// A node.
    Node(Node, NodeSeen),
    /// A Pod.
    Pod(Box<Pod>, Option<Box<PodSeen>>),
    /// A Job.
    Job(Job, Option<JobSeen>),
    /// A JobSet.
    JobSet(Owner, JobSetSeen),
    /// A StatefulSet or LeaderWorkerSet.
    Owner(Owner),
}

/// Why an object can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableError {
    /// In a member that placement needs.
    #[error(transparent)]
    Placement(#[from] ReadError),
    /// In a member that people are told about.
    #[error(transparent)]
    Told(#[from] serde_json::Error),
}

impl Kind {
    /// Reads an object of this kind as the API server gives it.
    ///
    /// # Errors
    /// Names the member that has the wrong type.
    pub(crate) fn read(self, object: &Value) -> Result<Seen, UnreadableError> {
        Ok(match self {
            Self::Claim => Seen::Claim(Claim::read(object)?),
            Self::Node => Seen::Node(Node::read(object)?, meta::read(object)?),
            Self::Pod => {
                let told: PodSeen = meta::read(object)?;
                Seen::Pod(
                    Box::new(Pod::read(object)?),
                    Some(told).filter(|pod| pod.chips() > 0).map(Box::new),
                )
            }
            Self::Job => {
                let told: JobSeen = meta::read(object)?;
                Seen::Job(Job::read(object)?, Some(told).filter(JobSeen::wants_chips))
            }
            Self::JobSet => Seen::JobSet(Owner::read(object)?, meta::read(object)?),
            Self::Owner => Seen::Owner(Owner::read(object)?),
        })
    }
}

impl Inventory {
    /// Adds an object. Claims come before Pods: see [`View`].
    pub(crate) fn put(&mut self, seen: Seen) {
        match seen {
            Seen::Claim(claim) => {
                self.claims.push(claim.clone());
                self.view.put_claim(claim);
            }
            Seen::Node(node, told) => {
                self.view.put_node(node);
                self.nodes.insert(told.metadata.name.clone(), told);
            }
            Seen::Pod(pod, told) => {
                self.view.put_pod(*pod);
                told.into_iter().for_each(|told| self.tell_pod(*told));
            }
            Seen::Job(job, told) => {
                self.view.put_job(job);
                self.jobs.extend(told);
            }
            Seen::JobSet(owner, told) => {
                self.view.put_owner(owner);
                self.jobsets.push(told);
            }
            Seen::Owner(owner) => self.view.put_owner(owner),
        }
    }

    /// The Pods that hold chips of a node.
    pub(crate) fn pods_on(&self, node: &str) -> Vec<&PodSeen> {
        let indices = self.by_node.get(node).into_iter().flatten();
        indices.filter_map(|index| self.pods.get(*index)).collect()
    }

    /// The domain of a topology key that a Pod's node is in.
    pub(crate) fn domain_of(&self, pod: &PodSeen, key: &str) -> Option<&str> {
        self.nodes.get(pod.node()?)?.metadata.label(key)
    }

    fn tell_pod(&mut self, pod: PodSeen) {
        if let Some(node) = pod.node().filter(|_| !pod.is_over()) {
            let on_node = self.by_node.entry(node.to_owned()).or_default();
            on_node.push(self.pods.len());
        }
        self.pods.push(pod);
    }
}
