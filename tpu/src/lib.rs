//! GKE's TPUs and Saxml's model classes as data, and the arithmetic on them.
//!
//! Pure: no IO, no dependencies, nothing that panics or overflows on any input. Compiled natively
//! and into every policy, so that host and guests compute the same numbers.
//!
//! - [`Accelerator`]: what a `cloud.google.com/gke-tpu-accelerator` label stands for.
//! - [`Topology`]: a parsed `4x8` or `2x2x4`.
//! - [`check`]: is this topology legal on this accelerator, and is it published?
//! - [`Slice`]: a legal pair of both; chips, VMs, high-bandwidth memory (HBM), machine types.
//! - [`nearest`], [`topologies_with_chips`], [`accelerator_suggestions`]: what to write instead.
//! - [`sax`]: Saxml's model classes, flag strings and names.

mod accelerator;
mod accelerator_type;
mod catalogue;
pub mod keys;
mod legality;
mod nearest;
pub mod sax;
mod slice;
mod spelling;
mod topology;

pub use accelerator::{Accelerator, AcceleratorRef, Figures, GkeMinimum, Hbm, HbmUnit, Machine};
pub use accelerator_type::AcceleratorType;
pub use legality::{Illegal, Legality, check};
pub use nearest::{accelerator_suggestions, nearest, topologies_with_chips};
pub use slice::{HostShape, Slice, SliceError};
pub use topology::{Topology, TopologyError};
