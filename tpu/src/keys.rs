//! Names that GKE gives to TPU things: labels, the resource, the taint, the ports.

/// Node label: which accelerator.
pub const ACCELERATOR_LABEL: &str = "cloud.google.com/gke-tpu-accelerator";
/// Node label: which topology.
pub const TOPOLOGY_LABEL: &str = "cloud.google.com/gke-tpu-topology";
/// Node label: chips per VM, what tells the two 2x4 pools apart.
pub const CHIPS_PER_VM_LABEL: &str = "cloud.google.com/gke-accelerator-count";
/// Node label: the node pool, the usual key of exclusive placement.
pub const NODE_POOL_LABEL: &str = "cloud.google.com/gke-nodepool";
/// The extended resource: TPU chips.
pub const CHIP_RESOURCE: &str = "google.com/tpu";
/// The taint of TPU nodes: `google.com/tpu=present:NoSchedule`.
pub const TAINT_KEY: &str = "google.com/tpu";
/// Pod annotation: GKE's own opt-out of its TPU checks, with the value `true`.
pub const SKIP_WEBHOOK_ANNOTATION: &str = "cloud.google.com/skip-tpu-webhook-check";

/// The port on which the VMs of a slice find each other.
pub const SLICE_PORT: u16 = 8471;
/// The multislice coordinator's port where none is given.
pub const MEGASCALE_PORT: u16 = 8080;
