//! When nothing more happens, everything comes to rest, and nobody waits without need.

use std::collections::BTreeSet;

use super::brute::{Id, KEYS, Sight, group_of, id};
use super::checks::could_have;
use super::violation::{Checked, Guarantee, Violation, ensure};
use super::world::World;
use crate::{
    Claim, Decision, Domain, GroupReport, Holder, Pod, Reason, State, TightestFit, decide,
};

/// Rounds of controllers, scheduler and placer within which all must be at rest.
const ROUNDS: usize = 80;

impl World {
    pub(super) fn settle(&mut self, choice: usize) -> Checked {
        self.rest()?;
        if choice.is_multiple_of(2) {
            self.store.now = self.store.now.after(self.settings.sticky_for + 1);
            self.rest()?;
            self.check_kept()?;
        }
        self.counts.settled += 1;
        self.forget();
        Ok(())
    }

    /// Lets controllers, scheduler and leader go on until nothing changes.
    fn rest(&mut self) -> Checked {
        for _ in 0..ROUNDS {
            let before = self.store.log.len();
            // What was decided on an older view may come to nothing: that isn't rest yet.
            let idle = self.placers[self.leader].pending.is_empty();
            self.collect();
            while self.reap(0) {}
            (0..80).for_each(|which| self.control(which));
            while self.bind(0, 0) {}
            self.watch(self.leader, usize::MAX / 2);
            self.look(self.leader)?;
            while !self.placers[self.leader].pending.is_empty() {
                self.act(self.leader, 1)?;
                super::checks::check_store(self)?;
            }
            if idle && self.store.log.len() == before {
                return self.check_rest();
            }
        }
        let decision = self.decision();
        let found = format!("no rest: {:#?}", decision.actions);
        Err(Violation {
            guarantee: Guarantee::Live,
            found,
        })
    }

    fn decision(&self) -> Decision {
        let placer = &self.placers[self.leader];
        decide(&placer.view, self.store.now, &self.settings, &TightestFit)
    }

    fn check_rest(&self) -> Checked {
        let decision = self.decision();
        let sight = Sight(&self.placers[self.leader].view);
        let groups: BTreeSet<Id> = sight
            .pods()
            .filter(|pod| pod.gated())
            .filter_map(group_of)
            .collect();
        for group in groups {
            check_group(sight, &group, &decision)?;
        }
        for pod in sight
            .pods()
            .filter(|pod| pod.gated() && pod.exclusive.is_none())
        {
            check_plain(sight, pod, &decision)?;
        }
        for claim in sight.claims() {
            check_claim(sight, claim)?;
        }
        self.check_turn(sight, &decision)
    }

    /// Where groups may go without a domain, nobody waits for one while it is nobody's turn.
    fn check_turn(&self, sight: Sight<'_>, decision: &Decision) -> Checked {
        let mut waiting = decision.groups.iter().filter(|one| {
            matches!(one.state, State::Waiting { .. }) || (!one.exclusive && one.waits())
        });
        let idle = self.releases() && !sight.claims().any(Claim::is_turn);
        let waiting = waiting.next().filter(|_| idle);
        ensure(waiting.is_none(), Guarantee::Live, || {
            format!("it is nobody's turn, and somebody waits: {waiting:?}")
        })
    }

    /// After `stickyFor`, no claim is left without Pods.
    fn check_kept(&self) -> Checked {
        let sight = Sight(&self.placers[self.leader].view);
        for claim in sight.claims() {
            let used = claim
                .group()
                .is_none_or(|group| !sight.group(&id(group)).is_empty());
            ensure(used, Guarantee::Live, || {
                format!("{} is still claimed though nobody came back", claim.domain)
            })?;
        }
        Ok(())
    }

    /// The log needn't be kept: a placer that lags sees the rest at once.
    fn forget(&mut self) {
        if self.store.log.len() > 4000 {
            self.watch(0, usize::MAX / 2);
            self.watch(1, usize::MAX / 2);
            self.store.log.clear();
            self.placers.iter_mut().for_each(|placer| placer.seen = 0);
        }
    }
}

/// A group with gated Pods waits for a reason that holds.
fn check_group(sight: Sight<'_>, group: &Id, decision: &Decision) -> Checked {
    let report = decision
        .groups
        .iter()
        .find(|report| id(&report.group) == *group);
    let Some(report) = report else {
        let found = format!("{group:?} is lost: there is no word of it");
        return Err(Violation {
            guarantee: Guarantee::Honest,
            found,
        });
    };
    match &report.state {
        State::Waiting { .. } => check_waiting(sight, report),
        State::Gang { needed, .. } => check_gang(sight, report, *needed, decision),
        // Until a node comes that takes it.
        State::Loose => Ok(()),
        State::Stranded { .. } | State::Split { .. } => Ok(()),
        state => Err(Violation {
            guarantee: Guarantee::Live,
            found: format!("{} never gets on: {state:?}", report.group),
        }),
    }
}

fn check_waiting(sight: Sight<'_>, report: &GroupReport) -> Checked {
    let reserved = reserved(report);
    for value in sight.domains(&report.topology_key) {
        let domain = Domain {
            key: report.topology_key.clone(),
            value: value.to_owned(),
        };
        let free = !reserved.contains(value) && could_have(sight, report, &domain);
        ensure(!free, Guarantee::Live, || {
            format!("{} waits and {domain} is free", report.group)
        })?;
    }
    Ok(())
}

/// A gang holds nothing while it waits, and it waits only if it can't have all.
fn check_gang(sight: Sight<'_>, report: &GroupReport, needed: u32, decision: &Decision) -> Checked {
    let held = sight
        .claims()
        .filter_map(Claim::group)
        .any(|one| one.root == report.group.root);
    ensure(!held, Guarantee::Live, || {
        format!("{} waits with half of its domains", report.group)
    })?;
    let siblings = decision
        .groups
        .iter()
        .filter(|one| one.group.root == report.group.root);
    let reserved: BTreeSet<&str> = siblings.flat_map(reserved).collect();
    let domains = sight.domains(&report.topology_key).into_iter();
    let free = domains
        .filter(|value| !reserved.contains(value))
        .filter(|value| {
            let domain = Domain {
                key: report.topology_key.clone(),
                value: (*value).to_owned(),
            };
            could_have(sight, report, &domain)
        });
    ensure(free.count() < needed as usize, Guarantee::Live, || {
        format!("{} waits and all its domains are free", report.group)
    })
}

fn reserved(report: &GroupReport) -> BTreeSet<&str> {
    let reserved = report
        .rejected
        .iter()
        .filter(|one| matches!(one.reasons[0], Reason::Reserved { .. }));
    reserved.map(|one| one.domain.as_str()).collect()
}

/// Domains that are kept from a plain Pod for those that come before it.
fn kept(report: &GroupReport) -> Vec<Domain> {
    let domain = |value: &str| Domain {
        key: report.topology_key.clone(),
        value: value.to_owned(),
    };
    reserved(report).into_iter().map(domain).collect()
}

/// A plain Pod waits only if there is no room outside of what is taken.
fn check_plain(sight: Sight<'_>, pod: &Pod, decision: &Decision) -> Checked {
    let uid = &pod.reference.uid;
    let report = decision.groups.iter().find(|one| one.group.root == *uid);
    let kept: Vec<Domain> = report.into_iter().flat_map(kept).collect();
    for key in KEYS {
        for value in sight.domains(key) {
            let domain = Domain {
                key: key.to_owned(),
                value: value.to_owned(),
            };
            let open = !kept.iter().any(|kept| sight.overlap(kept, &domain));
            let free = open && !sight.closed(&domain) && sight.room(&domain, pod) > 0;
            ensure(!free, Guarantee::Live, || {
                let state = report.map(|one| &one.state);
                format!("{} waits ({state:?}) and {domain} has room", pod.name())
            })?;
        }
    }
    Ok(())
}

/// No claim without anybody behind it.
fn check_claim(sight: Sight<'_>, claim: &Claim) -> Checked {
    let alive = match &claim.holder {
        Holder::Group(group) | Holder::Loose(group) => {
            let owner = sight.0.owners.contains_key(&group.root);
            owner || !sight.group(&id(group)).is_empty()
        }
        Holder::Pods(pods) | Holder::Wandering(pods) => pods
            .iter()
            .any(|one| sight.pods().any(|pod| pod.reference.uid == one.uid)),
    };
    ensure(alive, Guarantee::Live, || {
        format!("{} is claimed for nobody", claim.domain)
    })
}
