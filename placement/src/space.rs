//! Nodes, what is on them, who claims them, and what could still land there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::claim::Holder;
use crate::constraint::Constraints;
use crate::crew::Source;
use crate::fit::{Class, Free};
use crate::group::{Group, Key, Places};
use crate::keys::HOSTNAME;
use crate::node_state::{By, NodeState};
use crate::pod::Pod;
use crate::reason::Reason;
use crate::reference::Domain;
use crate::resources::Resources;
use crate::topology::{NOWHERE, Plot, Topology};
use crate::view::View;

/// All nodes, by domain.
#[derive(Debug)]
pub(crate) struct Space<'a> {
    nodes: Vec<NodeState<'a>>,
    /// By topology key.
    index: HashMap<&'a str, Arc<Topology>>,
    view: &'a View,
}

impl<'a> Space<'a> {
    pub(crate) fn new(view: &'a View, default_key: &'a str, groups: &'a [Arc<Group>]) -> Self {
        let mut keys = BTreeSet::from([default_key, HOSTNAME]);
        keys.extend(groups.iter().map(|group| group.key.as_str()));
        keys.extend(view.claims.values().map(|claim| claim.domain.key.as_str()));
        let index = keys.into_iter().map(|key| (key, view.topology(key)));
        let mut space = Self {
            index: index.collect(),
            nodes: view.sites.values().filter_map(NodeState::new).collect(),
            view,
        };
        space.expect();
        for claim in view.claims.values() {
            match &claim.holder {
                Holder::Group(group) => space.hold(&claim.domain, By::Group(group)),
                Holder::Pods(pods) => space.hold(&claim.domain, By::Pods(pods.len())),
                Holder::Loose(_) => {}
            }
        }
        space
    }

    /// Domains of a topology key with their nodes.
    pub(crate) fn domains(&self, key: &str) -> impl Iterator<Item = (&str, &Plot)> {
        let domains = self.index.get(key).into_iter();
        let domains = domains.flat_map(|topology| &topology.domains);
        domains.map(|(value, plot)| (value.as_str(), plot))
    }

    /// A domain.
    pub(crate) fn plot(&self, domain: &Domain) -> &Plot {
        let topology = self.index.get(domain.key.as_str());
        let plot = topology.and_then(|topology| topology.domains.get(&domain.value));
        plot.unwrap_or(&NOWHERE)
    }

    /// A domain's nodes; none where it has none.
    pub(crate) fn members(&self, domain: &Domain) -> &[usize] {
        &self.plot(domain).nodes
    }

    /// Labels that all nodes of a domain share.
    pub(crate) fn labels<'s>(&'s self, plot: &'s Plot) -> &'s Arc<BTreeMap<String, String>> {
        plot.labels(self.nodes(&plot.nodes).map(NodeState::node))
    }

    pub(crate) fn nodes(&self, at: &[usize]) -> impl Iterator<Item = &NodeState<'a>> {
        at.iter().map(|at| &self.nodes[*at])
    }

    /// Where a group's released Pods are.
    pub(crate) fn places(&self, group: &Group) -> Arc<Places> {
        let topology = self.index.get(group.key.as_str());
        topology.map_or_else(Arc::default, |topology| group.places(topology))
    }

    /// Notes that a domain is claimed.
    pub(crate) fn hold(&mut self, domain: &Domain, by: By<'a>) {
        for at in self.members(domain).to_vec() {
            self.nodes[at].holders.push(by);
        }
    }

    /// Notes that a Pod will be on the first of these nodes that can take it.
    pub(crate) fn seat(&mut self, at: &[usize], pod: &'a Arc<Pod>) {
        let class = Class::one(pod);
        let takes = |at: &&usize| {
            let node = &self.nodes[**at];
            node.room(&class, false, &node.free(Free::Now)).is_ok()
        };
        if let Some(at) = at.iter().find(takes) {
            self.nodes[*at].seat(pod);
        }
    }

    /// Why these nodes are not for this group alone; `None` as `own` is any exclusive group that
    /// has nothing there.
    pub(crate) fn blocker(&self, at: &[usize], own: Option<&Group>) -> Option<Reason> {
        let id = own.map(Group::id);
        let claim = self.nodes(at).find_map(|node| node.claim_of_other(id));
        let occupant = || self.nodes(at).find_map(|node| node.occupant(own));
        let comer = || self.nodes(at).find_map(|node| node.comer(own));
        claim.or_else(occupant).or_else(comer)
    }

    /// Who else claims one of these nodes.
    pub(crate) fn claimed_by_other(&self, at: &[usize], own: Key<'_>) -> Option<Reason> {
        self.nodes(at)
            .find_map(|node| node.claim_of_other(Some(own)))
    }

    /// Why plain TPU Pods may not go to these nodes.
    pub(crate) fn closed(&self, at: &[usize]) -> Option<Reason> {
        self.nodes(at).find_map(NodeState::closed)
    }

    /// Enters the Pods that the scheduler may bind, wherever they could land. Equal Pods of one
    /// maker count once.
    fn expect(&mut self) {
        let mut known: HashSet<(Resources, &Constraints, Option<&Source>)> = HashSet::new();
        for tenant in self.view.loose.values() {
            let (pod, source) = (tenant.pod.as_ref(), tenant.source.as_deref());
            if !known.insert((pod.requests, &pod.constraints, source)) {
                continue;
            }
            for at in self.reach(&pod.constraints) {
                if self.nodes[at].could_take(pod) {
                    self.nodes[at].comers.push(tenant);
                }
            }
        }
    }

    /// The nodes of the smallest domain that the selector names, or all.
    pub(crate) fn reach(&self, constraints: &Constraints) -> Vec<usize> {
        let named = constraints.selector.iter().filter_map(|(key, value)| {
            let domains = &self.index.get(key.as_str())?.domains;
            Some(domains.get(value).map_or(&[][..], |plot| &plot.nodes))
        });
        let smallest = named.min_by_key(|nodes| nodes.len());
        smallest.map_or_else(|| (0..self.nodes.len()).collect(), <[usize]>::to_vec)
    }
}
