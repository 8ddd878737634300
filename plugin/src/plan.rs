//! From a model or a slice to a plan: the hardware that serves it, sized.
//!
//! Thin on purpose: one slice shape for all replicas. What is planned here is all that the
//! scaffold needs to know about hardware.

mod model;

use std::fmt;

use tpu::sax::{self, ImageVersion};
use tpu::{Accelerator, Legality, Slice, SliceError, Topology};

pub(crate) use model::{Model, ModelError};

/// The accelerator for a model when none is named: the tutorial's.
const DEFAULT_ACCELERATOR: &str = "v5e";

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// A Saxml model class, with or without `saxml.server.pax.lm.params.`.
    pub(crate) model: Option<String>,
    /// A slice such as `v5e:4x8`.
    pub(crate) slice: Option<String>,
    /// Model servers, each on a slice of its own.
    pub(crate) replicas: u32,
    /// The model server's image, which decides the classes that exist.
    pub(crate) model_image: String,
}

/// A model and its hardware, sized.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The model's class, where one was named.
    pub(crate) model: Option<Model>,
    /// The hardware behind each replica.
    pub(crate) slice: Slice,
    /// Model servers.
    pub(crate) replicas: u32,
    /// Chips of each VM, which is what each Pod requests.
    pub(crate) chips_per_vm: u32,
    /// VMs of each slice, which is how many Pods each Job has.
    pub(crate) vms: u32,
    /// What `--platform_chip` says.
    pub(crate) chip: &'static str,
    /// What `--platform_topology` says; `None` where Saxml has no word for it.
    pub(crate) platform_topology: Option<&'static str>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum PlanError {
    /// Neither a model nor a slice.
    #[error("neither --model nor --slice says what hardware to use")]
    NothingWanted,
    /// No slice at all.
    #[error("--slice {text:?}: {cause}")]
    Slice {
        /// As written.
        text: String,
        /// Why.
        cause: SliceError,
    },
    /// The model can't be planned.
    #[error("--model {class:?}: {cause}")]
    Model {
        /// As written.
        class: String,
        /// Why.
        cause: ModelError,
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
    /// An accelerator that Saxml can't name.
    #[error(
        "--slice {slice}: Saxml has no --platform_chip for {accelerator}, so its admin server \
         refuses every model server there"
    )]
    NoSaxChip {
        /// As planned.
        slice: String,
        /// The accelerator's label.
        accelerator: &'static str,
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

/// Sizes the hardware for a wish.
pub(crate) fn plan(wish: &Wish) -> Result<Plan, PlanError> {
    let mut notes = Vec::new();
    let wanted = wish.slice.as_deref().map(parse_slice).transpose()?;
    let model = find_model(wish, wanted.is_some(), &mut notes)?;
    let slice = match (wanted, &model) {
        (Some(slice), _) => slice,
        (None, Some(model)) => slice_for(model, wish)?,
        (None, None) => return Err(PlanError::NothingWanted),
    };
    if let Some(model) = &model {
        model
            .check_fits(&slice)
            .map_err(|cause| model_error(wish, cause))?;
        notes.extend(model.note());
    }
    if slice.legality() == Legality::Unpublished {
        notes.push(format!(
            "{slice} is legal, but not in Google's published list"
        ));
    }
    sized(slice, model, wish.replicas, notes)
}

impl Plan {
    /// Do several VMs make up a slice?
    pub(crate) fn is_multi_host(&self) -> bool {
        self.vms > 1
    }

    /// All chips of all replicas.
    pub(crate) fn total_chips(&self) -> u64 {
        self.slice.chips().saturating_mul(u64::from(self.replicas))
    }
}

/// One line: `2 x v5e:4x8 = 64 chips; each slice 8 VMs of 4 chips, one node pool each`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            slice,
            replicas,
            vms,
            chips_per_vm,
            ..
        } = self;
        let total = self.total_chips();
        write!(f, "{replicas} x {slice} = {total} chips; each slice ")?;
        if self.is_multi_host() {
            write!(
                f,
                "{vms} VMs of {chips_per_vm} chips on a node pool of its own"
            )
        } else {
            write!(f, "one VM of {chips_per_vm} chips")
        }
    }
}

impl PlanError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::NothingWanted => {
                "add --model lm_cloud.LmCloudSpmd175B32Test or --slice v5e:4x8".to_owned()
            }
            Self::Slice { cause, .. } => slice_fix(cause),
            Self::Model { cause, .. } => cause.fix(),
            Self::Replicas { limit, .. } => format!("give a number between 1 and {limit}"),
            Self::NoSaxChip { .. } => "take a v4 or v5e slice, such as v5e:4x8".to_owned(),
            Self::NoMachine { .. } => "take a published topology, such as v5e:4x8".to_owned(),
        }
    }
}

fn sized(
    slice: Slice,
    model: Option<Model>,
    replicas: u32,
    mut notes: Vec<String>,
) -> Result<Plan, PlanError> {
    let accelerator = slice.accelerator();
    let chip = accelerator.sax_chip().ok_or_else(|| PlanError::NoSaxChip {
        slice: slice.to_string(),
        accelerator: accelerator.label(),
    })?;
    let (chips_per_vm, vms) = division(&slice).ok_or_else(|| PlanError::NoMachine {
        slice: slice.to_string(),
        accelerator: accelerator.label(),
    })?;
    let limit = i32::MAX.unsigned_abs() / vms.max(1);
    if replicas == 0 || replicas > limit {
        let found = replicas;
        return Err(PlanError::Replicas { found, limit });
    }
    let platform_topology = sax::platform_topology_of(&slice.topology());
    if platform_topology.is_none() {
        notes.push(format!(
            "Saxml has no --platform_topology for {slice}; its default stays"
        ));
    }
    Ok(Plan {
        model,
        slice,
        replicas,
        chips_per_vm,
        vms,
        chip,
        platform_topology,
        notes,
    })
}

/// Chips per VM and VMs. Where several machine types fit (2x4 on v5e), the fewest VMs: what fits
/// on one machine needs no peers.
fn division(slice: &Slice) -> Option<(u32, u32)> {
    let chips = slice.chips_per_vm_choices().into_iter().max()?;
    Some((chips, slice.vms(chips)?))
}

fn parse_slice(text: &str) -> Result<Slice, PlanError> {
    Slice::parse(text).map_err(|cause| PlanError::Slice {
        text: text.to_owned(),
        cause,
    })
}

fn find_model(
    wish: &Wish,
    has_slice: bool,
    notes: &mut Vec<String>,
) -> Result<Option<Model>, PlanError> {
    let Some(class) = wish.model.as_deref() else {
        return Ok(None);
    };
    let version = ImageVersion::from_image(&wish.model_image);
    match Model::find(class, version) {
        Err(ModelError::Unknown { .. }) if has_slice && sax::model_path_valid(class) => {
            notes.push(format!(
                "model class {class:?} isn't in our catalogue: nothing checks that it fits {}",
                wish.slice.as_deref().unwrap_or_default()
            ));
            Ok(None)
        }
        Err(cause) => Err(model_error(wish, cause)),
        Ok(model) => Ok(Some(model)),
    }
}

/// The smallest slice of the default accelerator that has as many devices as the model's mesh
/// and holds its weights.
fn slice_for(model: &Model, wish: &Wish) -> Result<Slice, PlanError> {
    let accelerator =
        Accelerator::from_alias_or_label(DEFAULT_ACCELERATOR).expect("the catalogue must have v5e");
    let mut fault = ModelError::NoSlice {
        chips: model.chips.to_vec(),
        accelerator: DEFAULT_ACCELERATOR,
    };
    for chips in model.chips {
        for topology in tpu::topologies_with_chips(accelerator, u64::from(*chips)) {
            match legal(accelerator, topology).map(|slice| (slice, model.check_fits(&slice))) {
                Some((slice, Ok(()))) => return Ok(slice),
                Some((_, Err(cause))) => fault = cause,
                None => {}
            }
        }
    }
    Err(model_error(wish, fault))
}

fn legal(accelerator: &'static Accelerator, topology: Topology) -> Option<Slice> {
    Slice::new(accelerator, topology)
        .ok()
        .map(|(slice, _)| slice)
}

fn model_error(wish: &Wish, cause: ModelError) -> PlanError {
    PlanError::Model {
        class: wish.model.clone().unwrap_or_default(),
        cause,
    }
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

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
