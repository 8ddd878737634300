//! Nodes, what is on them, who claims them, and what could still land there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::claim::Holder;
use crate::constraint::{Constraints, HostPort, Taint};
use crate::fit::{Class, Free};
use crate::group::{Group, Key, id};
use crate::keys::HOSTNAME;
use crate::node::Node;
use crate::pod::Pod;
use crate::reason::Reason;
use crate::reference::{Domain, GroupRef};
use crate::resources::Resources;
use crate::view::View;

/// Taints that Kubernetes itself puts and takes away: they don't keep a waiting Pod off for good.
const PASSING_TAINTS: &str = "node.kubernetes.io/";

/// All nodes, by domain.
#[derive(Debug)]
pub(crate) struct Space<'a> {
    nodes: Vec<NodeState<'a>>,
    index: HashMap<&'a str, BTreeMap<&'a str, Vec<usize>>>,
}

/// A node and who is concerned with it.
#[derive(Debug)]
pub(crate) struct NodeState<'a> {
    node: &'a Node,
    /// Pods that hold something of it.
    pods: Vec<Tenant<'a>>,
    /// Pods that the scheduler may bind to it.
    comers: Vec<Tenant<'a>>,
    /// Who claims a domain that it belongs to.
    holders: Vec<By>,
    used: Resources,
}

/// A Pod and the exclusive group that it belongs to.
#[derive(Debug, Clone, Copy)]
struct Tenant<'a> {
    pod: &'a Pod,
    group: Option<Key<'a>>,
}

/// Who claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    Group(GroupRef),
    Pods(usize),
}

/// What is free of a node while Pods are placed on it.
#[derive(Debug)]
pub(crate) struct FreeNode<'n> {
    amount: Resources,
    ports: Vec<&'n HostPort>,
    own_ports: bool,
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
            .map(|node| occupied(view, node, &members))
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
            .binary_search_by(|state| state.node.name.as_str().cmp(node))
            .ok()?;
        self.nodes[at].node.label(key)
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

impl<'a> NodeState<'a> {
    pub(crate) fn node(&self) -> &'a Node {
        self.node
    }

    pub(crate) fn free_chips(&self) -> u64 {
        self.node.allocatable.chips.saturating_sub(self.used.chips)
    }

    pub(crate) fn free(&self, free: Free<'_>) -> FreeNode<'_> {
        let goes = |tenant: &&Tenant<'_>| match free {
            Free::Now => false,
            Free::Soon(group) => tenant.pod.deleting && tenant.group == Some(group.id()),
            Free::Ever => true,
        };
        let going = self
            .pods
            .iter()
            .filter(goes)
            .map(|tenant| tenant.pod.requests);
        let going = going.fold(Resources::default(), Resources::plus);
        let staying = self.pods.iter().filter(|tenant| !goes(tenant));
        FreeNode {
            amount: self.node.allocatable.minus(self.used.minus(going)),
            ports: staying
                .flat_map(|tenant| &tenant.pod.constraints.host_ports)
                .collect(),
            own_ports: false,
        }
    }

    /// How many such Pods it can take, at least one, or why none.
    pub(crate) fn room(&self, class: &Class<'_>, free: &FreeNode<'_>) -> Result<u32, Reason> {
        self.admits(class.constraints)?;
        self.short_of(&class.requests, free)?;
        let ports = &class.constraints.host_ports;
        let clash = |port: &&HostPort| free.ports.iter().any(|used| used.clashes(port));
        if let Some(port) = ports.iter().find(clash) {
            return Err(Reason::HostPort {
                nodes: self.alone(),
                port: port.port,
            });
        }
        if !ports.is_empty() {
            return Ok(u32::from(!free.own_ports));
        }
        Ok(free.amount.times(class.requests))
    }

    /// Labels, taints and conditions.
    fn admits(&self, constraints: &Constraints) -> Result<(), Reason> {
        let (node, nodes) = (self.node, || self.alone());
        if !node.ready {
            return Err(Reason::NotReady { nodes: nodes() });
        }
        if node.unschedulable {
            return Err(Reason::Unschedulable { nodes: nodes() });
        }
        if let Some(taint) = node
            .taints
            .iter()
            .find(|taint| !constraints.tolerates(taint))
        {
            return Err(Reason::TaintNotTolerated {
                nodes: nodes(),
                taint: taint.to_string(),
            });
        }
        if let Some((key, wanted)) = constraints.unselected(&node.labels) {
            let found = node.label(key).map(str::to_owned);
            let (key, wanted) = (key.clone(), wanted.clone());
            return Err(Reason::SelectorMismatch {
                nodes: nodes(),
                key,
                wanted,
                found,
            });
        }
        if !constraints.attracts(&node.name, &node.labels) {
            return Err(Reason::AffinityMismatch { nodes: nodes() });
        }
        Ok(())
    }

    fn short_of(&self, needed: &Resources, free: &FreeNode<'_>) -> Result<(), Reason> {
        let (nodes, free) = (|| self.alone(), &free.amount);
        let short = |free: u64, needed: u64| needed > 0 && free < needed;
        if short(free.chips, needed.chips) {
            let (free, needed) = (free.chips, needed.chips);
            return Err(Reason::ChipsShort {
                nodes: nodes(),
                free,
                needed,
            });
        }
        if short(free.cpu, needed.cpu) {
            let (free, needed) = (free.cpu, needed.cpu);
            return Err(Reason::CpuShort {
                nodes: nodes(),
                free,
                needed,
            });
        }
        if short(free.memory, needed.memory) {
            let (free, needed) = (free.memory, needed.memory);
            return Err(Reason::MemoryShort {
                nodes: nodes(),
                free,
                needed,
            });
        }
        if short(free.pods, needed.pods) {
            let limit = self.node.allocatable.pods;
            return Err(Reason::PodsShort {
                nodes: nodes(),
                limit,
            });
        }
        Ok(())
    }

    fn alone(&self) -> Vec<String> {
        vec![self.node.name.clone()]
    }

    /// Whether a waiting Pod could be bound here, now or when what passes has passed.
    fn could_take(&self, pod: &Pod) -> bool {
        let constraints = &pod.constraints;
        let lasting = |taint: &&Taint| !taint.key.starts_with(PASSING_TAINTS);
        let taints = self.node.taints.iter().filter(lasting);
        self.node.allocatable.holds(pod.requests)
            && constraints.unselected(&self.node.labels).is_none()
            && constraints.attracts(&self.node.name, &self.node.labels)
            && taints.into_iter().all(|taint| constraints.tolerates(taint))
    }

    fn claim_of_other(&self, own: Option<Key<'_>>) -> Option<Reason> {
        self.holders.iter().find_map(|by| match by {
            By::Group(group) if own == Some(id(group)) => None,
            By::Group(group) => Some(Reason::Taken { by: group.clone() }),
            By::Pods(pods) => Some(Reason::Shared { pods: *pods }),
        })
    }

    fn occupant(&self, own: Option<Key<'_>>) -> Option<Reason> {
        let other = |tenant: &&Tenant<'_>| tenant.concerned() && !tenant.belongs_to(own);
        let tenant = self.pods.iter().find(other)?;
        Some(Reason::Occupied {
            pod: tenant.pod.name(),
            node: self.node.name.clone(),
        })
    }

    fn comer(&self, own: Option<Key<'_>>) -> Option<Reason> {
        let comer = self.comers.iter().find(|tenant| !tenant.belongs_to(own))?;
        Some(Reason::CouldLand {
            pod: comer.pod.name(),
        })
    }

    fn closed(&self) -> Option<Reason> {
        let claim = self.holders.iter().find_map(|by| match by {
            By::Group(group) => Some(Reason::Taken { by: group.clone() }),
            By::Pods(_) => None,
        });
        let occupant = self.pods.iter().find(|tenant| tenant.group.is_some());
        let occupant = occupant.map(|tenant| Reason::Occupied {
            pod: tenant.pod.name(),
            node: self.node.name.clone(),
        });
        let comer = self.comers.iter().find(|tenant| tenant.group.is_some());
        let comer = comer.map(|tenant| Reason::CouldLand {
            pod: tenant.pod.name(),
        });
        claim.or(occupant).or(comer)
    }
}

impl FreeNode<'_> {
    /// Notes that so many Pods of a class were placed.
    pub(crate) fn take(&mut self, class: &Class<'_>, count: u32) {
        for _ in 0..count {
            self.amount = self.amount.minus(class.requests);
        }
        self.own_ports |= count > 0 && !class.constraints.host_ports.is_empty();
    }
}

impl Tenant<'_> {
    fn belongs_to(&self, own: Option<Key<'_>>) -> bool {
        own.is_some() && self.group == own
    }

    fn concerned(&self) -> bool {
        self.group.is_some() || self.pod.wants_tpu()
    }
}

fn occupied<'a>(view: &'a View, node: &'a Node, members: &HashMap<&str, Key<'a>>) -> NodeState<'a> {
    let uids = view.bound.get(&node.name).into_iter().flatten();
    let pods = uids.filter_map(|uid| view.pods.get(uid)).map(|pod| Tenant {
        pod,
        group: members.get(pod.reference.uid.as_str()).copied(),
    });
    let pods: Vec<Tenant<'a>> = pods.collect();
    let used = pods.iter().map(|tenant| tenant.pod.requests);
    let used = used.fold(Resources::default(), Resources::plus);
    NodeState {
        node,
        pods,
        comers: Vec::new(),
        holders: Vec::new(),
        used,
    }
}

fn by_value<'a>(nodes: &[NodeState<'a>], key: &str) -> BTreeMap<&'a str, Vec<usize>> {
    let mut domains: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, state) in nodes.iter().enumerate() {
        if let Some(value) = state.node.label(key) {
            domains.entry(value).or_default().push(at);
        }
    }
    domains
}
