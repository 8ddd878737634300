//! Built-in policy `tpu-shape`: what a TPU workload says of its slice must agree, or it waits for
//! ever without a word.
//!
//! ```text
//!   labels ─► legality ─► Slice ─► chips ─► Hosts (8 VMs = 32 chips / 4)
//!                                              ├─► count       parallelism, completions
//!                                              ├─► job         completionMode, backoffLimit, ...
//!                                              └─► controller  what is no Job
//!   and without numbers:  ports   names   exclusive
//! ```
//!
//! It patches nothing and runs after `tpu-defaults`, which has filled in what can be derived.
//! What can't work is denied, what is unwise is a warning. Of an accelerator that the catalogue
//! doesn't have only that is checked which holds for all of them.

mod chips;
mod codes;
mod controller;
mod count;
mod exclusive;
mod group;
mod hosts;
mod job;
mod labels;
mod legality;
mod names;
mod ports;
mod settings;
mod update;

use sdk::{Cluster, Description, MatchRule, Operation, Policy, Review, Verdict};
use workload::Workload;

use crate::group::Group;
use crate::hosts::Hosts;
pub use crate::settings::{Reaction, Settings};

/// The policy.
pub struct TpuShape;

/// The namespace of Kubernetes' own Pods, which are none of our business.
const SYSTEM_NAMESPACE: &str = "kube-system";

impl Policy for TpuShape {
    type Settings = Settings;

    fn describe() -> Description {
        let description = Description::new(
            "tpu-shape",
            env!("CARGO_PKG_VERSION"),
            "TPU slices, VMs, Pods and chips agree with each other and can exist",
        )
        .matching(MatchRule::creates_and_updates([""], ["pods"]))
        .settings(settings::SCHEMA)
        .grant(
            names::JOBSET_VERSION,
            "JobSet",
            "two JobSets of a namespace must not generate one Job name",
        )
        .grant(
            names::JOB_VERSION,
            "Job",
            "no Job of a namespace must have a name that a JobSet generates",
        );
        codes::explain(workload::matching_controllers(description))
    }

    fn review(review: &Review, settings: &Settings, cluster: &impl Cluster, verdict: &mut Verdict) {
        if is_exempt(review) {
            return;
        }
        let Some(workload) = Workload::under_review(review) else {
            return;
        };
        let groups = Group::all(&workload);
        if groups.is_empty() {
            return;
        }
        let hosts: Vec<Option<Hosts>> = groups
            .iter()
            .map(|group| check_group(group, settings, verdict))
            .collect();
        job::check_restarts(&workload, &hosts, verdict);
        exclusive::check(&workload, verdict);
        // Names can't change: on an update there is nothing left to mend.
        if review.operation == Operation::Create {
            names::check(&workload, review.namespace.as_deref(), cluster, verdict);
        }
        update::soften(review, &workload, verdict);
    }
}

/// Objects of the system, parts of objects, and objects that only wait for their finalizers: a
/// refusal would mend nothing.
fn is_exempt(review: &Review) -> bool {
    let leaves = review.object().at("metadata").at("deletionTimestamp");
    review.namespace.as_deref() == Some(SYSTEM_NAMESPACE)
        || !review.subresource.is_empty()
        || leaves.is_present()
}

/// Everything that one group must agree with itself about.
fn check_group(group: &Group<'_, '_>, settings: &Settings, verdict: &mut Verdict) -> Option<Hosts> {
    if group.chips.is_empty() {
        chips::report_none(group, verdict);
        return None;
    }
    let slice = labels::slice_of(group, settings, verdict);
    let hosts = chips::check(group, slice, verdict);
    count::check(group, hosts.as_ref(), verdict);
    job::check(group, hosts.as_ref(), verdict);
    controller::check(group, hosts.as_ref(), verdict);
    ports::check(group, verdict);
    hosts
}

sdk::export_policy!(TpuShape);
