//! `whenNoDomain: release`: one group at a time goes without a domain.
//!
//! Whose turn it is stands in one Lease: see [`crate::turn`].

use crate::action::{Action, Release};
use crate::claim::{Claim, Excluded, Holder};
use crate::decide::Run;
use crate::fault::seeded;
use crate::group::Group;
use crate::report::State;
use crate::settings::WhenNoDomain;

impl<'a> Run<'a> {
    /// There is no domain for this group: it may be its turn to go without.
    pub(crate) fn let_go(&mut self, group: &'a Group) {
        if self.settings.when_no_domain != WhenNoDomain::Release {
            return;
        }
        match self.turn {
            Some(turn) if holds(turn, group) => self.release_loose(group, turn),
            None if !self.turn_wanted => self.claim_turn(group),
            _ => {}
        }
        self.turn_wanted = true;
    }

    fn claim_turn(&mut self, group: &'a Group) {
        let turn = self.new_turn(&group.key, Holder::Loose(group.reference.clone()));
        self.act(Action::Claim(turn));
    }

    /// Some of its Pods are on their way to nowhere in particular; the others follow.
    pub(crate) fn wander(&mut self, group: &'a Group, turn: Option<&Claim>) {
        if let Some(turn) = turn {
            self.release_loose(group, turn);
        }
        self.report(group, State::Loose);
    }

    /// Brings a group's turn up to date; whether it may be used as it is.
    ///
    /// What others claim and none of its Pods could come to is added to it. If they could, or if
    /// there is a new domain, the turn ends, with fences, as long as no Pod has gone.
    pub(crate) fn renew(&mut self, group: &'a Group, turn: &'a Claim) -> bool {
        let wanted = self.settings.when_no_domain == WhenNoDomain::Release;
        let missing = match group.started() {
            _ if seeded!(UsesOldTurn) => Excluded::new(),
            true => self.uncovered_claims(turn),
            false => join(self.uncovered_claims(turn), self.uncovered_domains(turn)),
        };
        let pods: Vec<_> = group.live().collect();
        let (near, far) = self.near_and_far(&pods, missing);
        if !group.started() && (!wanted || !near.is_empty()) {
            self.fence_out(group, turn);
            return false;
        }
        let current = near.is_empty() && far.is_empty();
        if !far.is_empty() {
            self.act(Action::Keep(turn.clone().excluding(far)));
        }
        wanted && current
    }

    fn release_loose(&mut self, group: &Group, turn: &Claim) {
        for pod in &group.gated {
            let release = self.without_domain(pod, turn);
            self.act(Action::Release(Release {
                group: group.reference.clone(),
                ..release
            }));
        }
    }
}

/// Both.
pub(crate) fn join(mut one: Excluded, other: Excluded) -> Excluded {
    for (key, values) in other {
        one.entry(key).or_default().extend(values);
    }
    one
}

/// Whether it is this group's turn.
pub(crate) fn holds(turn: &Claim, group: &Group) -> bool {
    matches!(&turn.holder, Holder::Loose(holder) if crate::group::id(holder) == group.id())
}
