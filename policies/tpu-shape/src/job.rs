//! How a Job of several VMs must fail and restart: TPU009 to TPU012.

use sdk::{Severity, Verdict};
use workload::{EXCLUSIVE_TOPOLOGY, Workload, WorkloadKind};

use crate::group::{Group, number, quoted};
use crate::hosts::Hosts;

const INDEXED: &str = "Indexed";

/// The API's `backoffLimit` where none is given.
const DEFAULT_BACKOFF_LIMIT: i64 = 6;

/// The `backoffLimit` that JobSet demands where it restarts Pods in place.
const IN_PLACE_BACKOFF_LIMIT: i64 = i32::MAX as i64;

/// Checks the Job's mode and how it fails.
pub(crate) fn check(group: &Group<'_, '_>, hosts: Option<&Hosts>, verdict: &mut Verdict) {
    if group.pods.job.is_none() {
        return;
    }
    let multi_host = hosts.filter(|hosts| hosts.is_multi());
    check_mode(group, multi_host, verdict);
    if let Some(hosts) = multi_host {
        check_backoff_limit(group, hosts, verdict);
    }
    check_restart_policy(group, verdict);
}

/// Warns about a JobSet that ends with its first failed Pod.
pub(crate) fn check_restarts(
    workload: &Workload<'_>,
    hosts: &[Option<Hosts>],
    verdict: &mut Verdict,
) {
    let failure_policy = workload.root.at("spec").at("failurePolicy");
    let restarts = failure_policy.at("maxRestarts");
    let multi_host = hosts.iter().flatten().find(|hosts| hosts.is_multi());
    let Some(hosts) = multi_host.filter(|_| workload.kind == WorkloadKind::JobSet) else {
        return;
    };
    let has_rules = failure_policy
        .at("rules")
        .array_len()
        .is_some_and(|rules| rules > 0);
    if restarts.is_present() || has_rules {
        return;
    }
    let message = format!(
        "found none, which means 0: the first lost Pod ends the JobSet for good, and each of \
         {} VMs can be lost ({hosts})",
        hosts.vms
    );
    let fix = "set failurePolicy.maxRestarts, 4 for example";
    verdict.warn("TPU011", restarts.path(), message, fix);
}

/// Whether the group's Pods have indices. JobSet makes that the default, a Job does not.
pub(crate) fn is_indexed(group: &Group<'_, '_>) -> bool {
    mode(group) == INDEXED
}

fn mode<'a>(group: &Group<'_, 'a>) -> &'a str {
    let job = group.pods.job.as_ref();
    let written = job.and_then(|job| job.at("completionMode").text());
    written.unwrap_or(if group.is_in_jobset() {
        INDEXED
    } else {
        "NonIndexed"
    })
}

fn check_mode(group: &Group<'_, '_>, hosts: Option<&Hosts>, verdict: &mut Verdict) {
    let Some(job) = group.pods.job.as_ref().filter(|_| !is_indexed(group)) else {
        return;
    };
    let because = match hosts {
        Some(hosts) => format!("each VM is told which of the slice it is ({hosts})"),
        None if is_exclusive(group) => format!(
            "with {EXCLUSIVE_TOPOLOGY} only the Pod of index 0 may start, and no Pod has an index"
        ),
        None => return,
    };
    let found = quoted(mode(group));
    let message = format!("found {found}, expected {INDEXED:?}: {because}");
    let fix = format!("set completionMode to {INDEXED}");
    verdict.deny("TPU009", job.at("completionMode").path(), message, fix);
}

/// Whether JobSet places the group's Pods by their leader.
fn is_exclusive(group: &Group<'_, '_>) -> bool {
    let on_job = group.pods.job_metadata.as_ref();
    let on_job = on_job.map(|metadata| metadata.at("annotations").at(EXCLUSIVE_TOPOLOGY));
    group.is_in_jobset()
        && (group.workload.annotation(EXCLUSIVE_TOPOLOGY).is_present()
            || on_job.is_some_and(|node| node.is_present())
            || group.pods.annotation(EXCLUSIVE_TOPOLOGY).is_present())
}

/// One lost Pod breaks the whole slice, so the Job must fail with it.
fn check_backoff_limit(group: &Group<'_, '_>, hosts: &Hosts, verdict: &mut Verdict) {
    let Some(job) = &group.pods.job else {
        return;
    };
    let node = job.at("backoffLimit");
    let found = node.integer().unwrap_or(DEFAULT_BACKOFF_LIMIT);
    let (expected, because) = if restarts_in_place(group.workload) {
        (
            IN_PLACE_BACKOFF_LIMIT,
            "restartStrategy InPlaceRestart needs it",
        )
    } else {
        (0, "one lost Pod breaks the slice, so it must fail the Job")
    };
    if found == expected {
        return;
    }
    let severity = if group.is_in_jobset() {
        Severity::Deny
    } else {
        Severity::Warn
    };
    let found = number(found, DEFAULT_BACKOFF_LIMIT);
    let message = format!("found {found}, expected {expected}: {because} ({hosts})");
    let fix = format!("set backoffLimit to {expected}");
    verdict.find(severity, "TPU010", node.path(), message, fix);
}

fn restarts_in_place(workload: &Workload<'_>) -> bool {
    let policy = workload.root.at("spec").at("failurePolicy");
    workload.kind == WorkloadKind::JobSet
        && policy.at("restartStrategy").text() == Some("InPlaceRestart")
}

/// A Job's Pods may be restarted on failure or never. JobSet fills in `OnFailure`; in a Job the
/// API fills in `Always`, and then refuses it.
fn check_restart_policy(group: &Group<'_, '_>, verdict: &mut Verdict) {
    let node = group.pods.spec.at("restartPolicy");
    let is_always = match node.text() {
        Some(policy) => policy == "Always",
        None => !node.is_present() && !group.is_in_jobset(),
    };
    if is_always {
        let message = "found \"Always\" (the default of Pods), expected \"Never\" or \
                       \"OnFailure\": a Job must be able to end";
        verdict.deny("TPU012", node.path(), message, "set restartPolicy to Never");
    }
}
