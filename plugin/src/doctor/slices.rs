//! The slices that don't run, and why: what `status` tells, as findings.

use super::leader::stalled;
use super::{Evidence, Finding, Outcome};
use crate::standing::{Phase, SliceStanding, Workload};

pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    let workloads = evidence.workloads();
    if workloads.is_empty() {
        return None;
    }
    let told = stalled(evidence);
    let is_told = |slice: &SliceStanding| told.iter().any(|one| one.slice.holder == slice.holder);
    let mut findings = Vec::new();
    for workload in &workloads {
        findings.extend(of_workload(workload));
        let open = workload
            .slices
            .iter()
            .filter(|_| workload.phase != Phase::Failed);
        let open = open.filter(|slice| !is_told(slice));
        findings.extend(open.filter_map(of_slice));
    }
    let slices = || workloads.iter().flat_map(|workload| &workload.slices);
    let running = slices()
        .filter(|slice| slice.phase == Phase::Running)
        .count();
    let seen = format!("{running} of {} running", slices().count());
    Some(Outcome::found(seen, findings))
}

fn of_workload(workload: &Workload) -> Option<Finding> {
    let namespace = &workload.namespace;
    if workload.phase == Phase::Failed {
        let message = workload.message.as_deref().unwrap_or("no reason given");
        let finding = Finding::problem(workload.short_name(), format!("has failed: {message}"));
        let name = workload.instance.as_deref().unwrap_or(&workload.name);
        return Some(
            finding
                .because(format!(
                    "what its Pods said last: kubectl sax logs {name} -n {namespace} --previous"
                ))
                .fixed_by(format!(
                    "kubectl delete {} -n {namespace}, and apply it again",
                    workload.short_name()
                )),
        );
    }
    let most = workload.max_restarts.filter(|most| *most > 0)?;
    (workload.restarts >= most).then(|| {
        let message = format!(
            "was restarted {} of {most} times: the next failure ends it for good",
            workload.restarts
        );
        let fix = format!(
            "kubectl sax logs {} -n {namespace} --previous",
            workload.name
        );
        Finding::warning(workload.short_name(), message).fixed_by(fix)
    })
}

fn of_slice(slice: &SliceStanding) -> Option<Finding> {
    let severe = matches!(
        slice.phase,
        Phase::Waiting | Phase::Split | Phase::Stranded | Phase::Failed
    );
    if !severe {
        return None;
    }
    let holder = &slice.holder;
    let object = holder.display_name();
    let state = format!("{:?}", slice.phase).to_lowercase();
    let hardware = slice
        .slice
        .as_deref()
        .map(|slice| format!(" ({slice})"))
        .unwrap_or_default();
    let ready = format!(
        "{state}{hardware}, {} of {} Pods ready",
        slice.pods_ready, slice.pods
    );
    let mut reasons = slice.why.iter().filter(|why| !why.is_other_hardware());
    let first = reasons.clone().next();
    let helpful = reasons.find(|why| why.fix.is_some()).or(first);
    let explain = format!(
        "kubectl sax explain placement {} -n {}",
        holder.name, holder.namespace
    );
    let Some(why) = helpful else {
        return Some(Finding::problem(object, ready).fixed_by(explain));
    };
    let domain = why
        .domain
        .as_ref()
        .map(|domain| format!("{domain}: "))
        .unwrap_or_default();
    let finding = Finding::problem(object, ready).because(format!("{domain}{}", why.message));
    Some(finding.fixed_by(why.fix.clone().unwrap_or(explain)))
}
