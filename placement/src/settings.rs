//! What an operator may choose.

use serde::{Deserialize, Serialize};

/// How to place. The default is the design's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// The node label by which plain TPU Pods are pinned. Exclusive groups bring their own.
    pub default_topology_key: String,
    /// Milliseconds for which a claim is kept while its group has no Pods.
    pub sticky_for: u64,
    /// What to do with a group for which no domain is feasible.
    pub when_no_domain: WhenNoDomain,
    /// What to do when a domain breaks in the middle of a release.
    pub on_stranded: OnStranded,
    /// Milliseconds that a released Pod may be without a place before its group is restarted.
    pub stranded_after: u64,
    /// Which groups of one JobSet get all their domains or none.
    pub gang: Gang,
}

/// What to do with a group for which no domain is feasible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenNoDomain {
    /// It waits.
    #[default]
    Hold,
    /// One group at a time goes without a domain, so that an autoscaler sees it.
    Release,
}

/// What to do with a group whose domain broke after some of its Pods were released.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnStranded {
    /// Say so.
    #[default]
    Report,
    /// Delete one of its Pods, which costs its JobSet one restart.
    Restart,
}

/// Which groups of one JobSet get all their domains or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gang {
    /// Groups whose Pods carry a non-empty `MEGASCALE_NUM_SLICES`: they compute together, so
    /// that one without the others is of no use.
    #[default]
    Multislice,
    /// All exclusive groups of a JobSet.
    Always,
    /// None.
    Never,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_topology_key: tpu::keys::NODE_POOL_LABEL.to_owned(),
            sticky_for: 60_000,
            when_no_domain: WhenNoDomain::default(),
            on_stranded: OnStranded::default(),
            stranded_after: 30_000,
            gang: Gang::default(),
        }
    }
}
