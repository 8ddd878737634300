//! From a model, its size or a slice to a plan: the hardware that serves it, sized.
//!
//! One slice shape for all replicas. A [`Plan`] is all that the scaffold needs to know about
//! hardware; a [`Report`] is all that there is to say about it.

mod alternatives;
mod class;
mod commands;
mod error;
mod fit;
mod headroom;
mod model;
mod notes;
mod quota;
mod report;
mod site;
mod size;
mod table;

use std::fmt;

use tpu::sax::{self, ImageVersion};
use tpu::{Accelerator, Slice};

pub(crate) use class::{Description, classes, classes_table};
pub(crate) use commands::{commands, pool_command};
pub(crate) use error::PlanError;
pub(crate) use headroom::Headroom;
pub(crate) use model::{Model, ModelError};
pub(crate) use quota::quota_of;
pub(crate) use report::Report;
pub(crate) use site::{Site, SiteError};
pub(crate) use size::{Dtype, Parameters, Size, gigabytes};

use error::WayOut;
use fit::{Need, Unfit};
use notes::notes;

/// The accelerator where none is named: the tutorial's.
const DEFAULT_ACCELERATOR: &str = "v5e";

/// What is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// A Saxml model class, with or without `saxml.server.pax.lm.params.`.
    pub(crate) model: Option<String>,
    /// How many parameters it has; needed for classes that the catalogue doesn't know.
    pub(crate) parameters: Option<Parameters>,
    /// The type of its weights; the class's own where none is named.
    pub(crate) dtype: Option<Dtype>,
    /// A slice such as `v5e:4x8`.
    pub(crate) slice: Option<String>,
    /// The alias or label of the accelerator to choose a slice of, where none is named.
    pub(crate) accelerator: Option<String>,
    /// How much of the slice's memory the weights must leave free.
    pub(crate) headroom: Headroom,
    /// Model servers, each on a slice of its own.
    pub(crate) replicas: u32,
    /// The model server's image, which decides the classes that exist.
    pub(crate) model_image: String,
}

/// A model and its hardware, sized.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The model's class, where one was named that the catalogue knows.
    pub(crate) model: Option<Model>,
    /// How large the model is, where anything says it.
    pub(crate) size: Option<Size>,
    /// How much of the slice's memory the weights leave free at least.
    pub(crate) headroom: Headroom,
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

/// What was asked for, of which an error may be.
#[derive(Clone, Copy)]
enum Hardware {
    /// Any slice of it.
    Accelerator(&'static Accelerator),
    /// This one.
    Slice(Slice),
}

/// Sizes the hardware for a wish.
pub(crate) fn plan(wish: &Wish) -> Result<Plan, PlanError> {
    let wanted = wish.slice.as_deref().map(parse_slice).transpose()?;
    let model = find_model(wish)?;
    let size = size_of(wish, model.as_ref())?;
    let need = Need::of(model.as_ref(), size).leaving(wish.headroom);
    if !wish.headroom.is_zero() && need.weights.is_none() {
        return Err(PlanError::HeadroomOfNothing);
    }
    let slice = match wanted {
        Some(slice) => checked(wish, &need, model.as_ref(), slice)?,
        None => chosen(wish, &need, model.as_ref())?,
    };
    let plan = divided(wish, slice)?;
    let notes = notes(wish, &plan, &need, model.as_ref());
    Ok(Plan {
        model,
        size,
        notes,
        ..plan
    })
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

    /// The numbers of devices that the class's mesh takes, as a sentence has them.
    pub(crate) fn mesh(&self) -> String {
        let model = self.model.as_ref();
        model.map_or_else(String::new, |model| fit::list(model.registration.chips))
    }

    /// What its model asks of a slice.
    fn need(&self) -> Need {
        Need::of(self.model.as_ref(), self.size).leaving(self.headroom)
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

/// The flag that asks for it.
impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accelerator(accelerator) => {
                write!(f, "--accelerator {}", accelerator.short_name())
            }
            Self::Slice(slice) => write!(f, "--slice {slice}"),
        }
    }
}

fn parse_slice(text: &str) -> Result<Slice, PlanError> {
    Slice::parse(text).map_err(|cause| PlanError::Slice {
        text: text.to_owned(),
        cause,
    })
}

/// The class, where one is named and known. An unknown one is allowed where something else says
/// how large it is.
fn find_model(wish: &Wish) -> Result<Option<Model>, PlanError> {
    let Some(class) = wish.model.as_deref() else {
        return Ok(None);
    };
    let sized = wish.slice.is_some() || wish.parameters.is_some();
    match Model::find(class, ImageVersion::from_image(&wish.model_image)) {
        Ok(model) => Ok(Some(model)),
        Err(ModelError::Unknown { .. }) if sized && sax::model_path_valid(class) => Ok(None),
        Err(cause) => Err(PlanError::Model {
            class: class.to_owned(),
            cause,
        }),
    }
}

/// What is said explicitly wins over what the catalogue says.
fn size_of(wish: &Wish, model: Option<&Model>) -> Result<Option<Size>, PlanError> {
    let known = model.and_then(Model::size);
    let parameters = wish.parameters.or(known.map(|size| size.parameters));
    let Some(parameters) = parameters else {
        return match wish.dtype {
            Some(_) => Err(PlanError::DtypeOfNothing),
            None => Ok(None),
        };
    };
    let dtype = wish.dtype.or(model.map(Model::dtype));
    Ok(Some(Size {
        parameters,
        dtype: dtype.unwrap_or(size::RULE),
    }))
}

/// The slice that was named, if it can serve the model.
fn checked(
    wish: &Wish,
    need: &Need,
    model: Option<&Model>,
    slice: Slice,
) -> Result<Slice, PlanError> {
    let accelerator = slice.accelerator();
    let named = match accelerator.sax_chip() {
        Some(_) => need.check(&slice),
        None => Err(Unfit::NoSaxChip {
            accelerator: accelerator.label(),
        }),
    };
    named.map_err(|cause| unfit(wish, need, model, Hardware::Slice(slice), cause))?;
    Ok(slice)
}

/// The smallest slice of the accelerator that can serve the model.
fn chosen(wish: &Wish, need: &Need, model: Option<&Model>) -> Result<Slice, PlanError> {
    let accelerator = accelerator(wish.accelerator.as_deref().unwrap_or(DEFAULT_ACCELERATOR))?;
    if need.is_empty() {
        return Err(PlanError::NothingWanted);
    }
    let slices = need
        .slices(accelerator)
        .map_err(|cause| unfit(wish, need, model, Hardware::Accelerator(accelerator), cause))?;
    Ok(slices[0])
}

fn accelerator(name: &str) -> Result<&'static Accelerator, PlanError> {
    Accelerator::from_alias_or_label(name).ok_or_else(|| PlanError::Accelerator {
        name: name.to_owned(),
        suggestions: tpu::accelerator_suggestions(name),
    })
}

fn unfit(
    wish: &Wish,
    need: &Need,
    model: Option<&Model>,
    hardware: Hardware,
    cause: Unfit,
) -> PlanError {
    let (accelerator, wanted) = match hardware {
        Hardware::Accelerator(accelerator) => (accelerator, None),
        Hardware::Slice(slice) => (slice.accelerator(), Some(slice)),
    };
    let about_hardware = matches!(cause, Unfit::NoSaxChip { .. } | Unfit::NoTopologies { .. });
    let subject = match (&wish.model, wish.parameters) {
        (Some(class), _) if !about_hardware => format!("model {class:?}"),
        (None, Some(parameters)) if !about_hardware => format!("--params {parameters}"),
        _ => hardware.to_string(),
    };
    PlanError::Unfit {
        subject,
        cause: Box::new(cause),
        way_out: WayOut::find(need, model, accelerator, wanted.as_ref()),
    }
}

/// The plan of so many such slices, with nothing said of the model yet.
fn divided(wish: &Wish, slice: Slice) -> Result<Plan, PlanError> {
    let accelerator = slice.accelerator().label();
    let no_machine = || PlanError::NoMachine {
        slice: slice.to_string(),
        accelerator,
    };
    let (chips_per_vm, vms) = division(&slice).ok_or_else(no_machine)?;
    let replicas = wish.replicas;
    let limit = i32::MAX.unsigned_abs() / vms.max(1);
    if replicas == 0 || replicas > limit {
        let found = replicas;
        return Err(PlanError::Replicas { found, limit });
    }
    Ok(Plan {
        model: None,
        size: None,
        headroom: wish.headroom,
        slice,
        replicas,
        chips_per_vm,
        vms,
        chip: slice.accelerator().sax_chip().ok_or_else(no_machine)?,
        platform_topology: sax::platform_topology_of(&slice.topology()),
        notes: Vec::new(),
    })
}

/// Chips per VM and VMs. Where several machine types fit (2x4 on v5e), the fewest VMs: what fits
/// on one machine needs no peers.
pub(crate) fn division(slice: &Slice) -> Option<(u32, u32)> {
    let chips = slice.chips_per_vm_choices().into_iter().max()?;
    Some((chips, slice.vms(chips)?))
}

#[cfg(test)]
mod catalogue_tests;
#[cfg(test)]
mod site_tests;
#[cfg(test)]
mod size_tests;
#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
