//! Nodes, what is on them, who claims them, and what could still land there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::claim::Holder;
use crate::constraint::Constraints;
use crate::fit::{Class, Free};
use crate::group::{Group, Key};
use crate::keys::HOSTNAME;
use crate::node_state::{By, NodeState, Tenant};
use crate::pod::Pod;
use crate::reason::Reason;
use crate::reference::Domain;
use crate::resources::Resources;
use crate::view::View;

/// All nodes, by domain.
#[derive(Debug)]
pub(crate) struct Space<'a> {
    nodes: Vec<NodeState<'a>>,
    index: HashMap<&'a str, BTreeMap<&'a str, Vec<usize>>>,
}

impl<'a> Space<'a> {
    pub(crate) fn new(view: &'a View, default_key: &'a str, groups: &'a [Group<'a>]) -> Self {
        let of_group = |group: &'a Group<'a>| {
            let uids = group.pods.iter().map(|pod| pod.reference.uid.as_str());
            uids.map(move |uid| (uid, group.id()))
        };
        let members: HashMap<&str, Key<'a>> = groups.iter().flat_map(of_group).collect();
        let mut keys = BTreeSet::from([default_key, HOSTNAME]);
        keys.extend(groups.iter().map(|group| group.key));
        keys.extend(view.claims.values().map(|claim| claim.domain.key.as_str()));
        let nodes: Vec<_> = view
            .nodes
            .values()
            .map(|node| NodeState::new(view, node, &members))
            .collect();
        let index = keys.into_iter().map(|key| (key, by_value(&nodes, key)));
        let mut space = Self {
            index: index.collect(),
            nodes,
        };
        space.expect(view, &members);
        for claim in view.claims.values() {
            match &claim.holder {
                Holder::Group(group) => space.hold(&claim.domain, &By::Group(group.clone())),
                Holder::Pods(pods) => space.hold(&claim.domain, &By::Pods(pods.len())),
                Holder::Loose(_) => {}
            }
        }
        space
    }

    /// Domains of a topology key with their nodes.
    pub(crate) fn domains(&self, key: &str) -> impl Iterator<Item = (&'a str, &[usize])> {
        let domains = self.index.get(key).into_iter().flatten();
        domains.map(|(value, nodes)| (*value, nodes.as_slice()))
    }

    /// A domain's nodes; none where it has none.
    pub(crate) fn members(&self, domain: &Domain) -> &[usize] {
        let domains = self.index.get(domain.key.as_str());
        let nodes = domains.and_then(|domains| domains.get(domain.value.as_str()));
        nodes.map_or(&[], Vec::as_slice)
    }

    pub(crate) fn nodes(&self, at: &[usize]) -> impl Iterator<Item = &NodeState<'a>> {
        at.iter().map(|at| &self.nodes[*at])
    }

    /// The value of a label on a node that is known.
    pub(crate) fn label(&self, node: &str, key: &str) -> Option<&'a str> {
        let at = self
            .nodes
            .binary_search_by(|state| state.node().name.as_str().cmp(node))
            .ok()?;
        self.nodes[at].node().label(key)
    }

    /// Notes that a domain is claimed.
    pub(crate) fn hold(&mut self, domain: &Domain, by: &By) {
        for at in self.members(domain).to_vec() {
            self.nodes[at].holders.push(by.clone());
        }
    }

    /// Notes that a Pod will be on the first of these nodes that can take it.
    pub(crate) fn seat(&mut self, at: &[usize], pod: &'a Pod) {
        let class = Class {
            requests: pod.requests,
            constraints: &pod.constraints,
            count: 1,
        };
        let takes = |at: &&usize| {
            let node = &self.nodes[**at];
            node.room(&class, &node.free(Free::Now)).is_ok()
        };
        if let Some(at) = at.iter().find(takes).copied() {
            self.nodes[at].used = self.nodes[at].used.plus(pod.requests);
            self.nodes[at].pods.push(Tenant { pod, group: None });
        }
    }

    /// Why these nodes are not for this group alone; `None` as `own` is any exclusive group that
    /// has nothing there.
    pub(crate) fn blocker(&self, at: &[usize], own: Option<Key<'_>>) -> Option<Reason> {
        let claim = self.nodes(at).find_map(|node| node.claim_of_other(own));
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

    /// Enters the Pods that the scheduler may bind, wherever they could land.
    fn expect(&mut self, view: &'a View, members: &HashMap<&str, Key<'a>>) {
        let mut classes: HashMap<(Resources, &Constraints, Option<Key<'a>>), &Pod> = HashMap::new();
        for pod in view.concerned.iter().filter_map(|uid| view.pods.get(uid)) {
            if pod.loose() {
                let group = members.get(pod.reference.uid.as_str()).copied();
                classes
                    .entry((pod.requests, &pod.constraints, group))
                    .or_insert(pod);
            }
        }
        for ((_, constraints, group), pod) in classes {
            for at in self.reach(constraints) {
                if self.nodes[at].could_take(pod) {
                    self.nodes[at].comers.push(Tenant { pod, group });
                }
            }
        }
    }

    /// The nodes of the smallest domain that the selector names, or all.
    pub(crate) fn reach(&self, constraints: &Constraints) -> Vec<usize> {
        let named = constraints.selector.iter().filter_map(|(key, value)| {
            let domains = self.index.get(key.as_str())?;
            Some(domains.get(value.as_str()).map_or(&[][..], Vec::as_slice))
        });
        let smallest = named.min_by_key(|nodes| nodes.len());
        smallest.map_or_else(|| (0..self.nodes.len()).collect(), <[usize]>::to_vec)
    }
}

fn by_value<'a>(nodes: &[NodeState<'a>], key: &str) -> BTreeMap<&'a str, Vec<usize>> {
    let mut domains: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, state) in nodes.iter().enumerate() {
        if let Some(value) = state.node().label(key) {
            domains.entry(value).or_default().push(at);
        }
    }
    domains
}
