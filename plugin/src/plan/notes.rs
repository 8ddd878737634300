//! What the user should know of a plan that can be carried out.

use tpu::sax::{self, ImageVersion};
use tpu::{Legality, Slice};

use super::fit::{Need, list};
use super::model::did_you_mean;
use super::{Model, Plan, Wish};

/// Weights that take more than this of the memory leave too little for what is computed.
const TIGHT_PERCENT: u128 = 90;

/// What the user should know.
pub(super) fn notes(wish: &Wish, plan: &Plan, need: &Need, model: Option<&Model>) -> Vec<String> {
    let slice = &plan.slice;
    let class = match model {
        Some(model) => class_notes(wish, model, slice),
        None => unknown_class_note(wish, slice).into_iter().collect(),
    };
    let unpublished = (slice.legality() == Legality::Unpublished)
        .then(|| format!("{slice} is legal, but not in Google's published list"));
    let unnamed = plan
        .platform_topology
        .is_none()
        .then(|| format!("Saxml has no --platform_topology for {slice}; its default stays"));
    let tight = need.weights.and_then(|weights| tight_note(weights, slice));
    let hardware = [unpublished, unnamed, tight].into_iter().flatten();
    class.into_iter().chain(hardware).collect()
}

fn class_notes(wish: &Wish, model: &Model, slice: &Slice) -> Vec<String> {
    let class = model.class.name();
    let unknown_image = ImageVersion::from_image(&wish.model_image).is_none().then(|| {
        let known = ImageVersion::ALL.map(ImageVersion::tag).join(", ");
        format!(
            "the classes of image {} aren't known (only those of {known}): {class} was taken as \
             {} has it",
            wish.model_image,
            model.version.tag()
        )
    });
    let gpu = model
        .class
        .for_gpu()
        .then(|| format!("{class} was written for GPUs: nothing is known of it on TPUs"));
    let uncounted = slice.jax_devices().is_none().then(|| {
        format!(
            "how many devices JAX shows on {slice} isn't documented: nothing checks that it \
             shows the {} of the mesh of {class}",
            list(model.registration.chips)
        )
    });
    [unknown_image, gpu, uncounted]
        .into_iter()
        .flatten()
        .collect()
}

/// Nothing can check a mesh that nobody knows.
fn unknown_class_note(wish: &Wish, slice: &Slice) -> Option<String> {
    let devices = slice.jax_devices();
    let devices = devices.map_or("as many devices".to_owned(), |count| {
        format!("{count} devices")
    });
    match (&wish.model, wish.parameters) {
        (Some(class), _) => Some(format!(
            "model class {class:?} isn't in the catalogue{}: nothing checks that its mesh is of \
             exactly the {devices} of {slice}",
            did_you_mean(&sax::suggestions(class)).trim_end_matches('?'),
        )),
        (None, Some(_)) => Some(format!(
            "Saxml serves a class only where its mesh is of exactly the {devices} of {slice}: \
             choose the class first"
        )),
        (None, None) => None,
    }
}

fn tight_note(weights: u64, slice: &Slice) -> Option<String> {
    let (hbm, bytes) = (slice.hbm()?, slice.hbm_bytes()?);
    let percent = u128::from(weights) * 100 / u128::from(bytes.max(1));
    (percent > TIGHT_PERCENT).then(|| {
        format!(
            "the weights take {percent} % of the {hbm} of {slice}, which leaves little for the \
             key-value cache and what is computed"
        )
    })
}
