//! What a placement policy is asked about, and its trait.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::policy::Policy;

/// The Pods that must land together on one domain, usually one Job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// Its namespace.
    pub namespace: String,
    /// The kind of the object whose Pods these are, such as `Job`.
    pub kind: String,
    /// That object's name.
    pub name: String,
    /// The kind of the object at the root of its owners, such as `JobSet`.
    pub root_kind: String,
    /// That object's name.
    pub root_name: String,
    /// The node label whose value names a domain.
    pub topology_key: String,
    /// How many Pods it has.
    pub pods: u32,
    /// What one Pod requests of `google.com/tpu`.
    pub chips_per_pod: u64,
    /// Of its Pods; the host serves higher ones first.
    pub priority: i32,
    /// What its Pods ask for in `cloud.google.com/gke-tpu-accelerator`.
    pub accelerator: Option<String>,
    /// What its Pods ask for in `cloud.google.com/gke-tpu-topology`.
    pub topology: Option<String>,
    /// Whether its slice computes together with others of the same root.
    pub multislice: bool,
    /// The domains that other groups of the same root have.
    pub siblings: Vec<String>,
}

/// The nodes that share one value of the topology key. The host offers only domains that are free
/// and can hold the whole group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Domain {
    /// The value of the topology key.
    pub name: String,
    /// Its nodes.
    pub nodes: u32,
    /// Pods of the group that fit in it now.
    pub fits: u32,
    /// Chips of all its nodes.
    pub chips: u64,
    /// Chips of its nodes that no Pod has.
    pub free_chips: u64,
    /// What its nodes fail together with, such as their zone, where all of them have the same.
    pub failure_domain: Option<String>,
    /// How many domains of that failure domain groups have claimed.
    pub claims_in_failure_domain: u32,
    /// Whether its nodes are spot VMs, which may be taken away at any time.
    pub spot: bool,
    /// The reservation that its nodes come from.
    pub reservation: Option<String>,
    /// Labels that all its nodes share.
    pub labels: BTreeMap<String, String>,
}

/// A policy that ranks the domains that could take a group, too. Like a review, a choice starts
/// from nothing.
pub trait PlacementPolicy: Policy {
    /// The domains, the best first. What is left out comes after the others. The host decides what
    /// is feasible: no order can put a group where it has no room.
    fn choose<'d>(
        group: &Group,
        domains: &'d [Domain],
        settings: &Self::Settings,
    ) -> Vec<&'d Domain>;
}
