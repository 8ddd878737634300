//! A slice: a legal pair of accelerator and topology, and its arithmetic.

use std::fmt;

use crate::accelerator::{Accelerator, Hbm, Machine};
use crate::accelerator_type::AcceleratorType;
use crate::legality::{Illegal, Legality, check};
use crate::nearest::accelerator_suggestions;
use crate::topology::{Topology, TopologyError, excerpt};

/// The TPU chips behind one Job: an accelerator with a topology that it can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    accelerator: &'static Accelerator,
    topology: Topology,
    legality: Legality,
}

/// How a slice is divided into hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostShape {
    /// One VM.
    Single,
    /// Several VMs that must run together.
    Multi {
        /// How many, at least two.
        vms: u32,
    },
}

/// Why a text is not a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SliceError {
    /// No colon between accelerator and topology.
    NoColon {
        /// What was written, shortened.
        text: String,
        /// What was probably meant, such as `v5e:4x8` for `v5litepod-32`.
        suggestion: Option<String>,
    },
    /// An accelerator that the catalogue doesn't have.
    UnknownAccelerator {
        /// What was written, shortened.
        name: String,
        /// Names that look like it.
        suggestions: Vec<&'static str>,
    },
    /// A topology that can't be read.
    Topology(TopologyError),
    /// A topology that the accelerator can't have.
    Illegal(Illegal),
}

impl Slice {
    /// A slice, with how sure we are that it exists.
    ///
    /// # Errors
    /// Why the accelerator can't have this topology.
    pub fn new(
        accelerator: &'static Accelerator,
        topology: Topology,
    ) -> Result<(Self, Legality), Illegal> {
        let legality = check(accelerator, &topology)?;
        Ok((
            Self {
                accelerator,
                topology,
                legality,
            },
            legality,
        ))
    }

    /// Reads `v5e:4x8`: alias or label, colon, topology. [`Slice::legality`] says whether the
    /// topology is published.
    ///
    /// # Errors
    /// Which part is wrong, with a suggestion where there is one.
    pub fn parse(text: &str) -> Result<Self, SliceError> {
        let (name, topology) = text.split_once(':').ok_or_else(|| SliceError::NoColon {
            text: excerpt(text),
            suggestion: suggest(text),
        })?;
        let accelerator = Accelerator::from_alias_or_label(name).ok_or_else(|| {
            SliceError::UnknownAccelerator {
                name: excerpt(name),
                suggestions: accelerator_suggestions(name),
            }
        })?;
        let topology = Topology::parse(topology).map_err(SliceError::Topology)?;
        let (slice, _) = Self::new(accelerator, topology).map_err(SliceError::Illegal)?;
        Ok(slice)
    }

    /// Its accelerator.
    #[must_use]
    pub fn accelerator(&self) -> &'static Accelerator {
        self.accelerator
    }

    /// Its topology.
    #[must_use]
    pub fn topology(&self) -> Topology {
        self.topology
    }

    /// Is the topology published?
    #[must_use]
    pub fn legality(&self) -> Legality {
        self.legality
    }

    /// Chips in all; `u64::MAX` where there are more than that.
    #[must_use]
    pub fn chips(&self) -> u64 {
        self.topology.chips()
    }

    /// The legal `google.com/tpu` requests of its Pods, smallest first: how many chips a VM can
    /// have. Two of them for 2x4 on v5e and v6e: 4 (two VMs) and 8 (one VM). Empty where the
    /// catalogue doesn't know the machine types.
    #[must_use]
    pub fn chips_per_vm_choices(&self) -> Vec<u32> {
        let mut choices: Vec<u32> = self.fitting().map(|machine| machine.chips).collect();
        choices.dedup();
        choices
    }

    /// How many VMs it has if each has this many chips; `None` if no machine type makes such VMs
    /// of this slice. Where the catalogue knows no machine types, every even division counts.
    #[must_use]
    pub fn vms(&self, chips_per_vm: u32) -> Option<u32> {
        if !self.accelerator.machines().is_empty() {
            self.machine(chips_per_vm)?;
        }
        u32::try_from(self.topology.vms(chips_per_vm)?).ok()
    }

    /// Do its two labels leave open how many chips a VM has? Only 2x4 on v5e and v6e pod slices;
    /// the label `cloud.google.com/gke-accelerator-count` tells them apart.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.chips_per_vm_choices().len() > 1
    }

    /// One VM or several, if each has this many chips; `None` as in [`Slice::vms`].
    #[must_use]
    pub fn host_shape(&self, chips_per_vm: u32) -> Option<HostShape> {
        Some(match self.vms(chips_per_vm)? {
            1 => HostShape::Single,
            vms => HostShape::Multi { vms },
        })
    }

    /// The machine type with this many chips that can make up the slice.
    #[must_use]
    pub fn machine(&self, chips_per_vm: u32) -> Option<&'static Machine> {
        self.fitting().find(|machine| machine.chips == chips_per_vm)
    }

    /// Memory of all chips in the published unit; `None` where none is published.
    #[must_use]
    pub fn hbm(&self) -> Option<Hbm> {
        let chip = self.accelerator.hbm_per_chip()?;
        Some(Hbm {
            amount: chip.amount.saturating_mul(self.chips()),
            ..chip
        })
    }

    /// Memory of all chips in bytes; `u64::MAX` where it is more than that.
    #[must_use]
    pub fn hbm_bytes(&self) -> Option<u64> {
        self.hbm().map(Hbm::bytes)
    }

    /// What `jax.device_count()` says on it: Saxml compares that with a model's mesh. Twice the
    /// chips on tpu7x.
    #[must_use]
    pub fn jax_devices(&self) -> Option<u64> {
        let per_chip = self.accelerator.jax_devices_per_chip()?;
        Some(self.chips().saturating_mul(u64::from(per_chip)))
    }

    fn fitting(&self) -> impl Iterator<Item = &'static Machine> + use<> {
        let topology = self.topology;
        self.accelerator
            .machines()
            .iter()
            .filter(move |machine| fits(machine, &topology))
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.accelerator.short_name(), self.topology)
    }
}

impl fmt::Display for SliceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColon { text, suggestion } => {
                write!(f, "slice {text:?} is not of the form ACCELERATOR:TOPOLOGY")?;
                match suggestion {
                    Some(meant) => write!(f, "; write {meant}"),
                    None => f.write_str(", such as v5e:4x8"),
                }
            }
            Self::UnknownAccelerator { name, suggestions } => {
                write!(f, "unknown accelerator {name:?}")?;
                if suggestions.is_empty() {
                    return Ok(());
                }
                write!(f, "; did you mean {}?", suggestions.join(" or "))
            }
            Self::Topology(error) => error.fmt(f),
            Self::Illegal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SliceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Topology(error) => Some(error),
            Self::Illegal(error) => Some(error),
            Self::NoColon { .. } | Self::UnknownAccelerator { .. } => None,
        }
    }
}

/// Can VMs of this type make up such a slice? A type whose own topology isn't documented is
/// taken to form slices of one VM too.
fn fits(machine: &Machine, topology: &Topology) -> bool {
    if machine.single_host_topology == Some(*topology) {
        return true;
    }
    let vms = topology.vms(machine.chips);
    machine.multi_host && vms.is_some_and(|vms| vms > 1 || machine.single_host_topology.is_none())
}

fn suggest(text: &str) -> Option<String> {
    let meant = AcceleratorType::parse(text)?;
    let (slice, _) = Slice::new(meant.accelerator, meant.topology()?).ok()?;
    Some(slice.to_string())
}
