//! Which mode a group is in.

use sdk::Cluster;
use workload::{Container, MEGASCALE, Workload};

use crate::codes::MEGASCALE_UNKNOWN;
use crate::completion::Completion;
use crate::context::Context;
use crate::group::TpuGroup;
use crate::ports;

use super::vector::NUM_SLICES;

/// What the slices of a workload are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Independent replicas.
    Serving,
    /// One computation.
    Multislice,
    /// Not our business: the author said so, or gave no sign.
    Off { declared: bool },
}

/// The mode of each group: the annotation, else what its containers show.
pub(super) fn of(
    groups: &[TpuGroup<'_>],
    context: &Context<'_, impl Cluster>,
    completion: &mut Completion<'_>,
) -> Vec<Mode> {
    // A JobSet's annotation does not reach its Pods. Where our port stands, the template was
    // completed, whatever its mode was.
    let is_done = |group: &TpuGroup<'_>| context.is_controlled && ports::is_declared(group);
    let done = Mode::Off { declared: true };
    let declared: Vec<Option<Mode>> = groups
        .iter()
        .map(|group| {
            let mode = declared(group, context.workload, completion);
            mode.or(is_done(group).then_some(done))
        })
        .collect();
    // Slices of one computation find each other only if all of them are told.
    let is_multislice = groups
        .iter()
        .zip(&declared)
        .any(|(group, mode)| mode.is_none() && !is_sax(group) && has_slices(group));
    let inferred = |group: &TpuGroup<'_>| match (is_sax(group), is_multislice) {
        (true, _) => Mode::Serving,
        (false, true) => Mode::Multislice,
        (false, false) => Mode::Off { declared: false },
    };
    groups
        .iter()
        .zip(declared)
        .map(|(group, mode)| mode.unwrap_or_else(|| inferred(group)))
        .collect()
}

fn declared(
    group: &TpuGroup<'_>,
    workload: &Workload<'_>,
    completion: &mut Completion<'_>,
) -> Option<Mode> {
    let on_template = group.pods.annotation(MEGASCALE);
    let annotation = if on_template.is_present() {
        on_template
    } else {
        workload.annotation(MEGASCALE)
    };
    match annotation.text()? {
        "serving" => Some(Mode::Serving),
        "multislice" => Some(Mode::Multislice),
        "off" => Some(Mode::Off { declared: true }),
        other => {
            let message = format!("found {other:?}, expected serving, multislice or off");
            let fix = format!("write {MEGASCALE}: serving, multislice or \"off\"");
            completion.deny(MEGASCALE_UNKNOWN, annotation.path(), message, fix);
            Some(Mode::Off { declared: true })
        }
    }
}

/// Whether a TPU container is a Sax model server.
fn is_sax(group: &TpuGroup<'_>) -> bool {
    let is_server = |container: &Container<'_>| {
        container.image().contains("sax-model-server")
            || container
                .words()
                .any(|(_, word)| word.contains("--sax_cell"))
    };
    group.tpu_containers.iter().any(is_server)
}

/// Whether the author counts slices.
fn has_slices(group: &TpuGroup<'_>) -> bool {
    let counts = |container: &Container<'_>| {
        let env = container.env(NUM_SLICES);
        env.is_some_and(|env| env.is_filled())
    };
    group.tpu_containers.iter().any(counts)
}
