//! The name that a deployment is to get: Kubernetes and JobSet derive longer ones from it.

use std::collections::BTreeMap;

use tpu::keys::NODE_POOL_LABEL;

use super::{Evidence, Finding, Outcome};
use crate::scaffold::{Names, longest_name};

/// Only before there is a deployment: what exists is judged by the policies (TPU015).
pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    if !evidence.scope.preflight {
        return None;
    }
    let (slices, vms) = largest(evidence);
    let seen = format!(
        "at most {} characters for {slices} x {vms} Pods",
        longest_name(slices, vms)
    );
    let name = evidence.scope.name.as_deref();
    let refused = name.and_then(|name| {
        let names = Names::of(name);
        names
            .and_then(|names| names.check_lengths(slices, vms))
            .err()
    });
    let finding = refused.map(|error| {
        Finding::problem("name", error.to_string())
            .because("the length counts with a slice on each node pool of the cluster")
            .fixed_by(error.fix())
    });
    Some(Outcome::found(seen, finding.into_iter().collect()))
}

/// The most slices that the cluster's pools can be, and the nodes of the largest; one of one where
/// there are none yet.
fn largest(evidence: &Evidence) -> (u32, u32) {
    let mut pools: BTreeMap<&str, u32> = BTreeMap::new();
    for node in evidence.inventory.nodes.values() {
        if let (Some(pool), true) = (node.metadata.label(NODE_POOL_LABEL), node.chips() > 0) {
            *pools.entry(pool).or_default() += 1;
        }
    }
    let slices = u32::try_from(pools.len()).unwrap_or(u32::MAX);
    let vms = pools.values().copied().max();
    (slices.max(1), vms.unwrap_or(1))
}
