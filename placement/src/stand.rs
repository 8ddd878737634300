//! Where a group stands, before anything new is found for it.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::claim::{Claim, Excluded, Holder};
use crate::decide::{Run, is_fenced};
use crate::fault::seeded;
use crate::fit::{Free, Need, fit};
use crate::group::Group;
use crate::node_state::By;
use crate::reason::Reason;
use crate::reference::Domain;
use crate::report::State;
use crate::settings::OnStranded;

/// Where a group stands.
#[derive(Debug)]
pub(crate) enum Standing<'a> {
    /// It has been dealt with, and reported.
    Settled,
    /// All its Pods wait, and it holds a domain that can hold it.
    Holds(&'a Claim),
    /// All its Pods wait, and it has no domain.
    Seeks,
}

impl<'a> Run<'a> {
    pub(crate) fn stand(&mut self, group: &'a Group) -> Standing<'a> {
        let claims = self.claims.get(&group.id()).cloned().unwrap_or_default();
        if claims.iter().any(|claim| claim.empty_since.is_some()) {
            // The mark goes first: see `enter`.
            self.report(group, State::Claiming);
            return Standing::Settled;
        }
        if group.started() {
            self.carry_on(group, &claims);
            return Standing::Settled;
        }
        let kept = kept(group, &claims);
        if let Some(surplus) = surplus(group, &claims, kept) {
            self.give_up(group, surplus, Vec::new());
            return Standing::Settled;
        }
        let turn = claims.iter().copied().find(|claim| claim.is_turn());
        if let Some(state) = unready(group) {
            if let Some(turn) = turn {
                self.fence_out(group, turn);
            }
            self.report(group, state);
            return Standing::Settled;
        }
        if turn.is_some_and(|turn| !self.renew(group, turn)) {
            self.report(group, State::Claiming);
            return Standing::Settled;
        }
        match kept {
            None => Standing::Seeks,
            Some(claim) => self.stand_on(group, claim),
        }
    }

    /// All Pods wait and the group holds a claim: is it still any good?
    fn stand_on(&mut self, group: &'a Group, claim: &'a Claim) -> Standing<'a> {
        match self.verdict(group, claim, &group.need, true) {
            Verdict::Fits => return Standing::Holds(claim),
            Verdict::Soon => self.report(group, State::Ending),
            Verdict::Broken(reasons) => self.give_up(group, claim, reasons),
        }
        Standing::Settled
    }

    /// Some Pods were released: the group is finished where it began.
    fn carry_on(&mut self, group: &'a Group, claims: &[&'a Claim]) {
        let places = self.space.places(group);
        let (places, wandering) = (&places.values, places.wandering);
        let holds = |claim: &&&Claim| {
            let domain = &claim.domain;
            claim.group().is_some() && domain.key == group.key && places.contains(&domain.value)
        };
        let claim = claims.iter().find(holds).copied();
        // Without a domain yet, the loose claim stays until there is one.
        let on_the_way = claim.is_none() && (wandering || places.len() == 1);
        let needed = |one: &&Claim| on_the_way && matches!(one.holder, Holder::Loose(_));
        let surplus = claims
            .iter()
            .copied()
            .filter(|one| claim != Some(one) && !needed(one));
        let mut ends = false;
        for surplus in surplus {
            // Pods of a turn that still wait could be let go under it by a placer that was paused.
            ends |= surplus.is_turn() && !group.gated.is_empty();
            match surplus.is_turn() {
                true => self.fence_out(group, surplus),
                false => self.act(Action::Unclaim(surplus.clone())),
            }
        }
        if ends {
            return self.report(group, State::Claiming);
        }
        let mut turn = claims.iter().copied().filter(|one| needed(one));
        let turn = turn.next().filter(|turn| self.renew(group, turn));
        match (claim, places.first()) {
            (Some(claim), _) => self.finish(group, claim),
            (None, _) if wandering => self.wander(group, turn),
            (None, Some(place)) if places.len() == 1 => self.adopt(group, place),
            (None, _) => self.report(group, split(places)),
        }
    }

    /// The Pods that are left go where the others are, if they still fit.
    fn finish(&mut self, group: &'a Group, claim: &'a Claim) {
        let unbound = group.live().filter(|pod| pod.node.is_none());
        let need = Need::of(unbound, 0);
        if need.total() == 0 {
            return self.report(group, State::Placed);
        }
        let gates = group.other_gates.clone();
        if !gates.is_empty() {
            return self.report(group, State::OtherGates { gates });
        }
        match self.verdict(group, claim, &need, false) {
            Verdict::Fits => self.release(group, &claim.domain),
            Verdict::Soon => self.report(group, State::Ending),
            Verdict::Broken(reasons) => {
                self.restart(group);
                self.report(group, State::Stranded { reasons });
            }
        }
    }

    /// Its Pods share a domain that nobody claims: it does now.
    fn adopt(&mut self, group: &'a Group, place: &str) {
        let domain = Domain {
            key: group.key.clone(),
            value: place.to_owned(),
        };
        let held = self
            .space
            .claimed_by_other(self.space.members(&domain), group.id());
        match held {
            Some(reason) => {
                let found = format!("its Pods are on {place}, which is {reason}");
                self.report(group, State::Split { found });
            }
            None => {
                self.claim(group, domain);
                self.report(group, State::Claiming);
            }
        }
    }

    /// One Pod goes, so that the JobSet starts again; never while one is going already, nor
    /// where that would only bring the Pod back.
    fn restart(&mut self, group: &Group) {
        let asked = self.settings.on_stranded == OnStranded::Restart;
        if !asked || !group.restartable || group.ending() {
            return;
        }
        let newest = group
            .live()
            .map(|pod| pod.created)
            .max()
            .unwrap_or_default();
        let patience = newest.after(self.settings.stranded_after);
        if self.now < patience {
            return self.look_again(patience);
        }
        let idle = group.live().find(|pod| pod.node.is_none());
        if let Some(pod) = idle {
            let (pod, group) = (pod.reference.clone(), group.reference.clone());
            self.act(Action::Restart { pod, group });
        }
    }

    /// Whether the domain of a claim holds what is needed. Before the first release it must be
    /// free of others, too; after it there is no way back.
    fn verdict(&self, group: &Group, claim: &Claim, need: &Need, alone: bool) -> Verdict {
        let plot = self.space.plot(&claim.domain);
        if alone && is_fenced(group, claim) {
            return Verdict::Broken(Vec::new());
        }
        let blocker = self.space.blocker(&plot.nodes, Some(group));
        if let Some(reason) = blocker.filter(|_| alone) {
            return Verdict::Broken(vec![reason]);
        }
        match fit(&self.space, plot, need, Free::Now) {
            Ok(_) => Verdict::Fits,
            Err(reasons) => match fit(&self.space, plot, need, Free::Soon(group)) {
                Ok(_) => Verdict::Soon,
                Err(_) => Verdict::Broken(reasons),
            },
        }
    }
}

enum Verdict {
    Fits,
    /// When its own Pods of before have ended.
    Soon,
    Broken(Vec<Reason>),
}

/// Of several claims the oldest; all placers choose the same.
fn kept<'a>(group: &Group, claims: &[&'a Claim]) -> Option<&'a Claim> {
    let usable = |claim: &&&Claim| claim.group().is_some() && claim.domain.key == group.key;
    let age = |claim: &&Claim| {
        (
            claim.lease.as_ref().map(|lease| lease.created),
            claim.lease_name(),
        )
    };
    claims
        .iter()
        .copied()
        .filter(|claim| usable(&claim))
        .min_by_key(age)
}

/// A claim that must go: one that its Pods are fenced against, or a second one. The loose claim
/// is one once there is a domain.
fn surplus<'a>(group: &Group, claims: &[&'a Claim], kept: Option<&'a Claim>) -> Option<&'a Claim> {
    let fenced = claims.iter().find(|claim| is_fenced(group, claim));
    let second = claims.iter().find(|claim| {
        let loose = matches!(claim.holder, Holder::Loose(_));
        kept.map_or(!loose, |kept| kept != **claim)
    });
    fenced.or(second).copied()
}

/// Why no Pod of a group may be released yet.
fn unready(group: &Group) -> Option<State> {
    if group.live().next().is_none() {
        return Some(State::Ending);
    }
    if group.suspended {
        return Some(State::Suspended);
    }
    let gates = group.other_gates.clone();
    if !gates.is_empty() {
        return Some(State::OtherGates { gates });
    }
    let incomplete = State::Incomplete {
        have: group.have,
        want: group.want,
    };
    (!group.complete() && !seeded!(ReleasesIncomplete)).then_some(incomplete)
}

fn split(places: &BTreeSet<String>) -> State {
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    State::Split {
        found: format!("its Pods are on several domains: {}", places.join(", ")),
    }
}

impl<'a> Run<'a> {
    /// Claims a domain for a group.
    pub(crate) fn claim(&mut self, group: &'a Group, domain: Domain) {
        let claim = Claim {
            domain,
            holder: Holder::Group(group.reference.clone()),
            empty_since: None,
            excluded: Excluded::new(),
            lease: None,
        };
        let reason = Reason::Taken {
            by: group.reference.clone(),
        };
        let by = By::Group(&group.reference);
        self.space.hold(&claim.domain, by);
        self.surveys.withdraw(&self.space, &claim.domain, &reason);
        self.surveys.count(&self.space, &claim.domain);
        self.act(Action::Claim(claim));
    }
}
