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
    /// By their places among all sites; `None` while only Pods are known.
    nodes: Vec<Option<NodeState<'a>>>,
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
            nodes: view.sites.places().iter().map(NodeState::new).collect(),
            view,
        };
        space.expect();
        for claim in view.claims.values() {
            match &claim.holder {
                Holder::Group(group) => space.hold(&claim.domain, By::Group(group)),
                Holder::Pods(pods) => space.hold(&claim.domain, By::Pods(pods)),
                Holder::Loose(_) | Holder::Wandering(_) => {}
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

    fn node(&self, at: usize) -> Option<&NodeState<'a>> {
        self.nodes.get(at)?.as_ref()
    }

    /// Whether the Pod's own selectors and affinity name a node of the domain; one without nodes
    /// could get any.
    pub(crate) fn could_want(&self, domain: &Domain, pod: &Pod) -> bool {
        let members = self.members(domain);
        members.is_empty() || self.nodes(members).any(|node| node.is_wanted_by(pod))
    }

    pub(crate) fn node_mut(&mut self, at: usize) -> Option<&mut NodeState<'a>> {
        self.nodes.get_mut(at)?.as_mut()
    }

    /// Labels that all nodes of a domain share.
    pub(crate) fn labels<'s>(&'s self, plot: &'s Plot) -> &'s Arc<BTreeMap<String, String>> {
        plot.labels(self.nodes(&plot.nodes).map(NodeState::node))
    }

    pub(crate) fn nodes(&self, at: &[usize]) -> impl Iterator<Item = &NodeState<'a>> {
        at.iter().filter_map(|at| self.node(*at))
    }

    /// Where a group's released Pods are.
    pub(crate) fn places(&self, group: &Group) -> Arc<Places> {
        let topology = self.index.get(group.key.as_str());
        topology.map_or_else(Arc::default, |topology| group.places(topology))
    }

    /// Notes that a domain is claimed.
    pub(crate) fn hold(&mut self, domain: &Domain, by: By<'a>) {
        for at in self.members(domain).to_vec() {
            if let Some(node) = self.node_mut(at) {
                node.holders.push(by);
            }
        }
    }

    /// Notes that a Pod will be on the first of these nodes that can take it.
    pub(crate) fn seat(&mut self, at: &[usize], pod: &'a Arc<Pod>) {
        let class = Class::one(pod);
        let takes = |at: &&usize| {
            let room = |node: &NodeState<'a>| node.room(&class, false, &node.free(Free::Now));
            self.node(**at).is_some_and(|node| room(node).is_ok())
        };
        let at = at.iter().find(takes).copied();
        if let Some(node) = at.and_then(|at| self.node_mut(at)) {
            node.seat(pod);
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
                let node = self.node_mut(at).filter(|node| node.could_take(pod));
                if let Some(node) = node {
                    node.comers.push(tenant);
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
        let all = || self.view.sites.nodes().map(|(at, _)| at).collect();
        smallest.map_or_else(all, <[usize]>::to_vec)
    }
}
