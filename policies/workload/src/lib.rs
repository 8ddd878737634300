//! What the built-in policies share: which Pods a workload makes, which of their containers use
//! TPUs, and which slice they ask for.
//!
//! ```text
//!   Review ─► Workload ─► PodGroup (one Pod template) ─► Container ─► chips, env, args, ports
//!                              └─► ShapeSource ─► tpu::Slice
//! ```

mod annotations;
mod container;
mod group;
mod immutable;
mod quantity;
mod shape;
mod workload;

pub use annotations::{EXCLUSIVE_TOPOLOGY, KUEUE_QUEUE, MEGASCALE, MODEL, SKIP_TPU_CHECK, SLICE};
pub use container::{Container, Env, EnvValue};
pub use group::PodGroup;
pub use immutable::{Immutable, soften};
pub use quantity::{Quantity, TPU_RESOURCE};
pub use shape::{ACCELERATOR_COUNT_LABEL, ACCELERATOR_LABEL, Shape, TOPOLOGY_LABEL, label_of};
pub use workload::{Workload, WorkloadKind};
