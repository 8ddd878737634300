//! A Saxml model class as one image version has it.

use tpu::Slice;
use tpu::sax::{self, ImageVersion, ModelClass, Registration};

/// Bytes of a parameter: bf16, and int8 where the class quantizes.
const BF16_BYTES: u64 = 2;
const INT8_BYTES: u64 = 1;
/// Versions, newest first, with their tags.
const VERSIONS: [(ImageVersion, &str); 3] = [
    (ImageVersion::Head, "nightly"),
    (ImageVersion::V1_2_0, "v1.2.0"),
    (ImageVersion::V1_1_0, "v1.1.0"),
];

/// A class that exists.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    /// The class.
    pub(crate) class: &'static ModelClass,
    /// The numbers of devices that it runs on; exactly one of them.
    pub(crate) chips: &'static [u32],
    /// Its weights in bytes, where its size is known.
    weights: Option<u64>,
    /// Is the image one whose classes we know?
    known_image: bool,
}

/// Why a model can't be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum ModelError {
    /// Not in the catalogue.
    #[error("no such model class{}", did_you_mean(suggestions))]
    Unknown {
        /// Classes that look like it.
        suggestions: Vec<&'static str>,
    },
    /// Not in this image.
    #[error("the image of {image} doesn't have this class; {} does", others.join(" or "))]
    NotInImage {
        /// The tag asked for.
        image: &'static str,
        /// Tags of images that have it.
        others: Vec<&'static str>,
    },
    /// Another number of devices than its mesh.
    #[error(
        "its mesh needs exactly {} devices, a {slice} slice has {found}",
        list(chips)
    )]
    Mesh {
        /// What the mesh takes.
        chips: Vec<u32>,
        /// The slice.
        slice: String,
        /// Its devices.
        found: u64,
        /// Slices of the same accelerator that it runs on.
        fitting: Vec<String>,
    },
    /// Too little memory.
    #[error("its weights are about {} GB, a {slice} slice has {}", weights / 1_000_000_000, hbm)]
    Memory {
        /// In bytes.
        weights: u64,
        /// The slice.
        slice: String,
        /// Its memory, with the unit.
        hbm: String,
    },
    /// No topology of the default accelerator has that many chips.
    #[error("no {accelerator} slice has exactly {} chips", list(chips))]
    NoSlice {
        /// What the mesh takes.
        chips: Vec<u32>,
        /// The accelerator's alias.
        accelerator: &'static str,
    },
}

impl Model {
    /// The class in an image version; where the version isn't known, in the newest that has it.
    pub(super) fn find(class: &str, version: Option<ImageVersion>) -> Result<Self, ModelError> {
        let found = sax::find(class).ok_or_else(|| ModelError::Unknown {
            suggestions: sax::suggestions(class),
        })?;
        let registration = match version {
            Some(version) => found.registration(version),
            None => VERSIONS
                .iter()
                .find_map(|(known, _)| found.registration(*known)),
        };
        let registration = registration.ok_or_else(|| not_in_image(found, version))?;
        Ok(Self {
            class: found,
            chips: registration.chips,
            weights: weights(found, registration),
            known_image: version.is_some(),
        })
    }

    /// Can this slice serve it? Saxml compares the mesh with the devices, exactly.
    pub(super) fn check_fits(&self, slice: &Slice) -> Result<(), ModelError> {
        let devices = slice.jax_devices().unwrap_or_else(|| slice.chips());
        if !self.chips.iter().any(|chips| u64::from(*chips) == devices) {
            return Err(ModelError::Mesh {
                chips: self.chips.to_vec(),
                slice: slice.to_string(),
                found: devices,
                fitting: self.fitting(slice),
            });
        }
        match (self.weights, slice.hbm(), slice.hbm_bytes()) {
            (Some(weights), Some(hbm), Some(bytes)) if weights > bytes => Err(ModelError::Memory {
                weights,
                slice: slice.to_string(),
                hbm: hbm.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Slices of this one's accelerator with as many devices as the mesh.
    fn fitting(&self, slice: &Slice) -> Vec<String> {
        let accelerator = slice.accelerator();
        let per_chip = accelerator.jax_devices_per_chip().unwrap_or(1);
        let chips = self
            .chips
            .iter()
            .map(|devices| u64::from(devices / per_chip));
        let topologies = chips.flat_map(|chips| tpu::topologies_with_chips(accelerator, chips));
        let name = accelerator.short_name();
        topologies
            .map(|topology| format!("{name}:{topology}"))
            .collect()
    }

    /// What to tell about it.
    pub(super) fn note(&self) -> Option<String> {
        (!self.known_image).then(|| {
            "the classes of this model server image aren't known; \
             the newest known version of the class was taken"
                .to_owned()
        })
    }
}

impl ModelError {
    /// The one action that mends it.
    pub(super) fn fix(&self) -> String {
        match self {
            Self::Unknown { suggestions } => match suggestions.first() {
                Some(class) => format!("write --model {class}"),
                None => "name its slice with --slice as well, such as v5e:4x8".to_owned(),
            },
            Self::NotInImage { others, .. } => match others.first() {
                Some(tag) => format!("add --image-version {tag}"),
                None => "take another class".to_owned(),
            },
            Self::Mesh { fitting, .. } if !fitting.is_empty() => {
                format!("write --slice {}", fitting[0])
            }
            Self::Mesh { chips, .. } | Self::NoSlice { chips, .. } => {
                format!("take a slice of exactly {} chips", list(chips))
            }
            Self::Memory { .. } => "take a class with a larger mesh".to_owned(),
        }
    }
}

fn weights(class: &ModelClass, registration: &Registration) -> Option<u64> {
    let bytes = if registration.quantized {
        INT8_BYTES
    } else {
        BF16_BYTES
    };
    Some(u64::from(class.parameters_millions()?) * 1_000_000 * bytes)
}

fn not_in_image(class: &ModelClass, version: Option<ImageVersion>) -> ModelError {
    let has = |version: ImageVersion| class.registration(version).is_some();
    let tag = |wanted| {
        let entry = VERSIONS.iter().find(|(known, _)| Some(*known) == wanted);
        entry.map_or("this tag", |(_, tag)| *tag)
    };
    let others = VERSIONS.iter().rev().filter(|(version, _)| has(*version));
    ModelError::NotInImage {
        image: tag(version),
        others: others.map(|(_, tag)| *tag).collect(),
    }
}

fn did_you_mean(suggestions: &[&str]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", suggestions.join(" or "))
    }
}

fn list(numbers: &[u32]) -> String {
    let texts: Vec<_> = numbers.iter().map(u32::to_string).collect();
    texts.join(" or ")
}
