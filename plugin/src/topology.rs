//! Pools, nodes and what stands on them: what `kubectl sax topology` draws. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::inventory::{Holder, Inventory, NodeSeen, PodSeen};

/// All that is drawn; `-o json` prints it as it is. Lists are in the order in which a person
/// counts: `tpu2` before `tpu10`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Topology {
    /// The label whose values are the domains.
    pub(crate) topology_key: String,
    /// The nodes with chips, by domain.
    pub(crate) domains: Vec<Domain>,
    /// What stands on them, or has claimed one.
    pub(crate) workloads: Vec<Resident>,
    /// Nodes with chips that don't have the label: nothing can be placed there.
    pub(crate) unlabelled: Vec<String>,
    /// How many nodes have no chips.
    pub(crate) plain_nodes: usize,
}

/// The nodes that share one value of the topology key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Domain {
    /// The value.
    pub(crate) name: String,
    /// The slice that the nodes make up, such as `v5e:4x8`; null where they don't say.
    pub(crate) slice: Option<String>,
    /// Chips of all nodes.
    pub(crate) chips: u64,
    /// Those that Pods have.
    pub(crate) chips_used: u64,
    /// Index in `workloads` of the group that has claimed the domain.
    pub(crate) claimed_by: Option<usize>,
    /// The nodes.
    pub(crate) nodes: Vec<Site>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Site {
    /// Its name.
    pub(crate) name: String,
    /// Can Pods go there?
    pub(crate) state: SiteState,
    /// Its chips.
    pub(crate) chips: u64,
    /// Those that Pods have.
    pub(crate) chips_used: u64,
    /// Indices in `workloads` of what stands there.
    pub(crate) workloads: Vec<usize>,
}

/// Can Pods go to a node?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum SiteState {
    /// Yes.
    Ready,
    /// Its kubelet doesn't answer, or isn't ready yet.
    NotReady,
    /// An administrator said no.
    Cordoned,
}

/// A group, or a Pod on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resident {
    /// What the drawing calls it: `A`, `B`, ... `AA`.
    pub(crate) letter: String,
    /// Its kind, namespace and name.
    #[serde(flatten)]
    pub(crate) holder: Holder,
    /// Its Pods on the nodes that are drawn.
    pub(crate) pods: usize,
    /// Those of them that are ready.
    pub(crate) pods_ready: usize,
    /// The domains where they are.
    pub(crate) domains: Vec<String>,
}

/// Sorts what the inventory holds into domains.
pub(crate) fn topology(inventory: &Inventory, key: &str) -> Topology {
    let mut residents = Residents::default();
    let mut domains: BTreeMap<String, Domain> = BTreeMap::new();
    let mut unlabelled = Vec::new();
    for node in inventory.nodes.values().filter(|node| node.chips() > 0) {
        let Some(name) = node.metadata.label(key) else {
            unlabelled.push(node.metadata.name.clone());
            continue;
        };
        let pods = inventory.pods_on(&node.metadata.name);
        let site = site(node, name, &pods, &mut residents);
        let domain = domains.entry(name.to_owned());
        domain.or_insert_with(|| empty(name, node)).add(site);
    }
    for claim in inventory
        .claims
        .iter()
        .filter(|claim| claim.domain.key == key)
    {
        let domain = domains.get_mut(&claim.domain.value);
        if let (Some(domain), Some(group)) = (domain, claim.group()) {
            domain.claimed_by = Some(residents.index(&Holder::from(group)));
        }
    }
    let mut domains: Vec<_> = domains.into_values().collect();
    domains.sort_by(|a, b| natord::compare(&a.name, &b.name));
    for domain in &mut domains {
        let nodes = &mut domain.nodes;
        nodes.sort_by(|a, b| natord::compare(&a.name, &b.name));
    }
    residents.in_order(&mut domains);
    Topology {
        topology_key: key.to_owned(),
        domains,
        workloads: residents.list,
        unlabelled,
        plain_nodes: inventory
            .nodes
            .values()
            .filter(|node| node.chips() == 0)
            .count(),
    }
}

impl Domain {
    fn add(&mut self, site: Site) {
        self.chips = self.chips.saturating_add(site.chips);
        self.chips_used = self.chips_used.saturating_add(site.chips_used);
        self.nodes.push(site);
    }
}

impl SiteState {
    /// Why no Pod can go there.
    pub(crate) fn trouble(self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::NotReady => Some("not ready"),
            Self::Cordoned => Some("cordoned"),
        }
    }
}

/// What stands somewhere, each once.
#[derive(Default)]
struct Residents {
    list: Vec<Resident>,
    indices: BTreeMap<Holder, usize>,
}

impl Residents {
    fn index(&mut self, holder: &Holder) -> usize {
        if let Some(index) = self.indices.get(holder) {
            return *index;
        }
        let index = self.list.len();
        self.list.push(Resident {
            letter: String::new(),
            holder: holder.clone(),
            pods: 0,
            pods_ready: 0,
            domains: Vec::new(),
        });
        self.indices.insert(holder.clone(), index);
        index
    }

    fn add(&mut self, pod: &PodSeen, domain: &str) -> usize {
        let index = self.index(&Holder::of(pod));
        let resident = &mut self.list[index];
        resident.pods += 1;
        resident.pods_ready += usize::from(pod.is_ready());
        if !resident.domains.iter().any(|known| known == domain) {
            resident.domains.push(domain.to_owned());
        }
        index
    }

    /// Gives letters in the order in which the drawing is read.
    fn in_order(&mut self, domains: &mut [Domain]) {
        let mut order: Vec<usize> = Vec::new();
        for domain in &*domains {
            let standing = domain.nodes.iter().flat_map(|site| &site.workloads);
            for index in domain.claimed_by.iter().chain(standing) {
                if !order.contains(index) {
                    order.push(*index);
                }
            }
        }
        let place = |index: &usize| order.iter().position(|known| known == index);
        for domain in domains {
            domain.claimed_by = domain.claimed_by.as_ref().and_then(place);
            for site in &mut domain.nodes {
                site.workloads = site.workloads.iter().filter_map(place).collect();
            }
        }
        self.list = order
            .iter()
            .map(|index| self.list[*index].clone())
            .collect();
        for (index, resident) in self.list.iter_mut().enumerate() {
            resident.letter = letter(index);
            resident.domains.sort_by(|a, b| natord::compare(a, b));
        }
    }
}

fn empty(name: &str, node: &NodeSeen) -> Domain {
    Domain {
        name: name.to_owned(),
        slice: node.slice(),
        chips: 0,
        chips_used: 0,
        claimed_by: None,
        nodes: Vec::new(),
    }
}

fn site(node: &NodeSeen, domain: &str, pods: &[&PodSeen], residents: &mut Residents) -> Site {
    let mut workloads: Vec<usize> = Vec::new();
    for pod in pods {
        let index = residents.add(pod, domain);
        if !workloads.contains(&index) {
            workloads.push(index);
        }
    }
    Site {
        name: node.metadata.name.clone(),
        state: match (node.is_ready(), node.is_cordoned()) {
            (_, true) => SiteState::Cordoned,
            (false, _) => SiteState::NotReady,
            (true, false) => SiteState::Ready,
        },
        chips: node.chips(),
        chips_used: pods.iter().map(|pod| pod.chips()).sum(),
        workloads,
    }
}

/// As spreadsheets name their columns.
fn letter(mut index: usize) -> String {
    let mut letters = Vec::new();
    loop {
        // The remainder is below 26.
        letters.push(char::from(b'A' + (index % 26) as u8));
        if index < 26 {
            return letters.into_iter().rev().collect();
        }
        index = index / 26 - 1;
    }
}
