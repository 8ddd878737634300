//! Whether an accelerator can have a topology: TPU004, TPU005.

use sdk::{Node, Verdict};
use tpu::{Accelerator, Illegal, Legality, Slice, SliceError, Topology, nearest};
use workload::{SLICE, TOPOLOGY_LABEL};

use crate::group::quoted;
use crate::settings::Settings;

/// The slice of `accelerator` that `text` names, if the accelerator can have it.
pub(crate) fn slice(
    accelerator: &'static Accelerator,
    text: &str,
    path: &str,
    settings: &Settings,
    verdict: &mut Verdict,
) -> Option<Slice> {
    let topology = match Topology::parse(text) {
        Ok(topology) => topology,
        Err(error) => {
            let message = format!("found {}: {error}{}", quoted(text), published(accelerator));
            let fix = fix(accelerator, Topology::guess(text));
            verdict.deny("TPU004", path, message, fix);
            return None;
        }
    };
    match Slice::new(accelerator, topology) {
        Ok((slice, legality)) => judge_legal(&slice, legality, path, settings, verdict),
        Err(illegal) => {
            let message = explain(accelerator, &illegal);
            let fix = fix(accelerator, illegal.alternatives().first().copied());
            verdict.deny("TPU004", path, message, fix);
            None
        }
    }
}

/// Reports a slice annotation that names no slice.
pub(crate) fn unreadable_annotation(
    node: &Node<'_>,
    text: &str,
    error: &SliceError,
    verdict: &mut Verdict,
) {
    let message = format!("found {}: {error}", quoted(text));
    let fix = format!("set the annotation {SLICE} to an accelerator and its topology, as v5e:4x8");
    verdict.deny("TPU004", node.path(), message, fix);
}

fn judge_legal(
    slice: &Slice,
    legality: Legality,
    path: &str,
    settings: &Settings,
    verdict: &mut Verdict,
) -> Option<Slice> {
    let (accelerator, topology) = (slice.accelerator(), slice.topology());
    if !accelerator.machines().is_empty() && slice.chips_per_vm_choices().is_empty() {
        let message = format!(
            "found {topology} of {} chips, which no machine type of {accelerator} divides into: {}",
            slice.chips(),
            machines(accelerator)
        );
        verdict.deny("TPU004", path, message, fix(accelerator, None));
        return None;
    }
    if legality == Legality::Unpublished
        && let Some(severity) = settings.unpublished_topologies.severity()
    {
        let message = format!(
            "found {topology}, which {accelerator} may have but Google does not list{}",
            published(accelerator)
        );
        let alternative = nearest(accelerator, slice.chips()).first().copied();
        verdict.find(
            severity,
            "TPU005",
            path,
            message,
            fix_unpublished(alternative),
        );
    }
    Some(*slice)
}

/// Why, with the published list where the reason doesn't already name the one right answer.
fn explain(accelerator: &Accelerator, illegal: &Illegal) -> String {
    match illegal {
        Illegal::NotNondecreasing { .. } => illegal.to_string(),
        _ => format!("{illegal}{}", published(accelerator)),
    }
}

fn published(accelerator: &Accelerator) -> String {
    let all: Vec<String> = accelerator.published().map(|one| one.to_string()).collect();
    if all.is_empty() {
        return String::new();
    }
    format!("; {accelerator} has {}", all.join(", "))
}

fn machines(accelerator: &Accelerator) -> String {
    let name = |machine: &tpu::Machine| format!("{} ({} chips)", machine.name, machine.chips);
    let all: Vec<String> = accelerator.machines().iter().map(name).collect();
    all.join(", ")
}

fn fix(accelerator: &Accelerator, meant: Option<Topology>) -> String {
    match meant {
        Some(topology) => format!(
            "set {TOPOLOGY_LABEL} to {topology} ({} chips)",
            topology.chips()
        ),
        None => format!("set {TOPOLOGY_LABEL} to a topology of {accelerator}"),
    }
}

fn fix_unpublished(alternative: Option<Topology>) -> String {
    match alternative {
        Some(topology) => format!(
            "check that the node pool exists, or set {TOPOLOGY_LABEL} to {topology} ({} chips)",
            topology.chips()
        ),
        None => "check that the node pool exists".to_owned(),
    }
}
