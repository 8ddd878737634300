//! Which domains are feasible for groups that need the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::fit::{Free, Need, fit};
use crate::keys;
use crate::node_state::NodeState;
use crate::rank::DomainFacts;
use crate::reason::{Reason, Rejection};
use crate::reference::Domain;
use crate::space::Space;

/// Surveys by what is needed: many groups need the same, and each domain is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Surveys<'a> {
    known: HashMap<Question<'a>, Survey>,
    /// Domains that are kept for a gang, and why.
    reserved: Vec<(Domain, Reason)>,
    labels: CommonLabels<'a>,
    /// Claims by failure domain.
    crowds: HashMap<&'a str, u32>,
}

/// Labels that all nodes of a domain share, by topology key and value.
type CommonLabels<'a> = HashMap<(&'a str, &'a str), Arc<BTreeMap<String, String>>>;

/// What a survey is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Question<'a> {
    /// The topology key.
    pub(crate) key: &'a str,
    pub(crate) need: Need<'a>,
}

/// All domains of a topology key, for a group that has nothing anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    pub(crate) feasible: Vec<DomainFacts>,
    pub(crate) rejected: Arc<Vec<Rejection>>,
}

impl<'a> Surveys<'a> {
    pub(crate) fn of(&mut self, space: &Space<'a>, question: Question<'a>) -> &mut Survey {
        let Self {
            known,
            reserved,
            labels,
            crowds,
        } = self;
        known.entry(question).or_insert_with_key(|question| {
            let mut survey = survey(space, question, labels);
            survey.crowd(crowds);
            for (domain, reason) in reserved.iter() {
                survey.withdraw(&values(space, domain, question.key), reason);
            }
            survey
        })
    }

    /// Notes that a group claims a domain, one of its view or one of this decision.
    pub(crate) fn count(&mut self, space: &Space<'a>, domain: &Domain) {
        let mut nodes = space.nodes(space.members(domain));
        let Some(name) = nodes.next().and_then(failure_domain) else {
            return;
        };
        *self.crowds.entry(name).or_default() += 1;
        for survey in self.known.values_mut() {
            let there = |facts: &&mut DomainFacts| facts.failure_domain.as_deref() == Some(name);
            for facts in survey.feasible.iter_mut().filter(there) {
                facts.claims_in_failure_domain += 1;
            }
        }
    }

    /// Keeps a domain from all who come later.
    pub(crate) fn reserve(&mut self, space: &Space<'a>, domain: Domain, reason: &Reason) {
        self.withdraw(space, &domain, reason);
        self.reserved.push((domain, reason.clone()));
    }

    /// Takes what shares nodes with `domain` out of all surveys.
    pub(crate) fn withdraw(&mut self, space: &Space<'a>, domain: &Domain, reason: &Reason) {
        for (question, survey) in &mut self.known {
            survey.withdraw(&values(space, domain, question.key), reason);
        }
    }
}

impl Survey {
    fn crowd(&mut self, crowds: &HashMap<&str, u32>) {
        for facts in &mut self.feasible {
            let crowd = facts
                .failure_domain
                .as_ref()
                .and_then(|name| crowds.get(name.as_str()));
            facts.claims_in_failure_domain = crowd.copied().unwrap_or(0);
        }
    }

    fn withdraw(&mut self, values: &BTreeSet<&str>, reason: &Reason) {
        let gone = |facts: &mut DomainFacts| values.contains(facts.name.as_str());
        for facts in self.feasible.extract_if(.., gone) {
            let rejection = Rejection {
                domain: facts.name,
                reasons: vec![reason.clone()],
            };
            Arc::make_mut(&mut self.rejected).push(rejection);
        }
    }
}

/// The domains of `key` that share nodes with `domain`.
fn values<'a>(space: &Space<'a>, domain: &Domain, key: &str) -> BTreeSet<&'a str> {
    let nodes = space.nodes(space.members(domain));
    nodes.filter_map(|node| node.node().label(key)).collect()
}

fn survey<'a>(space: &Space<'a>, question: &Question<'a>, known: &mut CommonLabels<'a>) -> Survey {
    let mut survey = Survey::default();
    let mut rejected = Vec::new();
    for (value, members) in space.domains(question.key) {
        let room = match space.blocker(members, None) {
            Some(reason) => Err(vec![reason]),
            None => fit(space.nodes(members), &question.need, Free::Now),
        };
        match room {
            Err(reasons) => rejected.push(Rejection {
                domain: value.to_owned(),
                reasons,
            }),
            Ok(room) => {
                let labels = known.entry((question.key, value));
                let labels = labels.or_insert_with(|| Arc::new(common(space.nodes(members))));
                let mut facts = facts(value, space.nodes(members), room);
                facts.labels = Arc::clone(labels);
                survey.feasible.push(facts);
            }
        }
    }
    survey.rejected = Arc::new(rejected);
    survey
}

fn common<'n, 'a: 'n>(
    mut nodes: impl Iterator<Item = &'n NodeState<'a>>,
) -> BTreeMap<String, String> {
    let first = nodes.next().map(|state| state.node().labels.clone());
    let mut common = first.unwrap_or_default();
    for state in nodes {
        common.retain(|key, value| state.node().label(key) == Some(value));
    }
    common
}

fn facts<'n, 'a: 'n>(
    value: &str,
    nodes: impl Iterator<Item = &'n NodeState<'a>>,
    room: u32,
) -> DomainFacts {
    let mut facts = DomainFacts {
        name: value.to_owned(),
        fits: room,
        ..DomainFacts::default()
    };
    for state in nodes {
        let node = state.node();
        if facts.nodes == 0 {
            facts.failure_domain = failure_domain(state).map(str::to_owned);
            facts.reservation = node.label(keys::RESERVATION).map(str::to_owned);
        }
        facts.nodes += 1;
        facts.chips += node.allocatable.chips;
        facts.free_chips += state.free_chips();
        facts.spot |= node.label(keys::SPOT) == Some("true");
    }
    facts
}

/// Where a node stands.
fn failure_domain<'a>(state: &NodeState<'a>) -> Option<&'a str> {
    keys::FAILURE_DOMAINS
        .iter()
        .find_map(|key| state.node().label(key))
}
