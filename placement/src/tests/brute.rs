//! What is feasible, worked out anew and slowly, to hold the decision against.

use std::collections::{BTreeMap, BTreeSet};

use super::make::POOL;
use crate::{Claim, Domain, GroupRef, HOSTNAME, Holder, Node, Pod, View};

/// A group: root owner's uid and name.
pub(super) type Id = (String, String);

/// What a placer sees.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a>(pub(super) &'a View);

impl<'a> Sight<'a> {
    pub(super) fn pods(self) -> impl Iterator<Item = &'a Pod> {
        self.0
            .pods
            .values()
            .map(AsRef::as_ref)
            .filter(|pod: &&Pod| !pod.finished)
    }

    pub(super) fn group(self, id: &Id) -> Vec<&'a Pod> {
        self.pods()
            .filter(|pod| group_of(pod).as_ref() == Some(id))
            .collect()
    }

    pub(super) fn nodes(self, domain: &Domain) -> Vec<&'a Node> {
        let nodes = self.0.sites.nodes().map(|(_, node)| node);
        nodes.filter(|node| is_in(node, domain)).collect()
    }

    pub(super) fn domains(self, key: &str) -> BTreeSet<&'a str> {
        self.0
            .sites
            .nodes()
            .filter_map(|(_, node)| node.labels.get(key))
            .map(String::as_str)
            .collect()
    }

    pub(super) fn claims(self) -> impl Iterator<Item = &'a Claim> {
        self.0.claims.values()
    }

    /// Whether so many such Pods fit in a domain of which the group must have all.
    pub(super) fn feasible(self, domain: &Domain, own: &Id, pod: &Pod, count: usize) -> bool {
        self.alone(domain, own) && self.room(domain, pod) >= count
    }

    /// Such Pods for which there is room.
    pub(super) fn room(self, domain: &Domain, pod: &Pod) -> usize {
        let nodes = self
            .nodes(domain)
            .into_iter()
            .filter(|node| admits(node, pod));
        let room = nodes.map(|node| free_chips(self.pods(), node) / pod.requests.chips);
        usize::try_from(room.sum::<u64>()).unwrap_or(usize::MAX)
    }

    /// Whether nobody else claims, uses or may come to the domain's nodes.
    pub(super) fn alone(self, domain: &Domain, own: &Id) -> bool {
        let nodes = self.nodes(domain);
        let other = |pod: &&Pod| pod.requests.chips > 0 && group_of(pod).as_ref() != Some(own);
        let mut others = self.pods().filter(other);
        !self.claimed(domain, Some(own), false)
            && !others.any(|pod| match &pod.node {
                Some(name) => nodes.iter().any(|node| node.name == *name),
                None => pod.loose() && nodes.iter().any(|node| could_land(node, pod)),
            })
    }

    /// Whether plain Pods must keep out of it.
    pub(super) fn closed(self, domain: &Domain) -> bool {
        let nodes = self.nodes(domain);
        let exclusive = self.pods().filter(|pod| pod.exclusive.is_some());
        let mut there = exclusive.filter_map(|pod| pod.node.as_ref());
        let there = there.any(|name| nodes.iter().any(|node| node.name == *name));
        let comes = |pod: &Pod| pod.loose() && nodes.iter().any(|node| could_land(node, pod));
        let mut exclusive = self.pods().filter(|pod| pod.exclusive.is_some());
        there || exclusive.any(comes) || self.claimed(domain, None, true)
    }

    /// Whether somebody else claims nodes of it.
    fn claimed(self, domain: &Domain, own: Option<&Id>, groups_only: bool) -> bool {
        self.claims().any(|claim| {
            let counts = match &claim.holder {
                Holder::Group(group) => own != Some(&id(group)),
                Holder::Pods(_) => !groups_only,
                Holder::Loose(_) | Holder::Wandering(_) => false,
            };
            counts && self.overlap(&claim.domain, domain)
        })
    }

    pub(super) fn overlap(self, one: &Domain, other: &Domain) -> bool {
        self.nodes(one).iter().any(|node| is_in(node, other))
    }
}

pub(super) fn id(group: &GroupRef) -> Id {
    (group.root.clone(), group.name.clone())
}

pub(super) fn group_of(pod: &Pod) -> Option<Id> {
    pod.exclusive.as_ref()?;
    Some((
        pod.jobset_uid.clone()?,
        pod.controller.as_ref()?.name.clone(),
    ))
}

pub(super) fn is_in(node: &Node, domain: &Domain) -> bool {
    node.labels.get(&domain.key) == Some(&domain.value)
}

/// Whether the scheduler may bind the Pod to the node now.
pub(super) fn allows(pods: &BTreeMap<String, Pod>, node: &Node, pod: &Pod) -> bool {
    let holding = pods.values().filter(|pod| !pod.finished);
    admits(node, pod) && selects(node, pod) && free_chips(holding, node) >= pod.requests.chips
}

pub(super) fn free_chips<'a>(pods: impl Iterator<Item = &'a Pod>, node: &Node) -> u64 {
    let here = pods.filter(|pod| pod.node.as_ref() == Some(&node.name));
    node.allocatable
        .chips
        .saturating_sub(here.map(|pod| pod.requests.chips).sum())
}

/// The domain that a Pod is in or is pinned to.
pub(super) fn place(nodes: &BTreeMap<String, Node>, pod: &Pod) -> Option<Domain> {
    let key = pod.exclusive.as_ref()?;
    let bound = pod
        .node
        .as_ref()
        .and_then(|name| nodes.get(name)?.labels.get(key));
    let value = bound.or_else(|| pod.constraints.selector.get(key))?;
    Some(Domain {
        key: key.clone(),
        value: value.clone(),
    })
}

/// Nodes on which a released Pod is, or may come to be.
pub(super) fn reach<'a>(nodes: &'a BTreeMap<String, Node>, pod: &'a Pod) -> BTreeSet<&'a str> {
    match &pod.node {
        Some(name) => BTreeSet::from([name.as_str()]),
        None => {
            let nodes = nodes.values().filter(|node| could_land(node, pod));
            nodes.map(|node| node.name.as_str()).collect()
        }
    }
}

/// Of the keys that the model uses: pools and single nodes.
pub(super) const KEYS: [&str; 2] = [POOL, HOSTNAME];

fn admits(node: &Node, pod: &Pod) -> bool {
    let selector = pod.constraints.selector.iter();
    let mut selector = selector.filter(|(key, _)| !KEYS.contains(&key.as_str()));
    node.ready
        && !node.unschedulable
        && node.taints.len() == 1
        && selector.next().is_none()
        && selects(node, pod)
}

fn selects(node: &Node, pod: &Pod) -> bool {
    let constraints = &pod.constraints;
    constraints
        .selector
        .iter()
        .all(|(key, value)| node.labels.get(key) == Some(value))
        && constraints.attracts(&node.name, &node.labels)
}

fn could_land(node: &Node, pod: &Pod) -> bool {
    node.taints.len() == 1 && selects(node, pod) && node.allocatable.chips >= pod.requests.chips
}
