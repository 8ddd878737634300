//! The strings of the model server's flags `--platform_chip` and `--platform_topology`.
//!
//! Source: `saxml/server/proto_util.py`. Anything else becomes UNKNOWN without a word, and the
//! admin server of v1.1.0 and v1.2.0 then refuses the model server in its log only.

use crate::topology::Topology;

/// What `--platform_chip` accepts, in any case.
pub const PLATFORM_CHIPS: [&str; 12] = [
    "tpuv2", "tpuv3", "tpuv4", "tpuv4i", "tpuv5e", "p100", "v100", "t4", "l4", "a100", "h100",
    "cpu",
];

/// What `--platform_topology` accepts, in exactly this case, with or without a suffix `_twisted`
/// or `_untwisted`. Omitted it is `1`.
pub const PLATFORM_TOPOLOGIES: [&str; 33] = [
    "1", "2", "4", "8", "16", "1x1", "2x2", "2x4", "4x2", "4x4", "4x8", "8x8", "8x16", "16x16",
    "16x32", "32x32", "1x1x1", "1x2x1", "2x2x1", "2x2x2", "2x2x4", "2x4x4", "4x4x4", "4x4x8",
    "4x4x16", "4x8x8", "4x8x16", "4x16x16", "4x16x32", "8x8x8", "8x8x12", "8x8x16", "8x16x16",
];

/// Does Saxml know this value of `--platform_chip`?
#[must_use]
pub fn platform_chip_known(value: &str) -> bool {
    PLATFORM_CHIPS
        .iter()
        .any(|chip| chip.eq_ignore_ascii_case(value))
}

/// Does Saxml know this value of `--platform_topology`?
#[must_use]
pub fn platform_topology_known(value: &str) -> bool {
    // Saxml strips both, in this order.
    let plain = value.strip_suffix("_twisted").unwrap_or(value);
    let plain = plain.strip_suffix("_untwisted").unwrap_or(plain);
    PLATFORM_TOPOLOGIES.contains(&plain)
}

/// The value of `--platform_topology` for a slice of this topology; `None` where Saxml has none.
#[must_use]
pub fn platform_topology_of(topology: &Topology) -> Option<&'static str> {
    let text = topology.to_string();
    PLATFORM_TOPOLOGIES.into_iter().find(|known| *known == text)
}
