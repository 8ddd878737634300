//! Names that stand in the cluster's objects: ours, JobSet's, LeaderWorkerSet's.

/// The scheduling gate that our admission adds and only [`Action::Release`](crate::Action) lifts.
pub const GATE: &str = "kubectl-sax.dev/placement";
/// Pod annotation: the Pod's group must have a domain of this node label key to itself.
pub const EXCLUSIVE_TOPOLOGY: &str = "kubectl-sax.dev/exclusive-topology";
/// Pod annotation, between [`Action::Fence`](crate::Action) and the release: the claim under
/// which the Pod may no longer be released.
pub const FENCE: &str = "kubectl-sax.dev/fenced";
/// JobSet's annotation for exclusive placement, on the JobSet or a Job template.
pub(crate) const JOBSET_EXCLUSIVE: &str = "alpha.jobset.sigs.k8s.io/exclusive-topology";
/// JobSet's own switch, by which its exclusive placement steps aside.
pub const NODE_SELECTOR_STRATEGY: &str = "alpha.jobset.sigs.k8s.io/node-selector";
/// Our value of [`NODE_SELECTOR_STRATEGY`]: the JobSet is placed by us.
pub const MARK: &str = "kubectl-sax.dev";
/// Label of the Leases that are claims, with the value `true`.
pub const CLAIM_LABEL: &str = "kubectl-sax.dev/claim";
/// Annotation of such a Lease: the [`Claim`](crate::Claim) as JSON.
pub const CLAIM_ANNOTATION: &str = "kubectl-sax.dev/claim";
/// Where claims and the rest of our installation live.
pub const NAMESPACE: &str = "kubectl-sax-system";

/// Every node's own label, the smallest domain that there is.
pub const HOSTNAME: &str = "kubernetes.io/hostname";
/// Where a domain stands, for the default ranking: the first of these that its nodes carry.
pub(crate) const FAILURE_DOMAINS: [&str; 2] = [
    "cloud.google.com/gce-topology-block",
    "topology.kubernetes.io/zone",
];
/// Node label: a spot VM, with the value `true`.
pub(crate) const SPOT: &str = "cloud.google.com/gke-spot";
/// Node label: the reservation that the VM comes from.
pub(crate) const RESERVATION: &str = "cloud.google.com/reservation-name";

/// Annotation and label of an Indexed Job's Pods.
pub(crate) const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// Label of a StatefulSet's Pods.
pub(crate) const POD_INDEX: &str = "apps.kubernetes.io/pod-index";
/// Label and annotation of a JobSet's Jobs and Pods.
pub(crate) const JOBSET_UID: &str = "jobset.sigs.k8s.io/jobset-uid";
/// The value of `managedBy` that means JobSet's own controller.
pub(crate) const JOBSET_CONTROLLER: &str = "jobset.sigs.k8s.io/jobset-controller";
/// Label of a LeaderWorkerSet's Pods: its name.
pub(crate) const LWS_NAME: &str = "leaderworkerset.sigs.k8s.io/name";
/// Label of a LeaderWorkerSet's Pods: which replica.
pub(crate) const LWS_GROUP_INDEX: &str = "leaderworkerset.sigs.k8s.io/group-index";
/// Label of a LeaderWorkerSet's Pods: which Pod of the replica; the leader is 0.
pub(crate) const LWS_WORKER_INDEX: &str = "leaderworkerset.sigs.k8s.io/worker-index";
/// Annotation of a LeaderWorkerSet's Pods: Pods in a replica.
pub(crate) const LWS_SIZE: &str = "leaderworkerset.sigs.k8s.io/size";
/// The variable whose non-empty value makes slices one multislice job.
pub(crate) const NUM_SLICES: &str = "MEGASCALE_NUM_SLICES";
