//! The node pools: are they whole, and are there enough for the slices that are wanted?

mod pool;

use std::collections::BTreeMap;

use super::{Evidence, Finding, Outcome, Severity};
use crate::plan::{Site, quota_of};
use crate::standing::Phase;
use pool::{Pool, pools, stray};

pub(super) fn check(evidence: &Evidence) -> Outcome {
    if evidence.is_unread("nodes") {
        return Outcome::unknown("nodes can't be listed");
    }
    let pools = pools(&evidence.inventory);
    let wanted = wanted(evidence);
    let site = Site::of_context(evidence.scope.context.as_deref());
    let mut findings = Vec::new();
    for pool in &pools {
        let severity = severity(evidence, pool, &pools, &wanted);
        let detail = shortage(pool, &pools, &wanted);
        findings.extend(pool.troubles(&site).into_iter().map(|finding| Finding {
            severity,
            detail: detail.clone().or(finding.detail.clone()),
            ..finding
        }));
    }
    findings.extend(stray(&evidence.inventory));
    for (slice, count) in &wanted {
        findings.extend(too_few(slice, *count, &pools, &site));
    }
    if pools.is_empty() && wanted.is_empty() {
        findings.extend(evidence.scope.preflight.then(no_pools));
    }
    Outcome::found(seen(&pools), findings)
}

/// The slices that the deployment wants, by hardware.
fn wanted(evidence: &Evidence) -> BTreeMap<String, usize> {
    let mut wanted = BTreeMap::new();
    for workload in evidence.workloads() {
        for slice in &workload.slices {
            let over = matches!(
                slice.phase,
                Phase::Completed | Phase::Suspended | Phase::Failed
            );
            if let (Some(hardware), false) = (&slice.slice, over) {
                *wanted.entry(hardware.clone()).or_default() += 1;
            }
        }
    }
    wanted
}

/// How many slices of this hardware the cluster can hold.
fn room(slice: &str, pools: &[Pool<'_>]) -> usize {
    let of_it = pools.iter().filter(|pool| pool.slice == slice);
    of_it.map(Pool::room).sum()
}

/// How bad it is that a pool is broken: does anybody need it?
fn severity(
    evidence: &Evidence,
    pool: &Pool<'_>,
    pools: &[Pool<'_>],
    wanted: &BTreeMap<String, usize>,
) -> Severity {
    let room = room(&pool.slice, pools);
    match wanted.get(&pool.slice) {
        Some(count) if *count > room => Severity::Problem,
        Some(_) => Severity::Warning,
        None if evidence.scope.preflight && room == 0 => Severity::Problem,
        None if evidence.scope.preflight => Severity::Warning,
        None => Severity::Note,
    }
}

/// `2 slices v5e:4x8 are wanted, 1 of 2 node pools can hold one`
fn shortage(
    pool: &Pool<'_>,
    pools: &[Pool<'_>],
    wanted: &BTreeMap<String, usize>,
) -> Option<String> {
    let count = *wanted.get(&pool.slice)?;
    let room = room(&pool.slice, pools);
    let of_it = pools
        .iter()
        .filter(|other| other.slice == pool.slice)
        .count();
    (count > room).then(|| {
        format!(
            "slices {} wanted: {count}; node pools that can hold one: {room} of {of_it}",
            pool.slice
        )
    })
}

/// Fewer pools than slices.
fn too_few(slice: &str, count: usize, pools: &[Pool<'_>], site: &Site) -> Option<Finding> {
    let of_it: Vec<_> = pools.iter().filter(|pool| pool.slice == slice).collect();
    let places: usize = of_it.iter().map(|pool| pool.places()).sum();
    if places >= count {
        return None;
    }
    let message =
        format!("{count} slices {slice} are wanted, and the cluster has {places} labelled for it");
    let create = pool::create(slice, &free_name(pools), site);
    let quota =
        quota_of(slice).map(|quota| format!("; a new one counts against the quota {quota}"));
    let detail = format!(
        "a node pool of another zone, or of Autopilot, isn't labelled so{}",
        quota.unwrap_or_default()
    );
    let finding = Finding::problem("node pools", message).because(detail);
    Some(match create {
        Some(create) => finding.fixed_by(create),
        None => finding.fixed_by("kubectl sax plan MODEL -o gcloud"),
    })
}

/// The first of the tutorial's names that no pool has.
fn free_name(pools: &[Pool<'_>]) -> String {
    let is_free = |name: &String| pools.iter().all(|pool| pool.name != name);
    let mut names = (1_u32..).map(|number| format!("tpu{number}"));
    names.find(is_free).unwrap_or_default()
}

fn no_pools() -> Finding {
    let message = "no node has TPU chips";
    Finding::problem("node pools", message)
        .because(
            "the chips' quota is compute.googleapis.com's, not tpu.googleapis.com's; a node pool \
             of Autopilot comes with its first Pod",
        )
        .fixed_by("kubectl sax plan MODEL -o gcloud, which prints the commands that make them")
}

fn seen(pools: &[Pool<'_>]) -> String {
    let each = pools.iter().map(ToString::to_string);
    let each: Vec<_> = each.collect();
    match each.is_empty() {
        true => "none with TPU chips".to_owned(),
        false => each.join(", "),
    }
}
