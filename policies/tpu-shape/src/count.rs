//! Pods against VMs: TPU007, TPU008, TPU022.

use sdk::{Node, Verdict};
use workload::WorkloadKind;

use crate::group::{Group, number};
use crate::hosts::Hosts;
use crate::job::is_indexed;

/// Kubernetes keeps these counts as 32-bit integers.
const MAX_COUNT: i64 = i32::MAX as i64;

/// The numbers of a Job's Pods, as the API reads them.
struct Counts<'a> {
    parallelism: Node<'a>,
    completions: Node<'a>,
    pods: i64,
    /// None where the Job has no fixed number of completions.
    completed: Option<i64>,
}

/// Checks the counts that the group's kind has.
pub(crate) fn check(group: &Group<'_, '_>, hosts: Option<&Hosts>, verdict: &mut Verdict) {
    if matches!(
        group.workload.kind,
        WorkloadKind::JobSet | WorkloadKind::Deployment | WorkloadKind::StatefulSet
    ) {
        check_range(&group.pods.owner.at("replicas"), verdict);
    }
    let Some(counts) = Counts::of(group) else {
        return;
    };
    check_range(&counts.parallelism, verdict);
    check_range(&counts.completions, verdict);
    counts.check_total(group, verdict);
    match hosts {
        Some(hosts) if hosts.is_multi() => counts.check_against(hosts, verdict),
        _ => counts.check_index(group, verdict),
    }
}

impl<'a> Counts<'a> {
    fn of(group: &Group<'_, 'a>) -> Option<Self> {
        let job = group.pods.job.as_ref()?;
        let (parallelism, completions) = (job.at("parallelism"), job.at("completions"));
        let completed = match completions.integer() {
            // The API fills in both or neither.
            None if !completions.is_present() && !parallelism.is_present() => Some(1),
            completed => completed,
        };
        Some(Self {
            pods: parallelism.integer().unwrap_or(1),
            completed,
            parallelism,
            completions,
        })
    }

    /// One Pod for each VM, all at once, and each of them completes once.
    fn check_against(&self, hosts: &Hosts, verdict: &mut Verdict) {
        let vms = i64::from(hosts.vms);
        let complete = self.completed == Some(vms);
        if self.pods != vms {
            let message = format!(
                "found {}, expected {vms}, one Pod for each VM: {hosts}",
                number(self.pods, 1)
            );
            let fix = if complete {
                format!("set parallelism to {vms}")
            } else {
                format!("set parallelism and completions to {vms}")
            };
            verdict.deny("TPU007", self.parallelism.path(), message, fix);
        }
        // A NonIndexed Job needs no completions, but TPU009 makes it Indexed.
        if !complete && !self.is_wrong_type() {
            let found = self.completed.map_or("none".to_owned(), |n| number(n, 1));
            let message = format!("found {found}, expected {vms}, one index for each VM: {hosts}");
            let fix = format!("set completions to {vms}");
            verdict.deny("TPU008", self.completions.path(), message, fix);
        }
    }

    /// An Indexed Job says how many indices it has.
    fn check_index(&self, group: &Group<'_, '_>, verdict: &mut Verdict) {
        if is_indexed(group) && self.completed.is_none() && !self.is_wrong_type() {
            let pods = self.pods;
            let message = format!(
                "found none, expected a number: an Indexed Job with parallelism {pods} is \
                 refused without completions"
            );
            let fix = format!("set completions to {pods}");
            verdict.deny("TPU008", self.completions.path(), message, fix);
        }
    }

    fn is_wrong_type(&self) -> bool {
        self.completions.is_present() && self.completed.is_none()
    }

    /// The Pods of all of a replicatedJob's Jobs.
    fn check_total(&self, group: &Group<'_, '_>, verdict: &mut Verdict) {
        if !group.is_in_jobset() {
            return;
        }
        let replicas = group.pods.replicas();
        let total = replicas.saturating_mul(self.pods);
        let each_is_fine =
            (0..=MAX_COUNT).contains(&replicas) && (0..=MAX_COUNT).contains(&self.pods);
        if each_is_fine && total > MAX_COUNT {
            let message = format!(
                "found {replicas} replicas x {} Pods = {total}, expected at most {MAX_COUNT}",
                self.pods
            );
            let place = group.pods.owner.at("replicas");
            verdict.deny("TPU022", place.path(), message, "lower replicas");
        }
    }
}

fn check_range(node: &Node<'_>, verdict: &mut Verdict) {
    let Some(found) = node.integer() else {
        return;
    };
    if !(0..=MAX_COUNT).contains(&found) {
        let message = format!("found {found}, expected a number from 0 to {MAX_COUNT}");
        let fix = "write the number of copies that you want";
        verdict.deny("TPU022", node.path(), message, fix);
    }
}
