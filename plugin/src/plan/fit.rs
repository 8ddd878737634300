//! Which slices of an accelerator can serve a model, and why none can.

use tpu::{Accelerator, Slice};

use super::headroom::Headroom;
use super::model::Model;
use super::size::{Size, gigabytes};

/// What a model asks of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// How many devices JAX must show, exactly one of these; `None` where no class says it.
    pub(crate) devices: Option<&'static [u32]>,
    /// The weights in bytes, where the size is known.
    pub(crate) weights: Option<u64>,
    /// What the weights must leave free.
    pub(crate) headroom: Headroom,
}

/// Why no slice of an accelerator can serve a model, or this one can't.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// Saxml can't name the chip.
    #[error(
        "Saxml has no --platform_chip for {accelerator}, so its admin server refuses every \
         model server there"
    )]
    NoSaxChip {
        /// The accelerator's label.
        accelerator: &'static str,
    },
    /// Nothing to choose from.
    #[error("no topologies of {accelerator} are published to choose from")]
    NoTopologies {
        /// The accelerator's label.
        accelerator: &'static str,
    },
    /// No slice of that many devices.
    #[error("no {accelerator} slice has exactly {} devices{range}", list(devices))]
    NoSlice {
        /// The accelerator's short name.
        accelerator: &'static str,
        /// What the mesh takes.
        devices: &'static [u32],
        /// Where the published ones begin or end.
        range: String,
    },
    /// A slice of another number of devices than the mesh.
    #[error(
        "its mesh needs exactly {} devices, a {slice} slice has {found}",
        list(devices)
    )]
    Mesh {
        /// What the mesh takes.
        devices: &'static [u32],
        /// The slice.
        slice: String,
        /// Its devices.
        found: u64,
    },
    /// Too little memory.
    #[error(
        "its weights are about {}, a {slice} slice has {hbm}{}",
        gigabytes(*weights), left(*weights, *bytes, *headroom)
    )]
    Memory {
        /// In bytes.
        weights: u64,
        /// The slice.
        slice: String,
        /// Its memory, with the unit.
        hbm: String,
        /// Its memory.
        bytes: u64,
        /// What of it must stay free.
        headroom: Headroom,
    },
}

impl Need {
    /// What a model of this size asks.
    pub(super) fn of(model: Option<&Model>, size: Option<Size>) -> Self {
        Self {
            devices: model.map(|model| model.registration.chips),
            weights: size.map(Size::weights),
            headroom: Headroom::default(),
        }
    }

    /// The same, leaving so much of the memory free.
    pub(super) fn leaving(self, headroom: Headroom) -> Self {
        Self { headroom, ..self }
    }

    /// Is nothing known of the model?
    pub(crate) fn is_empty(&self) -> bool {
        self.devices.is_none() && self.weights.is_none()
    }

    /// Every legal slice of the accelerator that can serve it, the one to take first.
    pub(crate) fn slices(&self, accelerator: &'static Accelerator) -> Result<Vec<Slice>, Unfit> {
        if accelerator.sax_chip().is_none() {
            let accelerator = accelerator.label();
            return Err(Unfit::NoSaxChip { accelerator });
        }
        self.slices_for_any_chip(accelerator)
    }

    /// The same, were Saxml able to name every chip.
    pub(crate) fn slices_for_any_chip(
        &self,
        accelerator: &'static Accelerator,
    ) -> Result<Vec<Slice>, Unfit> {
        if accelerator.published().len() == 0 {
            let accelerator = accelerator.label();
            return Err(Unfit::NoTopologies { accelerator });
        }
        let candidates = self.candidates(accelerator);
        let (fitting, unfit): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .map(|slice| self.check(&slice).map(|()| slice))
            .partition(Result::is_ok);
        if fitting.is_empty() {
            // The last is the largest: it says best what is missing.
            let largest = unfit.into_iter().filter_map(Result::err).next_back();
            return Err(largest.unwrap_or_else(|| no_slice(accelerator, self.devices)));
        }
        Ok(fitting.into_iter().flatten().collect())
    }

    /// Can this slice serve it? Saxml compares the mesh with the devices, exactly. What isn't
    /// documented about the slice isn't held against it.
    pub(crate) fn check(&self, slice: &Slice) -> Result<(), Unfit> {
        if let (Some(devices), Some(found)) = (self.devices, slice.jax_devices())
            && !devices.iter().any(|devices| u64::from(*devices) == found)
        {
            let slice = slice.to_string();
            return Err(Unfit::Mesh {
                devices,
                slice,
                found,
            });
        }
        match (self.weights, slice.hbm()) {
            (Some(weights), Some(hbm)) if !self.leaves_enough(weights, hbm.bytes()) => {
                Err(Unfit::Memory {
                    weights,
                    slice: slice.to_string(),
                    hbm: hbm.to_string(),
                    bytes: hbm.bytes(),
                    headroom: self.headroom,
                })
            }
            _ => Ok(()),
        }
    }

    /// Weights that leave no byte for anything else can't be served either.
    fn leaves_enough(&self, weights: u64, bytes: u64) -> bool {
        weights < bytes && weights <= self.headroom.leaves(bytes)
    }

    /// Slices worth a look, smallest first.
    fn candidates(&self, accelerator: &'static Accelerator) -> Vec<Slice> {
        let topologies = match self.devices {
            None => accelerator.published().collect(),
            Some(devices) => {
                let chips = devices
                    .iter()
                    .filter_map(|count| chips(accelerator, *count));
                let exact = chips.flat_map(|chips| tpu::topologies_with_chips(accelerator, chips));
                exact.collect::<Vec<_>>()
            }
        };
        let slices = topologies.into_iter();
        let slices = slices.filter_map(|topology| Slice::new(accelerator, topology).ok());
        slices.map(|(slice, _)| slice).collect()
    }
}

/// Chips that show this many devices; `None` where none do.
fn chips(accelerator: &Accelerator, devices: u32) -> Option<u64> {
    let per_chip = accelerator.jax_devices_per_chip()?;
    (devices.checked_rem(per_chip)? == 0).then(|| u64::from(devices / per_chip))
}

fn no_slice(accelerator: &'static Accelerator, devices: Option<&'static [u32]>) -> Unfit {
    let devices = devices.unwrap_or_default();
    let per_chip = u64::from(accelerator.jax_devices_per_chip().unwrap_or(1));
    let counts = || {
        accelerator
            .published()
            .map(|slice| slice.chips().saturating_mul(per_chip))
    };
    let (smallest, largest) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let all = |beyond: &dyn Fn(u64) -> bool| devices.iter().all(|count| beyond(u64::from(*count)));
    let range = if all(&|count| count < smallest) {
        format!("; the smallest has {smallest}")
    } else if all(&|count| count > largest) {
        format!("; the largest has {largest}")
    } else {
        String::new()
    };
    Unfit::NoSlice {
        accelerator: accelerator.short_name(),
        devices,
        range,
    }
}

fn left(weights: u64, bytes: u64, headroom: Headroom) -> String {
    if weights < bytes {
        let left = gigabytes(headroom.leaves(bytes));
        return format!(", of which --hbm-headroom {headroom} leaves {left}");
    }
    let nothing = weights == bytes;
    let text = if nothing {
        ", which leaves nothing to compute with"
    } else {
        ""
    };
    text.to_owned()
}

/// Numbers as a sentence has them: `1, 4 or 8`.
pub(crate) fn list(numbers: &[u32]) -> String {
    let texts: Vec<_> = numbers.iter().map(u32::to_string).collect();
    match texts.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => texts.concat(),
    }
}
