//! What else could be run: classes of the same model, and slices of about the same size.

use tpu::sax::{self, ModelClass};
use tpu::{Accelerator, Slice};

use super::fit::Need;
use super::headroom::Headroom;
use super::model::Model;

/// How many alternatives a reader looks at.
const SHOWN: usize = 3;

/// Another class of the same model, with the slice that it needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Alternative {
    /// The class in the same image version.
    pub(crate) model: Model,
    /// The slice to take for it.
    pub(crate) slice: Slice,
}

/// Classes of the same model that the accelerator can serve, those most like it first: the same
/// mode, then a mesh of about the same size.
pub(crate) fn alternatives(
    model: &Model,
    accelerator: &'static Accelerator,
    headroom: Headroom,
) -> Vec<Alternative> {
    let mut found: Vec<_> = sax::all()
        .iter()
        .filter(|other| same_model(other, model.class))
        .filter_map(|other| alternative(Model::of(other, model.version)?, accelerator, headroom))
        .collect();
    let own = devices(model);
    found.sort_by_key(|other| {
        let differs = other.model.class.test_mode() != model.class.test_mode();
        (differs, ratio(own, devices(&other.model)))
    });
    found.truncate(SHOWN);
    found
}

/// The published slices just smaller and just larger than this one.
pub(crate) fn neighbours(slice: &Slice) -> Vec<Slice> {
    let accelerator = slice.accelerator();
    let near = tpu::nearest(accelerator, slice.chips()).into_iter();
    near.filter(|topology| topology.chips() != slice.chips())
        .filter_map(|topology| Slice::new(accelerator, topology).ok())
        .map(|(neighbour, _)| neighbour)
        .collect()
}

fn same_model(other: &ModelClass, class: &ModelClass) -> bool {
    other != class
        && other.family() == class.family()
        && other.parameters_millions() == class.parameters_millions()
        && other.for_gpu() == class.for_gpu()
}

fn alternative(
    model: Model,
    accelerator: &'static Accelerator,
    headroom: Headroom,
) -> Option<Alternative> {
    let need = Need::of(Some(&model), model.size()).leaving(headroom);
    let slice = *need.slices(accelerator).ok()?.first()?;
    Some(Alternative { model, slice })
}

fn devices(model: &Model) -> u32 {
    model.registration.chips.iter().copied().max().unwrap_or(1)
}

/// How many times larger the larger is.
fn ratio(left: u32, right: u32) -> u32 {
    left.max(right) / left.min(right).max(1)
}
