//! What an accelerator label stands for: chips, machine types, published topologies.
//!
//! The entries themselves stand in `catalogue.rs`.

use std::fmt;

use crate::catalogue::CATALOGUE;
use crate::topology::Topology;

/// Chips in one cube: custom 3D topologies are built from cubes of 4x4x4.
pub(crate) const CHIPS_PER_CUBE: u64 = 64;

/// One value of the node label `cloud.google.com/gke-tpu-accelerator`.
#[derive(Debug, PartialEq, Eq)]
pub struct Accelerator {
    pub(crate) label: &'static str,
    pub(crate) alias: Option<&'static str>,
    /// Other spellings that people use; suggested, never accepted.
    pub(crate) other_names: &'static [&'static str],
    pub(crate) generation: &'static str,
    pub(crate) dims: Option<usize>,
    pub(crate) single_host_only: bool,
    pub(crate) machines: &'static [Machine],
    pub(crate) published: &'static [Topology],
    pub(crate) offer: Offer,
    pub(crate) figures: Option<Figures>,
    pub(crate) jax_devices_per_chip: Option<u32>,
    /// The prefix of accelerator-type strings, and what their suffix counts per chip.
    pub(crate) type_prefix: Option<(&'static str, u32)>,
    pub(crate) chip_sharing: bool,
    pub(crate) sax_chip: Option<&'static str>,
    pub(crate) gke_minimum: Option<GkeMinimum>,
}

/// An accelerator label, in the catalogue or not: new generations arrive before this table does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceleratorRef<'a> {
    /// A catalogued accelerator.
    Known(&'static Accelerator),
    /// A label that the catalogue doesn't have.
    Unknown(&'a str),
}

/// A Compute Engine machine type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Its name, such as `ct5lp-hightpu-4t`.
    pub name: &'static str,
    /// TPU chips per VM.
    pub chips: u32,
    /// Virtual CPUs, where published.
    pub vcpu: Option<u32>,
    /// RAM in GB, where published.
    pub memory_gb: Option<u32>,
    /// NUMA nodes, where published.
    pub numa_nodes: Option<u32>,
    /// Can several of them form one slice? Of the 2D families only `4t` can.
    pub multi_host: bool,
    /// The topology of a slice that is one such VM.
    pub single_host_topology: Option<Topology>,
}

/// An amount of high-bandwidth memory in the unit that Google publishes: v5e and v6e in GB
/// (10^9 bytes), the 3D families in GiB (2^30 bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hbm {
    /// How many of the unit.
    pub amount: u64,
    /// The unit.
    pub unit: HbmUnit,
}

/// The unit of an amount of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HbmUnit {
    /// 10^9 bytes.
    GB,
    /// 2^30 bytes.
    GiB,
}

/// Published figures of one chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Peak bf16 TFLOP/s.
    pub bf16_tflops: u32,
    /// Peak TFLOP/s (TOP/s) in 8 bits: int8, on tpu7x fp8.
    pub eight_bit_tflops: u32,
    /// High-bandwidth memory.
    pub hbm: Hbm,
    /// Memory bandwidth in GB/s; the lower one where sources differ.
    pub hbm_gb_per_second: u32,
    /// Inter-chip interconnect in GB/s, where published.
    pub ici_gb_per_second: Option<u32>,
    /// Chips in the largest pod.
    pub pod_chips: u32,
}

/// The oldest GKE versions that offer an accelerator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GkeMinimum {
    /// For Standard clusters.
    pub standard: &'static str,
    /// For Autopilot clusters.
    pub autopilot: &'static str,
}

/// Which topologies an accelerator can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Those in the published list, no others.
    Listed,
    /// The published list, and custom shapes of at most this many cubes.
    Cubes(u64),
    /// No list is published: whatever has the right number of dimensions.
    Undocumented,
}

impl Accelerator {
    /// The accelerator with exactly this label value.
    #[must_use]
    pub fn find(label: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|entry| entry.label == label)
    }

    /// The accelerator with this alias (`v4`, `v5e`, `v5p`, `v6e`, `tpu7x`) or label value.
    #[must_use]
    pub fn from_alias_or_label(name: &str) -> Option<&'static Self> {
        CATALOGUE
            .iter()
            .find(|entry| entry.alias == Some(name))
            .or_else(|| Self::find(name))
    }

    /// Every accelerator, oldest generation first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &CATALOGUE
    }

    /// The value of the label `cloud.google.com/gke-tpu-accelerator`.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// The short name that the `slice` annotation takes; `None` for legacy and internal ones.
    #[must_use]
    pub fn alias(&self) -> Option<&'static str> {
        self.alias
    }

    /// The alias, else the label: what a message calls it.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        self.alias.unwrap_or(self.label)
    }

    /// The chip's generation, such as `v5e`.
    #[must_use]
    pub fn generation(&self) -> &'static str {
        self.generation
    }

    /// How many dimensions its topologies have, 2 or 3; `None` where that isn't documented
    /// (`tpu-v4-lite-device`).
    #[must_use]
    pub fn dims(&self) -> Option<usize> {
        self.dims
    }

    /// Is every slice of it one VM?
    #[must_use]
    pub fn single_host_only(&self) -> bool {
        self.single_host_only
    }

    /// Its machine types, smallest first; empty where they aren't documented.
    #[must_use]
    pub fn machines(&self) -> &'static [Machine] {
        self.machines
    }

    /// The published topologies, smallest first; none for the undocumented accelerators.
    pub fn published(&self) -> impl ExactSizeIterator<Item = Topology> + Clone + use<> {
        self.published.iter().copied()
    }

    /// Chips in the largest legal slice; `None` where no limit is documented.
    #[must_use]
    pub fn max_chips(&self) -> Option<u64> {
        match self.offer {
            Offer::Listed => self.published.iter().map(Topology::chips).max(),
            Offer::Cubes(cubes) => Some(cubes * CHIPS_PER_CUBE),
            Offer::Undocumented if self.single_host_only => self
                .machines
                .iter()
                .map(|machine| u64::from(machine.chips))
                .max(),
            Offer::Undocumented => None,
        }
    }

    /// Published figures of one chip; `None` for the legacy and internal ones.
    #[must_use]
    pub fn figures(&self) -> Option<&Figures> {
        self.figures.as_ref()
    }

    /// Memory of one chip in the published unit.
    #[must_use]
    pub fn hbm_per_chip(&self) -> Option<Hbm> {
        self.figures.map(|figures| figures.hbm)
    }

    /// Memory of one chip in bytes (v5e: 16 GB is 16,000,000,000).
    #[must_use]
    pub fn hbm_bytes_per_chip(&self) -> Option<u64> {
        self.hbm_per_chip().map(Hbm::bytes)
    }

    /// How many devices JAX shows per chip: tpu7x 2 (of half the memory each), v4 to v6e 1;
    /// `None` where not documented.
    #[must_use]
    pub fn jax_devices_per_chip(&self) -> Option<u32> {
        self.jax_devices_per_chip
    }

    /// May a container ask for fewer chips than its VM has, and several containers of a Pod share
    /// them? Only on tpu7x.
    #[must_use]
    pub fn allows_chip_sharing(&self) -> bool {
        self.chip_sharing
    }

    /// What Saxml's `--platform_chip` calls it; `None` where Saxml has no string for it.
    #[must_use]
    pub fn sax_chip(&self) -> Option<&'static str> {
        self.sax_chip
    }

    /// The oldest GKE versions that offer it, where documented.
    #[must_use]
    pub fn gke_minimum(&self) -> Option<GkeMinimum> {
        self.gke_minimum
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label)
    }
}

impl<'a> AcceleratorRef<'a> {
    /// What the catalogue has under this label value.
    #[must_use]
    pub fn of(label: &'a str) -> Self {
        Accelerator::find(label).map_or(Self::Unknown(label), Self::Known)
    }

    /// The label value.
    #[must_use]
    pub fn label(&self) -> &'a str {
        match self {
            Self::Known(accelerator) => accelerator.label,
            Self::Unknown(label) => label,
        }
    }
}

impl Machine {
    /// The machine type of this name, with its accelerator.
    #[must_use]
    pub fn find(name: &str) -> Option<(&'static Accelerator, &'static Self)> {
        CATALOGUE.iter().find_map(|accelerator| {
            let machine = accelerator
                .machines
                .iter()
                .find(|machine| machine.name == name)?;
            Some((accelerator, machine))
        })
    }
}

impl Hbm {
    /// In bytes; `u64::MAX` where it is larger than that.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.amount.saturating_mul(match self.unit {
            HbmUnit::GB => 1_000_000_000,
            HbmUnit::GiB => 1 << 30,
        })
    }
}

impl fmt::Display for Hbm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            HbmUnit::GB => "GB",
            HbmUnit::GiB => "GiB",
        };
        write!(f, "{} {unit}", self.amount)
    }
}
