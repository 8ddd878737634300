//! Why there is no plan, and the one action that mends it.

use tpu::{Accelerator, Slice, SliceError};

use super::alternatives::alternatives;
use super::fit::{Need, Unfit};
use super::model::{Model, ModelError, did_you_mean};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum PlanError {
    /// Neither a model, nor its size, nor a slice.
    #[error("nothing says what hardware to use: no model class, no parameters, no slice")]
    NothingWanted,
    /// No slice at all.
    #[error("--slice {text:?}: {cause}")]
    Slice {
        /// As written.
        text: String,
        /// Why.
        cause: SliceError,
    },
    /// No accelerator.
    #[error(
        "--accelerator {name:?}: no such accelerator{}",
        did_you_mean(suggestions)
    )]
    Accelerator {
        /// As written.
        name: String,
        /// Names that look like it.
        suggestions: Vec<&'static str>,
    },
    /// There is no such model.
    #[error("model {class:?}: {cause}")]
    Model {
        /// As written.
        class: String,
        /// Why.
        cause: ModelError,
    },
    /// A type for a model of unknown size.
    #[error("--dtype: without --params or a class of known size there is nothing to multiply")]
    DtypeOfNothing,
    /// Memory left free by a model of unknown size.
    #[error("--hbm-headroom: without --params or a class of known size nothing says what is left")]
    HeadroomOfNothing,
    /// The hardware can't serve it.
    #[error("{subject}: {cause}")]
    Unfit {
        /// The model, its size or the hardware, as written.
        subject: String,
        /// Why.
        cause: Box<Unfit>,
        /// What to do instead.
        way_out: WayOut,
    },
    /// Replicas out of range.
    #[error(
        "--replicas {found}: must be between 1 and {limit}, so that a JobSet can count the Pods"
    )]
    Replicas {
        /// As written.
        found: u32,
        /// The most for this slice.
        limit: u32,
    },
    /// No machine type makes up the slice.
    #[error("--slice {slice}: no machine type of {accelerator} makes up this topology")]
    NoMachine {
        /// As planned.
        slice: String,
        /// The accelerator's label.
        accelerator: &'static str,
    },
}

/// What to do where the hardware can't serve a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WayOut {
    /// Take this slice.
    Slice(Slice),
    /// Take this class, which runs on this slice.
    Class(&'static str, Slice),
    /// Nothing serves it: make the weights smaller.
    Smaller,
    /// No class of it runs anywhere.
    None,
}

impl PlanError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::NothingWanted => {
                "name a model class such as lm_cloud.LmCloudSpmd175B32Test, or add --slice v5e:4x8"
                    .to_owned()
            }
            Self::Slice { cause, .. } => slice_fix(cause),
            Self::Accelerator { suggestions, .. } => {
                format!(
                    "write --accelerator {}",
                    suggestions.first().unwrap_or(&"v5e")
                )
            }
            Self::Model { cause, .. } => cause.fix(),
            Self::DtypeOfNothing | Self::HeadroomOfNothing => {
                "add --params, such as --params 175B".to_owned()
            }
            Self::Unfit { way_out, .. } => way_out.fix(),
            Self::Replicas { limit, .. } => format!("give a number between 1 and {limit}"),
            Self::NoMachine { .. } => "take a published topology, such as v5e:4x8".to_owned(),
        }
    }
}

impl WayOut {
    /// What serves this, best first: a slice of the same accelerator, then of another one, then
    /// another class of the same model.
    pub(super) fn find(
        need: &Need,
        model: Option<&Model>,
        accelerator: &'static Accelerator,
        wanted: Option<&Slice>,
    ) -> Self {
        if let (true, Some(wanted)) = (need.is_empty(), wanted) {
            return as_large(wanted).map_or(Self::None, Self::Slice);
        }
        let others = served().filter(|other| *other != accelerator);
        let order: Vec<_> = std::iter::once(accelerator).chain(others).collect();
        let slice = |accelerator: &&'static Accelerator| {
            let slices = need.slices(accelerator).ok()?;
            slices.first().copied()
        };
        if let Some(slice) = order.iter().find_map(slice) {
            return Self::Slice(slice);
        }
        let Some(model) = model else {
            return Self::Smaller;
        };
        let class = |accelerator: &&'static Accelerator| {
            let found = alternatives(model, accelerator, need.headroom);
            found
                .first()
                .map(|other| (other.model.class.name(), other.slice))
        };
        order
            .iter()
            .find_map(class)
            .map_or(Self::None, |(class, slice)| Self::Class(class, slice))
    }

    fn fix(&self) -> String {
        match self {
            Self::Slice(slice) => format!("write --slice {slice}"),
            Self::Class(class, slice) => format!("take {class}, which runs on {slice}"),
            Self::Smaller => {
                "take a smaller model, or fewer bytes a parameter with --dtype".to_owned()
            }
            Self::None => "take another class: `kubectl sax models list` shows them".to_owned(),
        }
    }
}

/// The accelerators that Saxml can serve on, the tutorial's first.
fn served() -> impl Iterator<Item = &'static Accelerator> {
    let first = Accelerator::from_alias_or_label(super::DEFAULT_ACCELERATOR);
    let others = Accelerator::all().iter();
    let others = others.filter(move |other| Some(*other) != first && other.sax_chip().is_some());
    first.into_iter().chain(others)
}

/// A slice of as many chips, or about as many, on an accelerator that Saxml can serve on.
fn as_large(wanted: &Slice) -> Option<Slice> {
    let nearest = |accelerator: &'static Accelerator| {
        let nearest = *tpu::nearest(accelerator, wanted.chips()).first()?;
        let (slice, _) = Slice::new(accelerator, nearest).ok()?;
        Some(slice)
    };
    let found: Vec<_> = served().filter_map(nearest).collect();
    let exact = found.iter().find(|slice| slice.chips() == wanted.chips());
    exact.or(found.first()).copied()
}

fn slice_fix(cause: &SliceError) -> String {
    let shapes = match cause {
        SliceError::Illegal(illegal) => illegal.alternatives(),
        _ => Vec::new(),
    };
    match (cause, shapes.first()) {
        (_, Some(topology)) => format!("take {topology}"),
        (
            SliceError::NoColon {
                suggestion: Some(meant),
                ..
            },
            _,
        ) => format!("write --slice {meant}"),
        (SliceError::UnknownAccelerator { suggestions, .. }, _) if !suggestions.is_empty() => {
            format!("write {}", suggestions[0])
        }
        _ => "write ACCELERATOR:TOPOLOGY, such as v5e:4x8".to_owned(),
    }
}
