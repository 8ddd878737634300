//! A domain for groups that have none.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::claim::Claim;
use crate::decide::Run;
use crate::fault::seeded;
use crate::group::Group;
use crate::rank::{DomainFacts, GroupFacts, RankFault, best};
use crate::reason::Rejection;
use crate::reference::Domain;
use crate::report::State;
use crate::stand::Standing;
use crate::survey::{Question, Survey};
use crate::view::View;

/// A domain that was found.
struct Found {
    domain: Domain,
    fault: Option<RankFault>,
}

impl<'a> Run<'a> {
    pub(crate) fn serve_one(&mut self, group: &'a Group) {
        match self.stand(group) {
            Standing::Settled => {}
            Standing::Holds(claim) => self.release(group, &claim.domain),
            Standing::Seeks => self.seek(group),
        }
    }

    fn seek(&mut self, group: &'a Group) {
        match self.find(group, &HashSet::new()) {
            Some(found) => self.take(group, found),
            None => self.wait(group),
        }
    }

    /// All domains or none. A gang of which some Pods were released is one no more.
    pub(crate) fn serve_gang(&mut self, groups: &[&'a Group], needed: u32) {
        if groups.iter().any(|group| group.started()) {
            for group in groups {
                self.serve_one(group);
            }
            return;
        }
        let standings: Vec<_> = groups
            .iter()
            .map(|group| (*group, self.stand(group)))
            .collect();
        let is_settled = |(_, standing): &&(_, Standing<'a>)| matches!(standing, Standing::Settled);
        let missing = groups.len() < usize::try_from(needed).unwrap_or(usize::MAX);
        if missing || standings.iter().any(|one| is_settled(&one)) {
            let ready = standings.iter().filter(|one| !is_settled(one)).count();
            return self.hold_gang(&standings, ready, needed);
        }
        let seeking: Vec<&'a Group> = standings
            .iter()
            .filter_map(|(group, standing)| matches!(standing, Standing::Seeks).then_some(*group))
            .collect();
        if seeded!(HalfGang) {
            self.hold_gang(&standings, 1, needed);
            return seeking.into_iter().for_each(|group| self.seek(group));
        }
        match self.find_all(&seeking) {
            Ok(found) if found.is_empty() => self.release_gang(&standings),
            Ok(found) => self.take_all(&standings, found),
            Err(ready) => self.refuse_gang(&standings, ready, needed),
        }
    }

    /// Claims are kept while the gang isn't complete.
    fn hold_gang(&mut self, standings: &[(&'a Group, Standing<'a>)], ready: usize, needed: u32) {
        let ready = u32::try_from(ready).unwrap_or(u32::MAX);
        for (group, standing) in standings {
            if !matches!(standing, Standing::Settled) {
                self.report(group, State::Gang { ready, needed });
            }
        }
    }

    fn release_gang(&mut self, standings: &[(&'a Group, Standing<'a>)]) {
        for (group, standing) in standings {
            if let Standing::Holds(claim) = standing {
                self.release(group, &claim.domain);
            }
        }
    }

    fn take_all(
        &mut self,
        standings: &[(&'a Group, Standing<'a>)],
        found: Vec<(&'a Group, Found)>,
    ) {
        for (group, found) in found {
            self.take(group, found);
        }
        for (group, standing) in standings {
            if matches!(standing, Standing::Holds(_)) {
                self.report(group, State::Claiming);
            }
        }
    }

    /// The gang can't be placed as a whole: what it holds goes back, what it could have is kept
    /// from those that come later, if it could ever be placed here.
    fn refuse_gang(&mut self, standings: &[(&'a Group, Standing<'a>)], ready: u32, needed: u32) {
        self.waiting += 1;
        let held: u32 = standings
            .iter()
            .map(|(_, one)| u32::from(matches!(one, Standing::Holds(_))))
            .sum();
        for (group, standing) in standings {
            match standing {
                Standing::Holds(claim) => self.give_up(group, claim, Vec::new()),
                Standing::Settled => {}
                Standing::Seeks => {
                    let rejected = self.rejected(group);
                    let state = State::Gang {
                        ready: ready + held,
                        needed,
                    };
                    self.report_with(group, state, rejected);
                    self.let_go(group);
                }
            }
        }
        let seeking: Vec<_> = standings
            .iter()
            .filter(|(_, one)| matches!(one, Standing::Seeks))
            .collect();
        if let Some((group, _)) = seeking.first() {
            self.reserve(group, needed);
        }
    }

    fn take(&mut self, group: &'a Group, found: Found) {
        if seeded!(ReleasesUnclaimed) {
            self.release(group, &found.domain);
        }
        self.claim(group, found.domain);
        self.report(group, State::Claiming);
        if let Some(report) = self.decision.groups.last_mut() {
            report.rank_fault = found.fault;
        }
    }

    fn wait(&mut self, group: &'a Group) {
        let rejected = self.rejected(group);
        self.report_with(
            group,
            State::Waiting {
                before: self.waiting,
            },
            rejected,
        );
        self.waiting += 1;
        self.let_go(group);
        self.reserve(group, 1);
    }

    /// A domain each, or for how many there is one.
    fn find_all(&mut self, groups: &[&'a Group]) -> Result<Vec<(&'a Group, Found)>, u32> {
        let mut picky: Vec<(usize, &'a Group)> = Vec::new();
        for group in groups {
            picky.push((self.survey(group).feasible.len(), group));
        }
        picky.sort_by_key(|(choice, _)| *choice);
        let mut used = HashSet::new();
        let mut all = Vec::new();
        for (_, group) in picky {
            let Some(found) = self.find(group, &used) else {
                continue;
            };
            used.extend(self.space.members(&found.domain).iter().copied());
            all.push((group, found));
        }
        let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
        if all.len() == groups.len() {
            Ok(all)
        } else {
            Err(count)
        }
    }

    fn find(&mut self, group: &'a Group, used: &HashSet<usize>) -> Option<Found> {
        let space = &self.space;
        let survey = self.surveys.of(space, question(group));
        if survey.feasible.is_empty() {
            return None;
        }
        let free = |facts: &&DomainFacts| {
            let domain = Domain {
                key: group.key.clone(),
                value: facts.name.clone(),
            };
            space.members(&domain).iter().all(|at| !used.contains(at))
        };
        let feasible = match used.is_empty() {
            true => Cow::Borrowed(&survey.feasible),
            false => Cow::Owned(survey.feasible.iter().filter(free).cloned().collect()),
        };
        let facts = facts(self.view, group);
        let (value, fault) = best(self.rank, &facts, &feasible);
        let domain = Domain {
            key: group.key.clone(),
            value: value?,
        };
        Some(Found { domain, fault })
    }

    pub(crate) fn survey(&mut self, group: &'a Group) -> &mut Survey {
        self.surveys.of(&self.space, question(group))
    }

    fn rejected(&mut self, group: &'a Group) -> Arc<Vec<Rejection>> {
        if seeded!(HidesReasons) {
            return Arc::default();
        }
        Arc::clone(&self.survey(group).rejected)
    }
}

/// What a ranking may know of a group.
fn facts(view: &View, group: &Group) -> GroupFacts {
    let chips = group.pods.iter().map(|pod| pod.requests.chips).max();
    GroupFacts {
        namespace: group.reference.namespace.clone(),
        kind: group.reference.kind.clone(),
        name: group.reference.name.clone(),
        root_kind: group.root_kind.to_owned(),
        root_name: group.root_name.clone(),
        topology_key: group.key.clone(),
        pods: group.needed,
        chips_per_pod: chips.unwrap_or(0),
        priority: group.priority,
        accelerator: selected(group, tpu::keys::ACCELERATOR_LABEL),
        topology: selected(group, tpu::keys::TOPOLOGY_LABEL),
        multislice: group.pods.iter().any(|pod| pod.multislice),
        siblings: siblings(view, group),
    }
}

fn siblings(view: &View, group: &Group) -> Vec<String> {
    let root = &group.reference.root;
    let of_root = |claim: &&Claim| claim.group().is_some_and(|one| one.root == *root);
    let claims = view.claims.values().filter(of_root);
    claims.map(|claim| claim.domain.value.clone()).collect()
}

/// What the Pods select by this label.
fn selected(group: &Group, key: &str) -> Option<String> {
    let mut selectors = group.pods.iter().map(|pod| &pod.constraints.selector);
    selectors.find_map(|selector| selector.get(key)).cloned()
}

/// What a group that waits as a whole needs.
pub(crate) fn question(group: &Group) -> Question<'_> {
    Question {
        key: &group.key,
        need: &group.need,
    }
}
