//! Which domains are feasible for groups that need the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::fit::{Free, Need, fit};
use crate::keys;
use crate::node_state::NodeState;
use crate::rank::DomainFacts;
use crate::reason::{Reason, Rejection};
use crate::reference::Domain;
use crate::space::Space;
use crate::topology::Plot;

/// Surveys by what is needed: many groups need the same, and each domain is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Surveys<'a> {
    known: HashMap<Question<'a>, Survey>,
    /// Domains that are kept for a gang, and why.
    reserved: Vec<(Domain, Reason)>,
    /// Claims by failure domain.
    crowds: HashMap<&'a str, u32>,
}

/// What a survey is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Question<'a> {
    /// The topology key.
    pub(crate) key: &'a str,
    pub(crate) need: &'a Need,
}

/// All domains of a topology key, for a group that has nothing anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    /// In the order of their names.
    pub(crate) feasible: Vec<DomainFacts>,
    pub(crate) rejected: Arc<Vec<Rejection>>,
    /// Domains that can be kept for those that wait, the nearest last, once they were asked for.
    pub(crate) contested: Option<Vec<String>>,
}

impl<'a> Surveys<'a> {
    pub(crate) fn of(&mut self, space: &Space<'a>, question: Question<'a>) -> &mut Survey {
        let Self {
            known,
            reserved,
            crowds,
        } = self;
        known.entry(question).or_insert_with_key(|question| {
            let mut survey = survey(space, question);
            survey.crowd(crowds);
            for (domain, reason) in reserved.iter() {
                survey.withdraw(&values_of(space, domain, question.key), reason);
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
        let mut shared: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for (question, survey) in &mut self.known {
            let values = shared.entry(question.key);
            let values = values.or_insert_with(|| values_of(space, domain, question.key));
            survey.withdraw(values, reason);
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
        for value in values {
            let at = self
                .feasible
                .binary_search_by(|facts| facts.name.as_str().cmp(value));
            let Ok(at) = at else { continue };
            let facts = self.feasible.remove(at);
            let rejection = Rejection {
                domain: facts.name,
                reasons: vec![reason.clone()],
            };
            Arc::make_mut(&mut self.rejected).push(rejection);
        }
    }
}

/// The domains of `key` that share nodes with `domain`.
fn values_of<'a>(space: &Space<'a>, domain: &Domain, key: &str) -> BTreeSet<&'a str> {
    let nodes = space.nodes(space.members(domain));
    nodes.filter_map(|node| node.node().label(key)).collect()
}

fn survey(space: &Space<'_>, question: &Question<'_>) -> Survey {
    let mut survey = Survey::default();
    let mut rejected = Vec::new();
    for (value, plot) in space.domains(question.key) {
        let room = match space.blocker(&plot.nodes, None) {
            Some(reason) => Err(vec![reason]),
            None => fit(space, plot, question.need, Free::Now),
        };
        match room {
            Err(reasons) => rejected.push(Rejection {
                domain: value.to_owned(),
                reasons,
            }),
            Ok(room) => survey.feasible.push(facts(value, space, plot, room)),
        }
    }
    survey.rejected = Arc::new(rejected);
    survey
}

fn facts(value: &str, space: &Space<'_>, plot: &Plot, room: u32) -> DomainFacts {
    let mut facts = DomainFacts {
        name: value.to_owned(),
        fits: room,
        labels: Arc::clone(space.labels(plot)),
        ..DomainFacts::default()
    };
    for state in space.nodes(&plot.nodes) {
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
