//! Which topologies an accelerator can have, in two grades: illegal, and legal but unpublished.

use std::fmt;

use crate::accelerator::{Accelerator, Offer};
use crate::nearest::nearest;
use crate::topology::Topology;

/// The step of custom 3D dimensions: the edge of a cube.
pub(crate) const STEP: u32 = 4;

/// How sure we are that a legal topology exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Legality {
    /// It stands in Google's published list.
    Published,
    /// The rule for custom shapes allows it, or nothing is published about this accelerator.
    Unpublished,
}

/// Why an accelerator can't have a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Illegal {
    /// Two dimensions where three are needed, or the reverse.
    WrongDimensions {
        /// The accelerator's label.
        accelerator: &'static str,
        /// What was asked for.
        topology: Topology,
        /// Dimensions that its topologies have.
        expected: usize,
        /// Dimensions of this one.
        found: usize,
    },
    /// A 3D shape that is neither published nor made of multiples of 4.
    NotMultipleOfFour {
        /// The accelerator's label.
        accelerator: &'static str,
        /// What was asked for.
        topology: Topology,
        /// Published ones of about as many chips.
        nearest: Vec<Topology>,
    },
    /// The right dimensions in an order that GKE doesn't use.
    NotNondecreasing {
        /// The accelerator's label.
        accelerator: &'static str,
        /// What was asked for.
        topology: Topology,
        /// How GKE writes it.
        sorted: Topology,
    },
    /// More chips than one slice can have.
    TooManyChips {
        /// The accelerator's label.
        accelerator: &'static str,
        /// What was asked for.
        topology: Topology,
        /// Chips of the largest slice.
        max: u64,
        /// Chips of this one.
        found: u64,
    },
    /// More chips than one VM has, on an accelerator whose slices are one VM each.
    SingleHostOnly {
        /// The accelerator's label.
        accelerator: &'static str,
        /// What was asked for.
        topology: Topology,
        /// Chips of its largest VM.
        max: u64,
    },
    /// Not in the list, on an accelerator with a fixed list.
    NotOffered {
        /// The accelerator's label.
        accelerator: &'static str,
        /// What was asked for.
        topology: Topology,
        /// Published ones of about as many chips.
        nearest: Vec<Topology>,
    },
}

/// Can `accelerator` have slices of this topology?
///
/// # Errors
/// Why not; [`Illegal::alternatives`] says what to take instead.
pub fn check(accelerator: &Accelerator, topology: &Topology) -> Result<Legality, Illegal> {
    check_dimensions(accelerator, topology)?;
    if accelerator.published.contains(topology) {
        return Ok(Legality::Published);
    }
    check_order(accelerator, topology)?;
    check_size(accelerator, topology)?;
    match accelerator.offer {
        Offer::Undocumented => Ok(Legality::Unpublished),
        Offer::Listed => Err(Illegal::NotOffered {
            accelerator: accelerator.label,
            topology: *topology,
            nearest: nearest(accelerator, topology.chips()),
        }),
        Offer::Cubes(_) => check_custom(accelerator, topology),
    }
}

impl Illegal {
    /// What to write instead, best first; empty where the catalogue knows nothing better.
    #[must_use]
    pub fn alternatives(&self) -> Vec<Topology> {
        match self {
            Self::NotNondecreasing { sorted, .. } => vec![*sorted],
            Self::NotMultipleOfFour { nearest, .. } | Self::NotOffered { nearest, .. } => {
                nearest.clone()
            }
            Self::WrongDimensions {
                accelerator,
                topology,
                ..
            }
            | Self::TooManyChips {
                accelerator,
                topology,
                ..
            }
            | Self::SingleHostOnly {
                accelerator,
                topology,
                ..
            } => Accelerator::find(accelerator)
                .map(|found| nearest(found, topology.chips()))
                .unwrap_or_default(),
        }
    }
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongDimensions {
                accelerator,
                topology,
                expected,
                found,
            } => write!(
                f,
                "{accelerator} topologies have {expected} dimensions, {topology} has {found}"
            ),
            Self::NotMultipleOfFour {
                accelerator,
                topology,
                nearest,
            } => {
                write!(
                    f,
                    "{accelerator} has no topology {topology}: \
                     the dimensions of a custom one are multiples of {STEP}"
                )?;
                write_nearest(f, nearest)
            }
            Self::NotNondecreasing {
                accelerator,
                topology,
                sorted,
            } => {
                write!(
                    f,
                    "{accelerator} topologies are ordered: {topology} is written {sorted}"
                )
            }
            Self::TooManyChips {
                accelerator,
                topology,
                max,
                found,
            } => write!(
                f,
                "{topology} has {found} chips, the largest {accelerator} slice has {max}"
            ),
            Self::SingleHostOnly {
                accelerator,
                topology,
                max,
            } => write!(
                f,
                "{accelerator} slices are one VM of at most {max} chips, {topology} has {}",
                topology.chips()
            ),
            Self::NotOffered {
                accelerator,
                topology,
                nearest,
            } => {
                write!(f, "{accelerator} has no topology {topology}")?;
                write_nearest(f, nearest)
            }
        }
    }
}

impl std::error::Error for Illegal {}

fn check_dimensions(accelerator: &Accelerator, topology: &Topology) -> Result<(), Illegal> {
    let found = topology.dims().len();
    match accelerator.dims {
        Some(expected) if expected != found => Err(Illegal::WrongDimensions {
            accelerator: accelerator.label,
            topology: *topology,
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// Refuses another order of a published topology. Some published ones (2x2x1) are themselves not
/// nondecreasing, so the list is asked before the rule.
fn check_order(accelerator: &Accelerator, topology: &Topology) -> Result<(), Illegal> {
    let sorted = topology.sorted();
    match accelerator
        .published
        .iter()
        .find(|published| published.sorted() == sorted)
    {
        Some(published) => Err(Illegal::NotNondecreasing {
            accelerator: accelerator.label,
            topology: *topology,
            sorted: *published,
        }),
        None => Ok(()),
    }
}

fn check_size(accelerator: &Accelerator, topology: &Topology) -> Result<(), Illegal> {
    let label = accelerator.label;
    let found = topology.chips();
    match accelerator.max_chips() {
        Some(max) if found > max => Err(if accelerator.single_host_only {
            Illegal::SingleHostOnly {
                accelerator: label,
                topology: *topology,
                max,
            }
        } else {
            Illegal::TooManyChips {
                accelerator: label,
                topology: *topology,
                max,
                found,
            }
        }),
        _ => Ok(()),
    }
}

fn check_custom(accelerator: &Accelerator, topology: &Topology) -> Result<Legality, Illegal> {
    if topology.dims().iter().any(|dim| dim % STEP != 0) {
        return Err(Illegal::NotMultipleOfFour {
            accelerator: accelerator.label,
            topology: *topology,
            nearest: nearest(accelerator, topology.chips()),
        });
    }
    let sorted = topology.sorted();
    if sorted != *topology {
        return Err(Illegal::NotNondecreasing {
            accelerator: accelerator.label,
            topology: *topology,
            sorted,
        });
    }
    Ok(Legality::Unpublished)
}

fn write_nearest(f: &mut fmt::Formatter<'_>, nearest: &[Topology]) -> fmt::Result {
    for (index, topology) in nearest.iter().enumerate() {
        f.write_str(if index == 0 { "; nearest: " } else { ", " })?;
        write!(f, "{topology} ({} chips)", topology.chips())?;
    }
    Ok(())
}
