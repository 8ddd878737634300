//! All that there is to say of a plan, as data: what `-o json` and `-o yaml` print and the table
//! is made of.

use serde::Serialize;
use tpu::{Accelerator, Legality, Slice};

use super::alternatives::{alternatives, neighbours};
use super::fit::{Need, Unfit};
use super::size::RULE;
use super::{Headroom, Model, Plan, Size, Wish, division, quota};

/// A plan in full. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The class; `null` where none was named.
    pub(crate) model: Option<ModelPart>,
    /// The weights; `null` where nothing says how large they are.
    pub(crate) weights: Option<WeightsPart>,
    /// The hardware behind each replica.
    pub(crate) slice: SlicePart,
    /// Model servers, each on such a slice.
    pub(crate) replicas: u32,
    /// All of it.
    pub(crate) total: TotalPart,
    /// What each accelerator offers for the model; empty where nothing is known of the model.
    pub(crate) accelerators: Vec<AcceleratorPart>,
    /// Slices of about the same size, none of which can serve the class.
    pub(crate) misfits: Vec<MisfitPart>,
    /// Classes of the same model that this accelerator can serve.
    pub(crate) alternatives: Vec<AlternativePart>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelPart {
    /// As `publish` takes it; as written where the catalogue doesn't know it.
    pub(crate) class: String,
    /// The build whose class it is; `null` where no known one has it.
    pub(crate) image_version: Option<&'static str>,
    /// Are its weights random, whatever the checkpoint? `null` where unknown.
    pub(crate) test_mode: Option<bool>,
    /// Numbers of devices of its mesh, exactly one of which JAX must show; `null` where unknown.
    pub(crate) devices: Option<&'static [u32]>,
}

/// Weights by the tutorial's rule and as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WeightsPart {
    /// How many parameters.
    pub(crate) parameters: u64,
    /// The rule: two bytes each.
    pub(crate) rule: WidthPart,
    /// As they are kept.
    pub(crate) kept: WidthPart,
    /// The share of a slice's memory that they must leave free; absent where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hbm_headroom: Option<Headroom>,
}

/// Parameters of one width.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WidthPart {
    /// The type.
    pub(crate) dtype: String,
    /// Bytes of a parameter.
    pub(crate) bytes_per_parameter: u64,
    /// Bytes of all.
    pub(crate) bytes: u64,
    /// The fewest chips that hold them; `null` where the chip's memory isn't published.
    pub(crate) chips: Option<u64>,
}

/// A slice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlicePart {
    /// As `--slice` takes it.
    pub(crate) name: String,
    /// The value of the label `cloud.google.com/gke-tpu-accelerator`.
    pub(crate) accelerator: &'static str,
    /// The value of the label `cloud.google.com/gke-tpu-topology`.
    pub(crate) topology: String,
    /// Is it in Google's published list?
    pub(crate) published: bool,
    /// Its chips.
    pub(crate) chips: u64,
    /// What JAX shows on it; `null` where undocumented.
    pub(crate) devices: Option<u64>,
    /// Memory of all chips; `null` where unpublished.
    pub(crate) memory_bytes: Option<u64>,
    /// The same as Google writes it.
    #[serde(skip)]
    pub(crate) memory: Option<String>,
    /// The VMs' machine type.
    pub(crate) machine_type: Option<&'static str>,
    /// How many VMs.
    pub(crate) vms: u32,
    /// Chips of each.
    pub(crate) chips_per_vm: u32,
    /// The model server's `--platform_chip`; `null` where Saxml has none and serves nothing.
    pub(crate) platform_chip: Option<&'static str>,
    /// The model server's `--platform_topology`; `null` where Saxml has none.
    pub(crate) platform_topology: Option<&'static str>,
}

/// All replicas together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TotalPart {
    /// Chips.
    pub(crate) chips: u64,
    /// VMs.
    pub(crate) vms: u64,
    /// Node pools: one for each slice of several VMs, one for all slices of one VM.
    pub(crate) node_pools: u32,
    /// VMs of each node pool.
    pub(crate) vms_per_node_pool: u32,
    /// What it counts against.
    pub(crate) quota: QuotaPart,
}

/// A quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuotaPart {
    /// The service that owns it.
    pub(crate) service: &'static str,
    /// Its name in the console; `null` where no source gives it.
    pub(crate) name: Option<&'static str>,
    /// Chips in the zone's region.
    pub(crate) chips: u64,
}

/// What an accelerator offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceleratorPart {
    /// Its alias or label.
    pub(crate) name: &'static str,
    /// The slice of it to take; `null` where none has the right shape.
    pub(crate) slice: Option<SlicePart>,
    /// Others of the same size.
    pub(crate) others: Vec<String>,
    /// Why it can't serve the model; `null` where it can.
    pub(crate) obstacle: Option<String>,
}

/// A slice that can't serve the class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MisfitPart {
    /// The slice.
    pub(crate) slice: String,
    /// What JAX shows on it.
    pub(crate) devices: u64,
    /// Why.
    pub(crate) obstacle: String,
}

/// Another class of the same model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlternativePart {
    /// Its class without the common prefix.
    pub(crate) class: &'static str,
    /// Are its weights random?
    pub(crate) test_mode: bool,
    /// Numbers of devices of its mesh.
    pub(crate) devices: &'static [u32],
    /// The slice to take for it.
    pub(crate) slice: SlicePart,
}

impl Report {
    /// What there is to say of a plan.
    pub(crate) fn of(wish: &Wish, plan: &Plan) -> Self {
        let model = plan.model.as_ref();
        let accelerator = plan.slice.accelerator();
        Self {
            model: wish
                .model
                .as_deref()
                .map(|class| ModelPart::of(class, model)),
            weights: plan.size.map(|size| WeightsPart::of(plan, size)),
            slice: SlicePart::of(&plan.slice, (plan.chips_per_vm, plan.vms)),
            replicas: plan.replicas,
            total: TotalPart::of(plan),
            accelerators: accelerators(&plan.need(), accelerator),
            misfits: misfits(plan),
            alternatives: model.map_or_else(Vec::new, |model| others(model, plan)),
            notes: plan.notes.clone(),
        }
    }
}

impl ModelPart {
    fn of(class: &str, model: Option<&Model>) -> Self {
        Self {
            class: model.map_or_else(|| class.to_owned(), |model| model.class.full_name()),
            image_version: model.map(|model| model.version.tag()),
            test_mode: model.map(|model| model.class.test_mode()),
            devices: model.map(|model| model.registration.chips),
        }
    }
}

impl WeightsPart {
    fn of(plan: &Plan, size: Size) -> Self {
        let accelerator = plan.slice.accelerator();
        Self {
            parameters: size.parameters.count(),
            rule: WidthPart::of(
                Size {
                    dtype: RULE,
                    ..size
                },
                accelerator,
            ),
            kept: WidthPart::of(size, accelerator),
            hbm_headroom: Some(plan.headroom).filter(|headroom| !headroom.is_zero()),
        }
    }
}

impl WidthPart {
    fn of(size: Size, accelerator: &Accelerator) -> Self {
        Self {
            dtype: size.dtype.to_string(),
            bytes_per_parameter: size.dtype.bytes(),
            bytes: size.weights(),
            chips: size.chips(accelerator),
        }
    }
}

impl SlicePart {
    fn of(slice: &Slice, (chips_per_vm, vms): (u32, u32)) -> Self {
        let accelerator = slice.accelerator();
        Self {
            name: slice.to_string(),
            accelerator: accelerator.label(),
            topology: slice.topology().to_string(),
            published: slice.legality() == Legality::Published,
            chips: slice.chips(),
            devices: slice.jax_devices(),
            memory_bytes: slice.hbm_bytes(),
            memory: slice.hbm().map(|hbm| hbm.to_string()),
            machine_type: slice.machine(chips_per_vm).map(|machine| machine.name),
            vms,
            chips_per_vm,
            platform_chip: accelerator.sax_chip(),
            platform_topology: tpu::sax::platform_topology_of(&slice.topology()),
        }
    }
}

impl TotalPart {
    fn of(plan: &Plan) -> Self {
        let (node_pools, vms_per_node_pool) = if plan.is_multi_host() {
            (plan.replicas, plan.vms)
        } else {
            (1, plan.replicas)
        };
        Self {
            chips: plan.total_chips(),
            vms: u64::from(plan.vms) * u64::from(plan.replicas),
            node_pools,
            vms_per_node_pool,
            quota: QuotaPart {
                service: quota::SERVICE,
                name: quota::name(&plan.slice),
                chips: plan.total_chips(),
            },
        }
    }
}

/// What each accelerator offers for a model, this one first.
pub(super) fn accelerators(need: &Need, first: &'static Accelerator) -> Vec<AcceleratorPart> {
    if need.is_empty() {
        return Vec::new();
    }
    let others = Accelerator::all().iter().filter(|other| *other != first);
    std::iter::once(first)
        .chain(others)
        .map(|accelerator| offer(accelerator, need))
        .collect()
}

fn offer(accelerator: &'static Accelerator, need: &Need) -> AcceleratorPart {
    let obstacle = need.slices(accelerator).err();
    let shapes = need.slices_for_any_chip(accelerator).unwrap_or_default();
    // Without a mesh every larger slice holds the weights too: only the smallest is news.
    let shown = if need.devices.is_some() {
        shapes.len()
    } else {
        1
    };
    let mut shown = shapes.iter().take(shown);
    let slice = shown
        .next()
        .and_then(|slice| Some(SlicePart::of(slice, division(slice)?)));
    AcceleratorPart {
        name: accelerator.short_name(),
        slice,
        others: shown.map(Slice::to_string).collect(),
        obstacle: obstacle.as_ref().map(Unfit::to_string),
    }
}

fn misfits(plan: &Plan) -> Vec<MisfitPart> {
    if plan.model.is_none() {
        return Vec::new();
    }
    let need = plan.need();
    let near = neighbours(&plan.slice).into_iter();
    near.filter_map(|slice| {
        let obstacle = need.check(&slice).err()?;
        Some(MisfitPart {
            slice: slice.to_string(),
            devices: slice.jax_devices()?,
            obstacle: obstacle.to_string(),
        })
    })
    .collect()
}

fn others(model: &Model, plan: &Plan) -> Vec<AlternativePart> {
    let found = alternatives(model, plan.slice.accelerator(), plan.headroom).into_iter();
    found
        .filter_map(|other| {
            Some(AlternativePart {
                class: other.model.class.name(),
                test_mode: other.model.class.test_mode(),
                devices: other.model.registration.chips,
                slice: SlicePart::of(&other.slice, division(&other.slice)?),
            })
        })
        .collect()
}
