//! One node pool of TPU VMs, and what keeps it from holding a slice.

use std::collections::BTreeMap;
use std::fmt;

use tpu::{Slice, keys};

use crate::doctor::Finding;
use crate::inventory::{Inventory, NodeSeen};
use crate::plan::{Site, division, pool_command};

/// A node pool.
pub(super) struct Pool<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its hardware, such as `v5e:4x8`.
    pub(super) slice: String,
    nodes: Vec<&'a NodeSeen>,
    /// Chips that each VM should have; `None` for hardware that the catalogue doesn't know.
    chips: Option<u32>,
    /// VMs that a slice has.
    vms: Option<u32>,
}

/// The pools with TPU labels, as a person counts.
pub(super) fn pools(inventory: &Inventory) -> Vec<Pool<'_>> {
    let mut by_name: BTreeMap<&str, Vec<&NodeSeen>> = BTreeMap::new();
    for node in inventory
        .nodes
        .values()
        .filter(|node| node.slice().is_some())
    {
        if let Some(name) = node.metadata.label(keys::NODE_POOL_LABEL) {
            by_name.entry(name).or_default().push(node);
        }
    }
    let mut pools: Vec<_> = by_name
        .into_iter()
        .map(|(name, nodes)| Pool::of(name, nodes))
        .collect();
    pools.sort_by(|a, b| natord::compare(a.name, b.name));
    pools
}

/// Nodes with chips that carry no labels to be chosen by.
pub(super) fn stray(inventory: &Inventory) -> Option<Finding> {
    let unlabelled = |node: &&NodeSeen| {
        let pool = node.metadata.label(keys::NODE_POOL_LABEL);
        node.chips() > 0 && (pool.is_none() || node.slice().is_none())
    };
    let stray: Vec<_> = inventory.nodes.values().filter(unlabelled).collect();
    let first = stray.first()?;
    let message = format!(
        "{} nodes have TPU chips and lack {}, {} or {}: nothing can be placed there",
        stray.len(),
        keys::NODE_POOL_LABEL,
        keys::ACCELERATOR_LABEL,
        keys::TOPOLOGY_LABEL
    );
    let name = &first.metadata.name;
    let finding = Finding::warning(format!("node/{name}"), message);
    Some(finding.fixed_by(format!(
        "kubectl get node {name} --show-labels, and make its node pool again with --tpu-topology"
    )))
}

/// The command that makes a pool for one slice; `None` for hardware that we don't know.
pub(super) fn create(slice: &str, name: &str, site: &Site) -> Option<String> {
    let slice = Slice::parse(slice).ok()?;
    let (chips, vms) = division(&slice)?;
    Some(pool_command(&slice, chips, vms, name, site))
}

impl<'a> Pool<'a> {
    fn of(name: &'a str, nodes: Vec<&'a NodeSeen>) -> Self {
        let first = nodes.first();
        let hardware = first.and_then(|node| node.slice()).unwrap_or_default();
        let said = first.and_then(|node| node.metadata.label(keys::CHIPS_PER_VM_LABEL));
        let slice = Slice::parse(&hardware).ok();
        let most = nodes.iter().map(|node| node.chips()).max().unwrap_or(0);
        let chips = said
            .and_then(|said| said.parse().ok())
            .or_else(|| u32::try_from(most).ok().filter(|chips| *chips > 0))
            .or_else(|| Some(division(slice.as_ref()?)?.0));
        let vms = slice.and_then(|slice| slice.vms(chips?));
        Self {
            name,
            slice: hardware,
            nodes,
            chips,
            vms,
        }
    }

    /// How many slices it can hold now, if nothing else stood on it.
    pub(super) fn room(&self) -> usize {
        let usable = self
            .nodes
            .iter()
            .filter(|node| self.is_usable(node))
            .count();
        match self.vms {
            Some(1) => usable,
            Some(vms) => {
                usize::from(self.nodes.len() == vms as usize && usable == self.nodes.len())
            }
            None => usize::from(usable > 0),
        }
    }

    /// How many it is made for.
    pub(super) fn places(&self) -> usize {
        match self.vms {
            Some(1) => self.nodes.len(),
            _ => 1,
        }
    }

    /// What keeps it from that, problem by problem.
    pub(super) fn troubles(&self, site: &Site) -> Vec<Finding> {
        let cordoned = self.named(|node| node.is_cordoned());
        let unready = self.named(|node| !node.is_ready());
        let lacking = self.named(|node| {
            node.chips() != u64::from(self.chips.unwrap_or(0)) && self.chips.is_some()
        });
        let mut found: Vec<_> = self.wrong_size(site).into_iter().collect();
        found.extend(self.nodes_are(
            &cordoned,
            "cordoned",
            &format!("kubectl uncordon {}", cordoned.join(" ")),
        ));
        let describe =
            |names: &[&str]| format!("kubectl describe node {}", names.first().unwrap_or(&""));
        found.extend(self.nodes_are(&unready, "not Ready", &describe(&unready)));
        let chips = self.chips.unwrap_or(0);
        let offers = format!(
            "without the {chips} chips that it should offer as {}",
            keys::CHIP_RESOURCE
        );
        found.extend(self.nodes_are(&lacking, &offers, &describe(&lacking)));
        found
    }

    fn wrong_size(&self, site: &Site) -> Option<Finding> {
        let vms = self.vms.filter(|vms| *vms > 1)?;
        let nodes = self.nodes.len();
        if nodes == vms as usize {
            return None;
        }
        let chips = self.chips.unwrap_or(0);
        let topology = self.slice.rsplit(':').next().unwrap_or(&self.slice);
        let message = format!(
            "has {nodes} nodes, topology {topology} needs exactly {vms}: {} chips, {chips} a VM",
            u64::from(vms) * u64::from(chips)
        );
        let detail = "VMs are missing or being repaired, or it was made too small: a multi-host \
                      pool isn't resized but made again";
        let finding = Finding::problem(format!("node pool {}", self.name), message).because(detail);
        let create = create(&self.slice, self.name, site).unwrap_or_default();
        Some(finding.fixed_by(format!("delete the node pool, then {create}")))
    }

    fn nodes_are(&self, names: &[&str], what: &str, fix: &str) -> Option<Finding> {
        let (first, rest) = names.split_first()?;
        let more = match rest.len() {
            0 => String::new(),
            count => format!(" (and {count} more)"),
        };
        let consequence = match self.vms {
            Some(vms) if vms > 1 => format!(", so node pool {self} can't hold a slice"),
            _ => format!(" in node pool {}", self.name),
        };
        let finding = Finding::problem(
            format!("node/{first}"),
            format!("is {what}{more}{consequence}"),
        );
        Some(finding.fixed_by(fix))
    }

    fn named(&self, is: impl Fn(&NodeSeen) -> bool) -> Vec<&'a str> {
        let found = self.nodes.iter().filter(|node| is(node));
        let mut names: Vec<_> = found.map(|node| node.metadata.name.as_str()).collect();
        names.sort_by(|a, b| natord::compare(a, b));
        names
    }

    fn is_usable(&self, node: &NodeSeen) -> bool {
        let chips = self
            .chips
            .is_none_or(|chips| node.chips() == u64::from(chips));
        node.is_ready() && !node.is_cordoned() && chips
    }
}

/// `tpu1 (v5e:4x8, 7 of 8 nodes usable)`
impl fmt::Display for Pool<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usable = self
            .nodes
            .iter()
            .filter(|node| self.is_usable(node))
            .count();
        let whole = self
            .vms
            .filter(|vms| *vms > 1)
            .map_or(self.nodes.len(), |vms| vms as usize);
        write!(
            f,
            "{} ({}, {usable} of {whole} nodes usable)",
            self.name, self.slice
        )
    }
}
