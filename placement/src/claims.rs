//! What becomes of claims whose groups have no Pods.

use std::collections::HashSet;
use std::sync::Arc;

use crate::action::Action;
use crate::claim::{Claim, Holder};
use crate::decide::Run;
use crate::fault::seeded;
use crate::group::{Group, id};
use crate::reference::GroupRef;
use crate::settings::Settings;

impl<'a> Run<'a> {
    /// Sorts claims by group; marks, keeps and ends those without Pods.
    pub(crate) fn tend_claims(&mut self, groups: &'a [Arc<Group>]) {
        let known: HashSet<_> = groups.iter().map(|group| group.id()).collect();
        for claim in self.view.claims.values() {
            match &claim.holder {
                Holder::Group(group) if known.contains(&id(group)) => self.enter(claim, group),
                Holder::Loose(group) if known.contains(&id(group)) => self.enter(claim, group),
                Holder::Loose(_) => self.act(Action::Unclaim(claim.clone())),
                Holder::Group(group) => self.tend_empty(claim, group),
                Holder::Pods(_) | Holder::Wandering(_) => {}
            }
        }
    }

    /// The claim of a group that has Pods: if it was marked as empty, the mark goes first, so
    /// that whoever still thinks that it is empty can't end it any more.
    fn enter(&mut self, claim: &'a Claim, group: &'a GroupRef) {
        if claim.empty_since.is_some() {
            self.act(Action::Keep(Claim {
                empty_since: None,
                ..claim.clone()
            }));
        }
        self.claims.entry(id(group)).or_default().push(claim);
    }

    fn tend_empty(&mut self, claim: &Claim, group: &GroupRef) {
        if !self.exists(group) {
            if !seeded!(KeepsDead) {
                self.act(Action::Unclaim(claim.clone()));
            }
            return;
        }
        let Settings { sticky_for, .. } = *self.settings;
        let sticky_for = if seeded!(ForgetsSticky) {
            0
        } else {
            sticky_for
        };
        match claim.empty_since.map(|since| since.after(sticky_for)) {
            None => {
                let marked = Claim {
                    empty_since: Some(self.now),
                    ..claim.clone()
                };
                self.act(Action::Keep(marked));
                self.look_again(self.now.after(sticky_for));
            }
            Some(end) if end <= self.now => self.act(Action::Unclaim(claim.clone())),
            Some(end) => self.look_again(end),
        }
    }
}
