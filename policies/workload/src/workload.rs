//! Which Pods a workload makes.

use sdk::{Document, Kind, Node, Review};

use tpu::keys::SKIP_WEBHOOK_ANNOTATION;

use crate::annotations::{KUEUE_QUEUE, annotation};
use crate::group::PodGroup;

/// The kinds that make Pods and that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadKind {
    /// `v1`
    Pod,
    /// `batch/v1`
    Job,
    /// `jobset.x-k8s.io/v1alpha2`
    JobSet,
    /// `apps/v1`
    Deployment,
    /// `apps/v1`
    StatefulSet,
    /// `leaderworkerset.x-k8s.io/v1`
    LeaderWorkerSet,
}

/// An object that makes Pods.
#[derive(Debug, Clone)]
pub struct Workload<'a> {
    /// What it is.
    pub kind: WorkloadKind,
    /// The whole object.
    pub root: Node<'a>,
    /// Its Pod templates, in the order of the document.
    pub groups: Vec<PodGroup<'a>>,
}

impl WorkloadKind {
    /// The kind of an object by group and kind; any version.
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("", "Pod") => Some(Self::Pod),
            ("batch", "Job") => Some(Self::Job),
            ("jobset.x-k8s.io", "JobSet") => Some(Self::JobSet),
            ("apps", "Deployment") => Some(Self::Deployment),
            ("apps", "StatefulSet") => Some(Self::StatefulSet),
            ("leaderworkerset.x-k8s.io", "LeaderWorkerSet") => Some(Self::LeaderWorkerSet),
            _ => None,
        }
    }

    /// The kind's name in Kubernetes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Job => "Job",
            Self::JobSet => "JobSet",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::LeaderWorkerSet => "LeaderWorkerSet",
        }
    }
}

impl<'a> Workload<'a> {
    /// The workload under review; none for other kinds.
    pub fn under_review(review: &'a Review) -> Option<Self> {
        let Kind { group, kind, .. } = &review.kind;
        Some(Self::read(WorkloadKind::of(group, kind)?, review.object()))
    }

    /// The workload in any object that has `apiVersion` and `kind`.
    pub fn of_object(object: &'a Document) -> Option<Self> {
        let root = object.root();
        let api_version = root.at("apiVersion").text()?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Some(Self::read(
            WorkloadKind::of(group, root.at("kind").text()?)?,
            root,
        ))
    }

    /// Reads `root` as a `kind`.
    pub fn read(kind: WorkloadKind, root: Node<'a>) -> Self {
        let groups = match kind {
            WorkloadKind::Pod => vec![PodGroup::of_pod(&root)],
            WorkloadKind::Job => vec![PodGroup::of_job(&root)],
            WorkloadKind::JobSet => PodGroup::of_jobset(&root),
            WorkloadKind::Deployment | WorkloadKind::StatefulSet => {
                vec![PodGroup::of_controller(&root)]
            }
            WorkloadKind::LeaderWorkerSet => PodGroup::of_leader_worker_set(&root),
        };
        Self { kind, root, groups }
    }

    /// The annotation `key` of the workload itself.
    pub fn annotation(&self, key: &str) -> Node<'a> {
        annotation(&self.root.at("metadata"), key)
    }

    /// Whether Kueue manages it: the flavour brings selectors later.
    pub fn is_kueue_managed(&self) -> bool {
        self.root
            .at("metadata")
            .at("labels")
            .at(KUEUE_QUEUE)
            .is_present()
    }

    /// Whether the author opted out of TPU checks with GKE's own annotation, on the workload or
    /// on `group`'s Pod template.
    pub fn skips_tpu_checks(&self, group: &PodGroup<'a>) -> bool {
        let says_true = |node: Node<'_>| node.text() == Some("true");
        says_true(self.annotation(SKIP_WEBHOOK_ANNOTATION))
            || says_true(group.annotation(SKIP_WEBHOOK_ANNOTATION))
    }

    /// The groups whose Pods request TPUs.
    pub fn tpu_groups(&self) -> impl Iterator<Item = &PodGroup<'a>> {
        self.groups.iter().filter(|group| group.uses_tpus())
    }

    /// Whether the workload is a JobSet or Job that stands still: some of its template may change.
    pub fn is_suspended(&self) -> bool {
        self.root.at("spec").at("suspend").boolean() == Some(true)
    }
}

/// The owner that made the object at `root`, and would make it again.
pub fn controller<'a>(root: &Node<'a>) -> Option<Node<'a>> {
    let owners = root.at("metadata").at("ownerReferences").elements();
    let mut owners = owners.into_iter();
    owners.find(|owner| owner.at("controller").boolean() == Some(true))
}
