//! One domain for each slice, where a JobSet has several of them.

use sdk::Cluster;
use serde_json::Value;
use tpu::keys::NODE_POOL_LABEL;
use workload::{EXCLUSIVE_TOPOLOGY, WorkloadKind};

use crate::codes::NOT_EXCLUSIVE;
use crate::completion::Completion;
use crate::context::Context;
use crate::group::TpuGroup;

/// Asks for exclusive placement of a JobSet with several multi-host slices, or warns that it
/// doesn't ask.
pub(crate) fn complete(
    groups: &[TpuGroup<'_>],
    context: &Context<'_, impl Cluster>,
    completion: &mut Completion<'_>,
) {
    let workload = context.workload;
    let annotations = workload.root.at("metadata").at("annotations");
    let own = annotations.at(EXCLUSIVE_TOPOLOGY);
    let many = slices(groups);
    let is_placed_otherwise = workload.kind != WorkloadKind::JobSet || workload.is_kueue_managed();
    if is_placed_otherwise || many < 2 || own.is_present() || all_say_so(groups) {
        return;
    }
    match &context.settings.exclusive_topology {
        Some(key) if completion.injects() => {
            let value = Value::String(key.clone());
            completion.add_members(&annotations, [(EXCLUSIVE_TOPOLOGY, value)]);
        }
        _ => {
            let message = format!(
                "found no {EXCLUSIVE_TOPOLOGY} with {many} multi-host slices: their Pods may mix \
                 on one node pool, and then no slice is whole"
            );
            let fix = format!("add the annotation {EXCLUSIVE_TOPOLOGY}: {NODE_POOL_LABEL}");
            completion.warn(NOT_EXCLUSIVE, own.path(), message, fix);
        }
    }
}

fn slices(groups: &[TpuGroup<'_>]) -> u64 {
    let multi_host = groups.iter().filter(|group| group.is_multi_host);
    multi_host.fold(0, |sum: u64, group| sum.saturating_add(group.replicas()))
}

/// Whether every multi-host group asks for itself: on the Job template, or on the Pod template,
/// where JobSet's Pod webhooks find it too (facts/jobset.md §1.2).
fn all_say_so(groups: &[TpuGroup<'_>]) -> bool {
    let mut multi_host = groups.iter().filter(|group| group.is_multi_host);
    multi_host.all(|group| {
        let on_job = group.pods.job_metadata.as_ref();
        let on_job = on_job.map(|metadata| metadata.at("annotations").at(EXCLUSIVE_TOPOLOGY));
        on_job.is_some_and(|node| node.is_present())
            || group.pods.annotation(EXCLUSIVE_TOPOLOGY).is_present()
    })
}
