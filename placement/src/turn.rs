//! The turn to go without a domain (`whenNoDomain: release`): one Lease, held by one exclusive
//! group or by plain TPU Pods.
//!
//! It says what its Pods are kept off, and they are released with exactly that. So it is a claim
//! on everything else, and keeps to the same order as all claims: it is seen before it is used,
//! and then shows every claim that was made before. One of something that it doesn't exclude, and
//! it isn't used; one that is made later isn't used while the turn lasts. Neither placer needs to
//! know of the other. It ends when its Pods are bound and their domain is claimed for them, or
//! with fences before the first of them is released.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::action::{Action, Exclusion, Fence, Release};
use crate::claim::{Claim, Excluded, HeldPod, Holder};
use crate::decide::Run;
use crate::fault::seeded;
use crate::fit::Need;
use crate::group::{Group, of_plain};
use crate::loose::{holds, join};
use crate::plain::{Shares, fence_of, next_serial};
use crate::pod::Pod;
use crate::reference::Domain;
use crate::report::State;
use crate::settings::WhenNoDomain;
use crate::view::View;

/// Plain Pods that go without a domain.
#[derive(Default)]
pub(crate) struct Wanderers {
    pods: Vec<HeldPod>,
    changed: bool,
    /// What groups claim and the turn doesn't exclude.
    missing: Excluded,
}

/// The turn, where somebody has it.
pub(crate) fn turn(view: &View) -> Option<&Claim> {
    view.claims.values().find(|claim| claim.is_turn())
}

impl Claim {
    /// The same turn, with more that it is kept off.
    pub(crate) fn excluding(self, more: Excluded) -> Self {
        Self {
            excluded: join(self.excluded, more),
            ..self
        }
    }
}

impl<'a> Run<'a> {
    /// What a turn must exclude: each domain that there is (it is taken, broken or too small), and
    /// whatever is claimed, by whatever key.
    pub(crate) fn excluded(&self, key: &str) -> Excluded {
        let made = self
            .decision
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::Claim(claim) => Some(claim),
                _ => None,
            });
        let claims = self.view.claims.values().chain(made);
        let mut all: Excluded = BTreeMap::new();
        for claim in claims.filter(|claim| !claim.is_turn()) {
            let values = all.entry(claim.domain.key.clone()).or_default();
            values.insert(claim.domain.value.clone());
        }
        let domains: BTreeSet<String> = self.space.domains(key).map(|(at, _)| at.into()).collect();
        if !domains.is_empty() {
            all.entry(key.to_owned()).or_default().extend(domains);
        }
        all
    }

    /// A turn as it begins.
    pub(crate) fn new_turn(&self, key: &str, holder: Holder) -> Claim {
        Claim {
            domain: Domain {
                key: key.to_owned(),
                value: String::new(),
            },
            holder,
            empty_since: None,
            excluded: self.excluded(key),
            lease: None,
        }
    }

    /// What others claim and a turn doesn't exclude; plain Pods needn't keep off each other.
    pub(crate) fn uncovered_claims(&self, turn: &Claim) -> Excluded {
        let concerns = |claim: &&Claim| match (&claim.holder, &turn.holder) {
            (Holder::Pods(_), Holder::Wandering(_)) => false,
            (Holder::Group(one), Holder::Loose(other)) => one != other,
            _ => !claim.is_turn(),
        };
        let mut found = Excluded::new();
        let claims = self.view.claims.values().filter(concerns);
        for Claim { domain, .. } in claims.filter(|claim| !turn.excludes(&claim.domain)) {
            let values = found.entry(domain.key.clone()).or_default();
            values.insert(domain.value.clone());
        }
        found
    }

    /// Domains that there are and that a turn doesn't exclude.
    pub(crate) fn uncovered_domains(&self, turn: &Claim) -> Excluded {
        let key = &turn.domain.key;
        let known = turn.excluded.get(key);
        let values = self.space.domains(key).map(|(value, _)| value);
        let new = values.filter(|value| !known.is_some_and(|known| known.contains(*value)));
        let new: BTreeSet<String> = new.map(str::to_owned).collect();
        Excluded::from([(key.clone(), new)])
    }

    /// Of these domains those to which one of the Pods could come, and the rest.
    pub(crate) fn near_and_far(
        &self,
        pods: &[&Arc<Pod>],
        domains: Excluded,
    ) -> (Excluded, Excluded) {
        let (mut near, mut far) = (Excluded::new(), Excluded::new());
        for (key, values) in domains {
            for value in values {
                let domain = Domain {
                    key: key.clone(),
                    value,
                };
                let comes = pods.iter().any(|pod| self.could_come(pod, &domain));
                let side = if comes { &mut near } else { &mut far };
                side.entry(domain.key).or_default().insert(domain.value);
            }
        }
        (near, far)
    }

    /// Whether a Pod's own selectors let it go to one of these domains.
    fn wants_any(&self, pod: &Pod, domains: &Excluded) -> bool {
        domains.iter().any(|(key, values)| {
            values.iter().any(|value| {
                let (key, value) = (key.clone(), value.clone());
                self.space.could_want(&Domain { key, value }, pod)
            })
        })
    }

    /// Whether Pods that have the turn could come to a domain that a group claims.
    pub(crate) fn waits_for_turn(&self, domain: &Domain, group: &Group) -> bool {
        let other = self.turn.filter(|turn| !holds(turn, group));
        other.is_some_and(|turn| !turn.excludes(domain)) && !seeded!(IgnoresTurn)
    }

    /// The same for one that plain Pods share: they needn't keep away from each other.
    pub(crate) fn plain_waits_for_turn(&self, domain: &Domain) -> bool {
        let of_group = |turn: &&Claim| matches!(turn.holder, Holder::Loose(_));
        let turn = self.turn.filter(of_group);
        turn.is_some_and(|turn| !turn.excludes(domain)) && !seeded!(IgnoresTurn)
    }

    /// A release that keeps the Pod off all that the turn excludes.
    pub(crate) fn without_domain(&self, pod: &Pod, turn: &Claim) -> Release {
        let terms = pod.constraints.affinity.iter().flatten();
        let exclusion = Exclusion {
            domains: turn.excluded.clone(),
            terms: terms.map(crate::constraint::Term::to_json).collect(),
        };
        Release {
            pod: pod.reference.clone(),
            group: of_plain(pod),
            selector: None,
            exclude: Some(exclusion).filter(|exclusion| !exclusion.domains.is_empty()),
            fenced: pod.fence.is_some(),
        }
    }

    /// Looks after the plain Pods that have the turn.
    pub(crate) fn tend_wanderers(&mut self, shares: &mut Shares<'a>) -> Wanderers {
        let Some((turn, held)) = self.wandering() else {
            return Wanderers::default();
        };
        let mut wanderers = Wanderers {
            missing: self.uncovered_claims(turn),
            ..Wanderers::default()
        };
        let mut staying = HashSet::new();
        for entry in held {
            let pod = self.view.pods.get(&entry.uid).filter(|pod| !pod.finished);
            match pod.filter(|pod| self.wanders(pod, (turn, entry), &wanderers.missing, shares)) {
                Some(pod) => {
                    staying.insert(pod.reference.uid.as_str());
                    wanderers.pods.push(entry.clone());
                }
                None => wanderers.changed = true,
            }
        }
        shares.housed.extend(staying);
        wanderers
    }

    fn wandering(&self) -> Option<(&'a Claim, &'a [HeldPod])> {
        let turn = self.turn?;
        match &turn.holder {
            Holder::Wandering(pods) => Some((turn, pods)),
            _ => None,
        }
    }

    /// Whether a Pod keeps its entry.
    fn wanders(
        &mut self,
        pod: &'a Arc<Pod>,
        (turn, entry): (&'a Claim, &HeldPod),
        missing: &Excluded,
        shares: &mut Shares<'a>,
    ) -> bool {
        if let Some(node) = &pod.node {
            return self.arrives(pod, node, &turn.domain.key, shares);
        }
        if !pod.gated() || pod.deleting {
            return true;
        }
        let fence = fence_of(turn, entry);
        if pod.fence.as_ref() == Some(&fence) {
            return false;
        }
        let alone = Need::of(std::iter::once(pod), 0);
        let goes = self.settings.when_no_domain == WhenNoDomain::Release
            && !self.wants_any(pod, missing)
            && self.choose(pod, &alone, shares).is_none();
        if goes {
            let release = self.without_domain(pod, turn);
            self.act(Action::Release(release));
        } else {
            self.act(Action::Fence(Fence {
                pod: pod.reference.clone(),
                group: of_plain(pod),
                claim: fence,
            }));
        }
        self.report_plain(pod, State::Loose, None, Arc::default());
        true
    }

    /// A Pod is bound: its entry ends when a claim of its domain names it, so that nobody who
    /// hasn't seen it there takes the domain for free.
    fn arrives(
        &mut self,
        pod: &'a Arc<Pod>,
        node: &str,
        key: &str,
        shares: &mut Shares<'a>,
    ) -> bool {
        let uid = pod.reference.uid.as_str();
        let Some(domain) = self.domain_of(node, key) else {
            return false;
        };
        if shares.housed.contains(uid) {
            return false;
        }
        if self.space.closed(self.space.members(&domain)).is_none() {
            shares.enter(&domain, uid);
        }
        true
    }

    fn domain_of(&self, node: &str, key: &str) -> Option<Domain> {
        let topology = self.view.topology(key);
        let value = topology.values.get(node)?.clone();
        let key = key.to_owned();
        Some(Domain { key, value })
    }

    /// Gives a plain Pod the turn, if plain Pods have it or nobody wants it.
    pub(crate) fn join_turn(&mut self, pod: &Pod, wanderers: &mut Wanderers) -> bool {
        let open = match self.turn {
            Some(turn) => matches!(turn.holder, Holder::Wandering(_)),
            None => true,
        };
        if seeded!(GoesUnclaimed) {
            let turn = self.new_turn(
                &self.settings.default_topology_key,
                Holder::Wandering(vec![]),
            );
            let release = self.without_domain(pod, &turn);
            self.act(Action::Release(release));
        }
        if !open || self.turn_wanted || self.wants_any(pod, &wanderers.missing) {
            return false;
        }
        let held = self.wandering().map_or(&[][..], |(_, held)| held);
        wanderers.pods.push(HeldPod {
            uid: pod.reference.uid.clone(),
            serial: next_serial(held, &wanderers.pods),
        });
        wanderers.changed = true;
        true
    }

    /// Creates, changes or ends the turn of plain Pods.
    pub(crate) fn write_turn(&mut self, mut wanderers: Wanderers) {
        let turn = self.wandering().map(|(turn, _)| turn.clone());
        let missing = std::mem::take(&mut wanderers.missing);
        let held = wanderers.pods.iter();
        let pods: Vec<_> = held
            .filter_map(|one| self.view.pods.get(&one.uid))
            .collect();
        let (_, far) = self.near_and_far(&pods, missing);
        let key = &self.settings.default_topology_key;
        let holder = Holder::Wandering(wanderers.pods);
        let empty = holder == Holder::Wandering(Vec::new());
        let action = match turn {
            None if empty => return,
            None => Action::Claim(self.new_turn(key, holder)),
            Some(turn) if empty => Action::Unclaim(turn),
            Some(turn) if !far.is_empty() => Action::Keep(Claim { holder, ..turn }.excluding(far)),
            Some(turn) if wanderers.changed => Action::Keep(Claim { holder, ..turn }),
            Some(_) => return,
        };
        self.act(action);
    }

    /// Whether a Pod is in the domain, or could still come there.
    fn could_come(&self, pod: &Pod, domain: &Domain) -> bool {
        match &pod.node {
            Some(node) => self.domain_of(node, &domain.key).as_ref() == Some(domain),
            None => self.space.could_want(domain, pod),
        }
    }
}
