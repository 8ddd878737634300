//! No mode: a mixture is all that can be said.

use workload::MEGASCALE;

use crate::codes::MEGASCALE_MIXTURE;
use crate::completion::Completion;
use crate::group::TpuGroup;

use super::vector::{State, Vector};

/// Warns where some of the variables are there and some are left to GKE.
pub(super) fn check(group: &TpuGroup<'_>, completion: &mut Completion<'_>) {
    for container in &group.tpu_containers {
        let vector = Vector::of(container);
        let variables = vector.variables();
        let is_absent = |state| state == State::Absent;
        let Some(first) = variables.iter().find(|v| !is_absent(v.state)) else {
            continue;
        };
        let is_partial = variables.iter().any(|v| is_absent(v.state));
        let is_uneven = variables.iter().any(|v| v.is_filled() != first.is_filled());
        if is_partial || is_uneven {
            let found: Vec<String> = variables.iter().map(|v| v.found()).collect();
            let message = format!(
                "found {}: GKE fills in what is absent, and then count, id and coordinator \
                 don't belong together",
                found.join(", ")
            );
            let fix = format!("set the annotation {MEGASCALE} to serving or multislice");
            completion.warn(MEGASCALE_MIXTURE, first.place.path(), message, fix);
        }
    }
}
