//! Slices of one computation outside a JobSet: nothing says how many there are, so what stands
//! there can only be checked.

use workload::{MEGASCALE, WorkloadKind};

use crate::codes::{MEGASCALE_MIXTURE, MEGASCALE_NUMBER};
use crate::completion::Completion;
use crate::group::TpuGroup;

use super::vector::{NUM_SLICES, State, Vector};

/// Checks the variables that the author set.
pub(super) fn check(
    members: &[&TpuGroup<'_>],
    kind: WorkloadKind,
    completion: &mut Completion<'_>,
) {
    let multi_host = members.iter().filter(|group| group.is_multi_host);
    for container in multi_host.flat_map(|group| &group.tpu_containers) {
        let vector = Vector::of(container);
        check_complete(&vector, kind, completion);
        check_id(&vector, completion);
    }
}

fn check_complete(vector: &Vector<'_>, kind: WorkloadKind, completion: &mut Completion<'_>) {
    for variable in vector.variables() {
        if !variable.is_filled() {
            let message = format!(
                "found {}, expected all three variables to be set: only a JobSet says how many \
                 slices there are, a {} does not",
                variable.found(),
                kind.name()
            );
            let fix = format!(
                "set {}, or use a JobSet, or {MEGASCALE}: \"off\"",
                variable.name
            );
            completion.warn(MEGASCALE_MIXTURE, variable.place.path(), message, fix);
        }
    }
}

fn check_id(vector: &Vector<'_>, completion: &mut Completion<'_>) {
    let (State::Literal(slices), State::Literal(id)) =
        (vector.num_slices.state, vector.slice_id.state)
    else {
        return;
    };
    let (Ok(slices), id) = (slices.parse::<u64>(), id.parse::<u64>()) else {
        return;
    };
    if id.is_ok_and(|id| id < slices) {
        return;
    }
    let message = format!(
        "found {}, expected 0 to {}: {NUM_SLICES} is {slices}",
        vector.slice_id.found(),
        slices.saturating_sub(1)
    );
    let fix = "write the index of this slice, from 0".to_owned();
    completion.deny(MEGASCALE_NUMBER, vector.slice_id.place.path(), message, fix);
}
