//! What the built-in policies share: which Pods a workload makes, which of their containers use
//! TPUs, and which slice they ask for.
//!
//! ```text
//!   Review ─► Workload ─► PodGroup (one Pod template) ─► Container ─► chips, env, args, ports
//!                              └─► Shape ─► tpu::Slice
//! ```

mod annotations;
mod codes;
mod container;
mod group;
mod immutable;
mod label_key;
mod matching;
mod quantity;
mod shape;
mod workload;

pub use tpu::keys::{
    ACCELERATOR_LABEL, CHIP_RESOURCE as TPU_RESOURCE,
    CHIPS_PER_VM_LABEL as ACCELERATOR_COUNT_LABEL, TOPOLOGY_LABEL,
};

pub use annotations::{
    EXCLUSIVE_TOPOLOGY, KUEUE_QUEUE, MEGASCALE, MODEL, NODE_SELECTOR_STRATEGY,
    OWN_EXCLUSIVE_TOPOLOGY, PLACEMENT_GATE, PLACEMENT_MARK, SLICE,
};
pub use codes::{Page, explain};
pub use container::{Container, Env, EnvValue};
pub use group::PodGroup;
pub use immutable::{Immutable, soften};
pub use label_key::is_label_key;
pub use matching::matching_controllers;
pub use quantity::Quantity;
pub use shape::{Shape, label_of};
pub use workload::{Workload, WorkloadKind, controller};
