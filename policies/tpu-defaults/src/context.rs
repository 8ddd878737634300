//! What a review brings besides the Pod templates.

use sdk::{Cluster, Node, Review};
use workload::{SLICE, Workload, WorkloadKind};

use crate::settings::Settings;

/// What a review brings besides the Pod templates.
pub(crate) struct Context<'a, C> {
    /// The workload under review.
    pub(crate) workload: &'a Workload<'a>,
    /// What the operator set.
    pub(crate) settings: &'a Settings,
    /// Whether a controller made the object: its template was completed already.
    pub(crate) is_controlled: bool,
    namespace: Option<&'a str>,
    cluster: &'a C,
}

impl<'a, C: Cluster> Context<'a, C> {
    /// The context of `review`, whose object (as far as it is restored) is `workload`.
    pub(crate) fn new(
        review: &'a Review,
        workload: &'a Workload<'a>,
        settings: &'a Settings,
        cluster: &'a C,
    ) -> Self {
        Self {
            workload,
            settings,
            is_controlled: is_controlled(&workload.root),
            namespace: review.namespace.as_deref(),
            cluster,
        }
    }

    /// The slice annotation of the object's namespace, with the namespace's name. Costs a host
    /// call; none where the host can't answer.
    pub(crate) fn namespace_slice(&self) -> Option<(String, &'a str)> {
        let name = self.namespace?;
        let namespace = self.cluster.get("v1", "Namespace", None, name).ok()??;
        let metadata = namespace.root().at("metadata");
        let slice = metadata.at("annotations").at(SLICE).text()?;
        Some((slice.to_owned(), name))
    }

    /// Pods of one slice that run at the same time; none where one template doesn't say.
    pub(crate) fn pods_at_once(&self, parallelism: Option<i64>) -> Option<u32> {
        match self.workload.kind {
            WorkloadKind::Job | WorkloadKind::JobSet => u32::try_from(parallelism?).ok(),
            WorkloadKind::Deployment => Some(1),
            // A controlled Pod may be one of many.
            WorkloadKind::Pod => (!self.is_controlled).then_some(1),
            WorkloadKind::StatefulSet | WorkloadKind::LeaderWorkerSet => None,
        }
    }
}

/// Whether a controller made the object at `root`.
pub(crate) fn is_controlled(root: &Node<'_>) -> bool {
    workload::controller(root).is_some()
}
