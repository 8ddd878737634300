//! The node labels that lead Pods to their slice.

use serde_json::Value;
use tpu::keys::{ACCELERATOR_LABEL, CHIPS_PER_VM_LABEL, TOPOLOGY_LABEL};
use workload::{Shape, Workload};

use crate::codes::AMBIGUOUS_POOL;
use crate::completion::Completion;
use crate::group::TpuGroup;

/// Adds what the nodeSelector lacks.
pub(crate) fn complete(
    group: &TpuGroup<'_>,
    workload: &Workload<'_>,
    completion: &mut Completion<'_>,
) {
    let Some(slice) = group.slice else {
        return;
    };
    let accelerator = slice.accelerator().label().to_owned();
    let mut wanted = vec![
        (ACCELERATOR_LABEL, accelerator),
        (TOPOLOGY_LABEL, slice.topology().to_string()),
    ];
    if slice.is_ambiguous() && knows_its_pool(group, workload) {
        wanted.extend(chips_per_vm(group, completion));
    }
    let missing = wanted
        .into_iter()
        .filter(|(key, _)| !group.mentions_label(key));
    let missing: Vec<_> = missing
        .map(|(key, value)| (key, Value::String(value)))
        .collect();
    completion.add_members(&group.pods.spec.at("nodeSelector"), missing);
}

/// Kueue's flavour may bring the label later, unless the author named the slice.
fn knows_its_pool(group: &TpuGroup<'_>, workload: &Workload<'_>) -> bool {
    !workload.is_kueue_managed() || Shape::annotated(workload, group.pods).is_some()
}

/// The label that tells the pools of an ambiguous pair apart. Single-host groups are left alone,
/// but their author should know.
fn chips_per_vm(
    group: &TpuGroup<'_>,
    completion: &mut Completion<'_>,
) -> Option<(&'static str, String)> {
    let chips = group.chips_per_vm?;
    if group.is_multi_host {
        return Some((CHIPS_PER_VM_LABEL, chips.to_string()));
    }
    if !group.mentions_label(CHIPS_PER_VM_LABEL) {
        let slice = group.slice?;
        let topology = slice.topology();
        let message = format!(
            "found no {CHIPS_PER_VM_LABEL}: {} pools of one VM with {chips} chips and of several \
             VMs with fewer carry the same two labels, and Pods that request {chips} chips wait \
             for ever on the latter",
            slice.accelerator().label(),
        );
        let fix = format!(
            "add the nodeSelector {CHIPS_PER_VM_LABEL}: \"{chips}\" for {topology} on one VM"
        );
        let place = group.selector(CHIPS_PER_VM_LABEL);
        completion.warn(AMBIGUOUS_POOL, place.path(), message, fix);
    }
    None
}
