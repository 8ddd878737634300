//! The guarantees: of what is stored, of what is decided, of what is done.

use std::collections::BTreeSet;

use super::brute::{Id, Sight, group_of, id, place, reach};
use super::violation::{Checked, Guarantee, ensure};
use super::world::{World, is_intruder};
use crate::{
    Action, Claim, Decision, Domain, GroupReport, Holder, Pod, Release, Settings, State, Time, View,
};

/// After every event: no group shares a domain, none is split.
pub(super) fn check_store(world: &World) -> Checked {
    let pods = world.store.pods.values();
    let there = |pod: &&Pod| {
        let released = pod.node.is_some() || pod.loose();
        released && !pod.finished && pod.requests.chips > 0 && !is_intruder(pod)
    };
    let pods: Vec<&Pod> = pods.filter(there).collect();
    for pod in pods.iter().filter(|pod| pod.exclusive.is_some()) {
        check_pod(world, pod, &pods)?;
    }
    Ok(())
}

fn check_pod(world: &World, pod: &Pod, pods: &[&Pod]) -> Checked {
    let nodes = &world.store.nodes;
    let (Some(domain), group) = (place(nodes, pod), group_of(pod)) else {
        return Ok(());
    };
    for other in pods {
        if group_of(other) == group {
            let its = place(nodes, other);
            // Whole isn't promised to those that go without a domain.
            let same = went_without(pod)
                || went_without(other)
                || its.is_none()
                || its.as_ref() == Some(&domain)
                || pod.deleting
                || other.deleting;
            ensure(same, Guarantee::Whole, || {
                format!(
                    "{} is on {domain}, {} of the same group on {its:?}",
                    pod.name(),
                    other.name()
                )
            })?;
            continue;
        }
        let reach = reach(nodes, other);
        let shared = nodes.values().find(|node| {
            reach.contains(node.name.as_str())
                && node.labels.get(&domain.key) == Some(&domain.value)
        });
        ensure(shared.is_none(), Guarantee::Exclusive, || {
            let node = shared.map(|node| node.name.clone()).unwrap_or_default();
            format!(
                "{} has {domain} to itself, but {} is or may come to {node}",
                pod.name(),
                other.name()
            )
        })?;
    }
    Ok(())
}

/// The model's Pods have no affinity of their own.
fn went_without(pod: &Pod) -> bool {
    pod.constraints.affinity.is_some()
}

/// Before an action is carried out: is it harmless whatever happened since it was decided?
pub(super) fn check_act(world: &World, action: &Action) -> Checked {
    match action {
        Action::Release(release) => check_claimed(world, release),
        Action::Unclaim(claim) => check_unused(world, claim),
        Action::Restart { pod, .. } => {
            let asked = world.settings.on_stranded == crate::OnStranded::Restart;
            ensure(asked, Guarantee::Safe, || {
                format!("Pod {} is deleted without leave", pod.name)
            })
        }
        Action::Claim(_) | Action::Keep(_) | Action::Fence(_) => Ok(()),
    }
}

/// A Pod that is really released is released under a claim that really exists.
fn check_claimed(world: &World, release: &Release) -> Checked {
    let stored = world.store.pods.get(&release.pod.uid);
    let Some(pod) = stored.filter(|pod| pod.reference == release.pod) else {
        return Ok(());
    };
    let Some(domain) = &release.selector else {
        return check_turn(world, release, pod);
    };
    let holds = |claim: &Claim| match &claim.holder {
        Holder::Group(group) => group_of(pod) == Some(id(group)),
        Holder::Pods(pods) => pods.iter().any(|one| one.uid == release.pod.uid),
        Holder::Loose(_) | Holder::Wandering(_) => false,
    };
    let mut claims = world
        .store
        .leases
        .values()
        .filter(|claim| claim.domain == *domain);
    ensure(claims.any(holds), Guarantee::Safe, || {
        format!(
            "{} is released to {domain}, which its group doesn't hold",
            pod.name()
        )
    })
}

/// A Pod that really goes without a domain has the turn, and is kept off all that the turn was
/// when it was decided on; more may have come to it since.
fn check_turn(world: &World, release: &Release, pod: &Pod) -> Checked {
    let kept = release.exclude.as_ref().map(|one| one.domains.clone());
    let kept = kept.unwrap_or_default();
    let holds = |claim: &Claim| match &claim.holder {
        Holder::Loose(group) => group_of(pod) == Some(id(group)),
        Holder::Wandering(pods) => pods.iter().any(|one| one.uid == pod.reference.uid),
        Holder::Group(_) | Holder::Pods(_) => false,
    };
    let includes = |claim: &Claim| {
        kept.iter().all(|(key, values)| {
            let known = claim.excluded.get(key);
            known.is_some_and(|known| values.is_subset(known))
        })
    };
    let mut turns = world.store.leases.values().filter(|claim| holds(claim));
    ensure(turns.any(includes), Guarantee::Safe, || {
        format!(
            "{} goes without a domain, and it isn't its turn",
            pod.name()
        )
    })
}

/// A claim that really ends has no Pods that were released under it.
fn check_unused(world: &World, claim: &Claim) -> Checked {
    let stored = world.store.leases.get(&claim.lease_name());
    let (Some(stored), Some(group)) = (stored, claim.group()) else {
        return Ok(());
    };
    if stored.lease != claim.lease {
        return Ok(());
    }
    let uses = |pod: &&Pod| {
        let released = !pod.gated() && !pod.finished && !pod.deleting;
        released
            && group_of(pod) == Some(id(group))
            && place(&world.store.nodes, pod).as_ref() == Some(&claim.domain)
    };
    let user = world.store.pods.values().find(uses);
    ensure(user.is_none(), Guarantee::Safe, || {
        let pod = user.map(Pod::name).unwrap_or_default();
        format!("the claim of {} ends while {pod} is there", claim.domain)
    })
}

/// A decision against what its placer saw.
pub(super) fn check_decision(
    view: &View,
    decision: &Decision,
    now: Time,
    settings: &Settings,
) -> Checked {
    let sight = Sight(view);
    for action in &decision.actions {
        match action {
            Action::Release(release) => check_release(sight, release, decision)?,
            Action::Unclaim(claim) => check_end(sight, claim, now, settings, decision)?,
            Action::Claim(claim) => check_order(sight, claim, decision)?,
            _ => {}
        }
    }
    for report in &decision.groups {
        super::honest::check_report(sight, report, decision)?;
    }
    Ok(())
}

fn check_release(sight: Sight<'_>, release: &Release, decision: &Decision) -> Checked {
    let Some(domain) = &release.selector else {
        return Ok(());
    };
    let Some(pod) = sight.pods().find(|pod| pod.reference == release.pod) else {
        return Ok(());
    };
    let Some(group) = group_of(pod) else {
        return ensure(!sight.closed(domain), Guarantee::Exclusive, || {
            format!("plain Pod {} goes to {domain}, which is taken", pod.name())
        });
    };
    let claims = sight.claims().filter(|claim| claim.domain == *domain);
    let held = claims
        .filter_map(Claim::group)
        .any(|holder| id(holder) == group);
    ensure(held, Guarantee::Safe, || {
        format!("{} is released before {domain} is claimed", pod.name())
    })?;
    let pods = sight.group(&group);
    let live: Vec<&Pod> = pods.into_iter().filter(|pod| !pod.deleting).collect();
    let unbound = live.iter().filter(|pod| pod.node.is_none()).count();
    let started = live.iter().any(|pod| !pod.gated());
    if !started {
        ensure(sight.alone(domain, &group), Guarantee::Exclusive, || {
            format!("{} goes to {domain}, which is not free", pod.name())
        })?;
        let job = pod
            .controller
            .as_ref()
            .and_then(|job| sight.0.jobs.get(&job.uid));
        let wanted = job.map_or(usize::MAX, |job| job.parallelism as usize);
        let releases = decision
            .actions
            .iter()
            .filter(|action| matches!(action, Action::Release(one) if one.group == release.group));
        ensure(
            live.len() >= wanted && releases.count() >= wanted,
            Guarantee::Whole,
            || {
                format!(
                    "{} of {wanted} Pods of {} exist when it is released",
                    live.len(),
                    release.group
                )
            },
        )?;
    }
    ensure(sight.room(domain, pod) >= unbound, Guarantee::Whole, || {
        format!(
            "{} can't hold the {unbound} Pods of {}",
            domain, release.group
        )
    })
}

/// A claim ends when its owner is gone, when its group stayed away long enough, or when the
/// domain is no good: not before.
fn check_end(
    sight: Sight<'_>,
    claim: &Claim,
    now: Time,
    settings: &Settings,
    decision: &Decision,
) -> Checked {
    let Some(holder) = claim.group() else {
        return Ok(());
    };
    let group = id(holder);
    let pods = sight.group(&group);
    if pods.is_empty() {
        let gone = !sight.0.owners.contains_key(&holder.root);
        let away = claim
            .empty_since
            .is_some_and(|since| since.after(settings.sticky_for) <= now);
        return ensure(gone || away, Guarantee::Sticky, || {
            format!("{holder} loses {} before it could come back", claim.domain)
        });
    }
    let others = sight
        .claims()
        .filter_map(Claim::group)
        .filter(|one| id(one) == group);
    let gang = |report: &&GroupReport| report.group.root == holder.root;
    let gang = decision.groups.iter().filter(gang).count() > 1;
    let live: Vec<&Pod> = pods.into_iter().filter(|pod| !pod.deleting).collect();
    let fenced = live.iter().any(|pod| pod.fence.is_some());
    let jobs = live
        .iter()
        .filter_map(|pod| sight.0.jobs.get(&pod.controller.as_ref()?.uid));
    let wanted = jobs
        .map(|job| job.parallelism as usize)
        .max()
        .unwrap_or(0)
        .max(live.len());
    let feasible = live
        .first()
        .is_some_and(|pod| sight.feasible(&claim.domain, &group, pod, wanted));
    ensure(
        !feasible || gang || fenced || others.count() > 1,
        Guarantee::Sticky,
        || format!("{holder} gives up {}, which can hold it", claim.domain),
    )
}

/// Nobody gets what one that comes first could have.
fn check_order(sight: Sight<'_>, claim: &Claim, decision: &Decision) -> Checked {
    let Some(holder) = claim.group() else {
        return Ok(());
    };
    let fresh = sight
        .group(&id(holder))
        .iter()
        .all(|pod| pod.gated() || pod.deleting);
    let Some(mine) = decision.groups.iter().find(|one| one.group == *holder) else {
        return Ok(());
    };
    for other in &decision.groups {
        let waits = matches!(other.state, State::Waiting { .. }) && other.exclusive;
        if !fresh || !waits || !first(sight, other, mine) || other.topology_key != claim.domain.key
        {
            continue;
        }
        ensure(
            !could_have(sight, other, &claim.domain),
            Guarantee::Live,
            || {
                format!(
                    "{holder} gets {}, for which {} came first",
                    claim.domain, other.group
                )
            },
        )?;
    }
    Ok(())
}

fn first(sight: Sight<'_>, one: &GroupReport, other: &GroupReport) -> bool {
    let rank = |report: &GroupReport| {
        let owner = sight.0.owners.get(&report.group.root);
        let created = owner.map(|owner| owner.created);
        (std::cmp::Reverse(report.priority), created)
    };
    rank(one) < rank(other)
}

pub(super) fn could_have(sight: Sight<'_>, report: &GroupReport, domain: &Domain) -> bool {
    let group: Id = id(&report.group);
    let pods = sight.group(&group);
    let count = pods.iter().filter(|pod| !pod.deleting).count();
    pods.first()
        .is_some_and(|pod| sight.feasible(domain, &group, pod, count))
}

/// All domains of a key, as sight has them.
pub(super) fn names(sight: Sight<'_>, key: &str) -> BTreeSet<String> {
    sight.domains(key).into_iter().map(str::to_owned).collect()
}
