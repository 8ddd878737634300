//! Independent replicas: each slice is on its own.

use serde_json::{Value, json};
use workload::MEGASCALE;

use crate::codes::MEGASCALE_MIXTURE;
use crate::completion::Completion;
use crate::group::TpuGroup;
use crate::settings::{ServingVector, Settings};

use super::vector::{NUM_SLICES, State, Variable, Vector};

/// Makes the variables present and empty, or says why what is there stands against it.
pub(super) fn complete(group: &TpuGroup<'_>, settings: &Settings, completion: &mut Completion<'_>) {
    for container in &group.tpu_containers {
        let vector = Vector::of(container);
        if is_joined(&vector.num_slices, completion) {
            continue;
        }
        check_rest(&vector, completion);
        let wanted: &[&Variable<'_>] = match settings.serving_vector {
            ServingVector::All => &vector.variables(),
            ServingVector::NumSlices => &[&vector.num_slices],
        };
        let absent = wanted
            .iter()
            .filter(|variable| variable.state == State::Absent);
        let empty = absent.map(|variable| json!({"name": variable.name, "value": ""}));
        let empty: Vec<Value> = empty.collect();
        completion.append(&container.node.at("env"), empty);
    }
}

/// Whether the author joins the replicas to one computation, so that none of them serves.
fn is_joined(num_slices: &Variable<'_>, completion: &mut Completion<'_>) -> bool {
    let fix = format!("set {NUM_SLICES} to \"\", or the annotation {MEGASCALE}: multislice");
    let place = num_slices.place.path();
    let found = num_slices.found();
    match num_slices.state {
        State::Absent | State::Empty | State::Literal("1") => false,
        State::Literal(_) => {
            let message = format!(
                "found {found} on a serving replica, expected an empty one: libtpu joins the \
                 slices to one system, and no replica serves by itself"
            );
            completion.deny(MEGASCALE_MIXTURE, place, message, fix);
            true
        }
        State::Reference => {
            let message = format!(
                "found {found} on a serving replica, expected an empty one: with any number but \
                 1 no replica serves by itself"
            );
            completion.warn(MEGASCALE_MIXTURE, place, message, fix);
            true
        }
    }
}

/// An id or a coordinator beside an empty count: Sax gets away with it, `jax.distributed` doesn't.
fn check_rest(vector: &Vector<'_>, completion: &mut Completion<'_>) {
    if vector.num_slices.is_filled() && vector.slice_id.state == State::Literal("0") {
        // One slice, and this is it: a full vector that says "alone".
        return;
    }
    for variable in [&vector.slice_id, &vector.coordinator] {
        if !variable.is_filled() || variable.state == State::Literal("0") {
            continue;
        }
        let message = format!(
            "found {} beside {}: with jax.distributed the process ids run past their count, or \
             every replica asks the first one",
            variable.found(),
            vector.num_slices.found()
        );
        let fix = format!("set {} to \"\"", variable.name);
        completion.warn(MEGASCALE_MIXTURE, variable.place.path(), message, fix);
    }
}
