//! A node: what is on it, who claims it, what it can take.

use crate::claim::HeldPod;
use crate::constraint::{Constraints, HostPort, Taint};
use crate::fault::seeded;
use crate::fit::{Class, Free};
use crate::group::{Group, Key, id};
use crate::node::Node;
use crate::pod::Pod;
use crate::reason::Reason;
use crate::reference::GroupRef;
use crate::resources::Resources;
use crate::site::{Site, Tenant};

/// Taints that Kubernetes itself puts and takes away: they don't keep a waiting Pod off for good.
const PASSING_TAINTS: &str = "node.kubernetes.io/";

/// A node and who is concerned with it.
#[derive(Debug)]
pub(crate) struct NodeState<'a> {
    node: &'a Node,
    /// With the Pods that hold something of it.
    site: &'a Site,
    /// Plain Pods that will be here, by this decision or an earlier one.
    seated: Vec<&'a Pod>,
    /// Pods that the scheduler may bind to it.
    pub(crate) comers: Vec<&'a Tenant>,
    /// Who claims a domain that it belongs to.
    pub(crate) holders: Vec<By<'a>>,
    /// The group that waits for a domain that it belongs to.
    pub(crate) kept_for: Option<&'a Group>,
    /// What all of them have together.
    used: Resources,
}

/// Who claims.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By<'a> {
    Group(&'a GroupRef),
    Pods(&'a [HeldPod]),
}

/// What is free of a node while Pods are placed on it.
#[derive(Debug)]
pub(crate) struct FreeNode<'n> {
    amount: Resources,
    ports: Vec<&'n HostPort>,
    own_ports: bool,
}

impl<'a> NodeState<'a> {
    /// `None` while only its Pods are known.
    pub(crate) fn new(site: &'a Site) -> Option<Self> {
        Some(Self {
            node: site.node.as_deref()?,
            site,
            seated: Vec::new(),
            comers: Vec::new(),
            holders: Vec::new(),
            kept_for: None,
            used: site.used,
        })
    }

    /// Notes that a plain Pod will be here.
    pub(crate) fn seat(&mut self, pod: &'a Pod) {
        self.used = self.used.plus(pod.requests);
        self.seated.push(pod);
    }

    pub(crate) fn node(&self) -> &'a Node {
        self.node
    }

    pub(crate) fn free_chips(&self) -> u64 {
        self.node.allocatable.chips.saturating_sub(self.used.chips)
    }

    pub(crate) fn free(&self, free: Free<'_>) -> FreeNode<'_> {
        let stays = |tenant: &&Tenant| match free {
            Free::Now => !seeded!(IgnoresUse),
            Free::Soon(group) => !(tenant.pod.deleting && group.has(tenant)),
            Free::Ever => false,
        };
        let tenants = self.site.tenants();
        let going = tenants.filter(|tenant| !stays(tenant));
        let going = going.map(|tenant| tenant.pod.requests);
        let going = going.fold(Resources::default(), Resources::plus);
        let staying = self.site.tenants().filter(stays);
        let staying = staying.map(|tenant| tenant.pod.as_ref());
        let pods = staying.chain(self.seated.iter().copied());
        FreeNode {
            amount: self.node.allocatable.minus(self.used.minus(going)),
            ports: pods.flat_map(|pod| &pod.constraints.host_ports).collect(),
            own_ports: false,
        }
    }

    /// How many such Pods it can take, at least one, or why none. `selected`: their nodeSelector
    /// is known to match.
    pub(crate) fn room(
        &self,
        class: &Class,
        selected: bool,
        free: &FreeNode<'_>,
    ) -> Result<u32, Reason> {
        self.admits(&class.pod.constraints, selected)?;
        self.short_of(&class.pod.requests, free)?;
        let ports = &class.pod.constraints.host_ports;
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
        Ok(free.amount.times(class.pod.requests))
    }

    /// Labels, taints and conditions.
    fn admits(&self, constraints: &Constraints, selected: bool) -> Result<(), Reason> {
        let (node, nodes) = (self.node, || self.alone());
        if !node.ready {
            return Err(Reason::NotReady { nodes: nodes() });
        }
        if node.unschedulable && !seeded!(IgnoresCordon) {
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
        let unselected = || constraints.unselected(&node.labels);
        if let Some((key, wanted)) = (!selected).then(unselected).flatten() {
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

    /// Whether the Pod's own selectors and affinity match.
    pub(crate) fn is_wanted_by(&self, pod: &Pod) -> bool {
        let constraints = &pod.constraints;
        constraints.unselected(&self.node.labels).is_none()
            && constraints.attracts(&self.node.name, &self.node.labels)
    }

    /// Whether a waiting Pod could be bound here, now or when what passes has passed.
    pub(crate) fn could_take(&self, pod: &Pod) -> bool {
        let constraints = &pod.constraints;
        let lasting = |taint: &&Taint| !taint.key.starts_with(PASSING_TAINTS);
        let taints = self.node.taints.iter().filter(lasting);
        self.node.allocatable.holds(pod.requests)
            && self.is_wanted_by(pod)
            && taints.into_iter().all(|taint| constraints.tolerates(taint))
    }

    pub(crate) fn claim_of_other(&self, own: Option<Key<'_>>) -> Option<Reason> {
        self.holders.iter().find_map(|by| match by {
            By::Group(group) if own == Some(id(group)) => None,
            _ if seeded!(IgnoresClaims) => None,
            By::Group(group) => Some(Reason::Taken {
                by: (*group).clone(),
            }),
            By::Pods(pods) => Some(Reason::Shared { pods: pods.len() }),
        })
    }

    pub(crate) fn occupant(&self, own: Option<&Group>) -> Option<Reason> {
        let other = |tenant: &&Tenant| {
            let mine = own.is_some_and(|group| group.has(tenant));
            tenant.concerned() && !mine && !seeded!(IgnoresOccupants)
        };
        let tenant = self.site.tenants().find(other)?;
        Some(Reason::Occupied {
            pod: tenant.pod.name(),
            node: self.node.name.clone(),
        })
    }

    pub(crate) fn comer(&self, own: Option<&Group>) -> Option<Reason> {
        let other = |tenant: &&&Tenant| {
            let mine = own.is_some_and(|group| group.has(tenant));
            !mine && !seeded!(IgnoresComers)
        };
        let comer = self.comers.iter().find(other)?;
        Some(Reason::CouldLand {
            pod: comer.pod.name(),
        })
    }

    /// Whether an exclusive group has it, or is on it.
    pub(crate) fn taken(&self) -> bool {
        let group = |by: &By<'_>| matches!(by, By::Group(_));
        let of_group = |tenant: &Tenant| tenant.source.is_some();
        self.holders.iter().any(group) || self.site.tenants().any(of_group)
    }

    /// Plain TPU Pods that a claim lets in.
    pub(crate) fn let_in(&self) -> impl Iterator<Item = &'a [HeldPod]> {
        self.holders.iter().filter_map(|by| match by {
            By::Pods(pods) => Some(*pods),
            By::Group(_) => None,
        })
    }

    /// Uids of plain TPU Pods that are bound to it.
    pub(crate) fn plain_pods(&self) -> impl Iterator<Item = &'a str> {
        let plain = |tenant: &&Tenant| tenant.source.is_none() && tenant.concerned();
        let plain = self.site.tenants().filter(plain);
        plain.map(|tenant| tenant.pod.reference.uid.as_str())
    }

    pub(crate) fn closed(&self) -> Option<Reason> {
        if seeded!(PlainAnywhere) {
            return None;
        }
        let claim = self.holders.iter().find_map(|by| match by {
            By::Group(group) => Some(Reason::Taken {
                by: (*group).clone(),
            }),
            By::Pods(_) => None,
        });
        let occupant = self.site.tenants().find(|tenant| tenant.source.is_some());
        let occupant = occupant.map(|tenant| Reason::Occupied {
            pod: tenant.pod.name(),
            node: self.node.name.clone(),
        });
        let comer = self.comers.iter().find(|tenant| tenant.source.is_some());
        let comer = comer.map(|tenant| Reason::CouldLand {
            pod: tenant.pod.name(),
        });
        claim.or(occupant).or(comer)
    }
}

impl FreeNode<'_> {
    /// Notes that so many Pods of a class were placed.
    pub(crate) fn take(&mut self, class: &Class, count: u32) {
        for _ in 0..count {
            self.amount = self.amount.minus(class.pod.requests);
        }
        self.own_ports |= count > 0 && !class.pod.constraints.host_ports.is_empty();
    }
}
