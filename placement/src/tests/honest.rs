//! Reasons are complete and true.

use super::brute::{Sight, is_in};
use super::checks::names;
use super::violation::{Checked, Guarantee, ensure};
use crate::{Action, Decision, Domain, GroupReport, Holder, Reason, State};

/// A group that waits says why, for every domain; and what it says is so.
pub(super) fn check_report(sight: Sight<'_>, report: &GroupReport, decision: &Decision) -> Checked {
    if !matches!(report.state, State::Waiting { .. }) {
        return Ok(());
    }
    let told = report
        .rejected
        .iter()
        .map(|one| one.domain.clone())
        .collect();
    let all = names(sight, &report.topology_key);
    ensure(all == told, Guarantee::Honest, || {
        format!(
            "{} waits and speaks of {told:?}, the domains are {all:?}",
            report.group
        )
    })?;
    for rejection in report.rejected.iter() {
        let domain = Domain {
            key: report.topology_key.clone(),
            value: rejection.domain.clone(),
        };
        ensure(!rejection.reasons.is_empty(), Guarantee::Honest, || {
            format!("no reason for {domain}")
        })?;
        for reason in &rejection.reasons {
            ensure(
                is_true(sight, reason, &domain, decision),
                Guarantee::Honest,
                || {
                    format!(
                        "{} is told of {domain}: {reason}, which isn't so",
                        report.group
                    )
                },
            )?;
        }
    }
    Ok(())
}

fn is_true(sight: Sight<'_>, reason: &Reason, domain: &Domain, decision: &Decision) -> bool {
    let nodes = sight.nodes(domain);
    let all = |names: &[String], holds: &dyn Fn(&crate::Node) -> bool| {
        !names.is_empty()
            && names
                .iter()
                .all(|name| nodes.iter().any(|node| node.name == *name && holds(node)))
    };
    match reason {
        Reason::Taken { by } => claimed(
            sight,
            domain,
            decision,
            &|holder| matches!(holder, Holder::Group(group) if group == by),
        ),
        Reason::Shared { .. } => claimed(sight, domain, decision, &|holder| {
            matches!(holder, Holder::Pods(_))
        }),
        Reason::Occupied { pod, node } => sight.pods().any(|one| {
            one.name() == *pod
                && one.node.as_ref() == Some(node)
                && nodes.iter().any(|here| here.name == *node)
        }),
        Reason::CouldLand { pod } => sight.pods().any(|one| one.name() == *pod && one.loose()),
        Reason::Reserved { by } => decision
            .groups
            .iter()
            .any(|report| report.group == *by && waits_for_a_domain(&report.state)),
        Reason::TooFewNodes {
            fit,
            needed,
            nodes: count,
        } => fit < needed && *count as usize == nodes.len(),
        Reason::NotReady { nodes } => all(nodes, &|node| !node.ready),
        Reason::Unschedulable { nodes } => all(nodes, &|node| node.unschedulable),
        Reason::TaintNotTolerated { nodes, taint } => all(nodes, &|node| {
            node.taints.iter().any(|one| one.to_string() == *taint)
        }),
        Reason::SelectorMismatch {
            nodes, key, wanted, ..
        } => all(nodes, &|node| node.labels.get(key) != Some(wanted)),
        Reason::ChipsShort { free, needed, .. } => free < needed,
        _ => false,
    }
}

/// Whether it may keep domains from those that come later.
fn waits_for_a_domain(state: &State) -> bool {
    matches!(state, State::Gang { .. } | State::Waiting { .. })
}

/// Whether such a claim on nodes of the domain stands, or is being made.
fn claimed(
    sight: Sight<'_>,
    domain: &Domain,
    decision: &Decision,
    holds: &dyn Fn(&Holder) -> bool,
) -> bool {
    let made = decision.actions.iter().filter_map(|action| match action {
        Action::Claim(claim) => Some(claim),
        _ => None,
    });
    sight.claims().chain(made).any(|claim| {
        let nodes = sight.nodes(&claim.domain);
        holds(&claim.holder) && nodes.iter().any(|node| is_in(node, domain))
    })
}
