//! Which of the feasible domains a group should have.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// Orders feasible domains. What it says is advice: domains that it doesn't name come after
/// those that it does, and an answer that names others is ignored as a whole.
pub trait Rank {
    /// Names of domains, best first.
    ///
    /// # Errors
    /// When it has no answer; then the default order counts, and the report says so.
    fn rank(&self, group: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError>;
}

/// Why a ranking failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct RankError(pub String);

/// What a ranking may know of a group: the record `group` of `wit/policy.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupFacts {
    /// Its namespace.
    pub namespace: String,
    /// `Job`, `StatefulSet`, `LeaderWorkerSet` or `Pod`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The root owner's kind.
    pub root_kind: String,
    /// The root owner's name.
    pub root_name: String,
    /// The node label whose values are the domains.
    pub topology_key: String,
    /// Pods that it will have.
    pub pods: u32,
    /// TPU chips that each asks for.
    pub chips_per_pod: u64,
    /// The Pods' priority.
    pub priority: i32,
    /// What its Pods select by `cloud.google.com/gke-tpu-accelerator`.
    pub accelerator: Option<String>,
    /// What its Pods select by `cloud.google.com/gke-tpu-topology`.
    pub topology: Option<String>,
    /// Whether its slices compute together with others.
    pub multislice: bool,
    /// Domains that other groups of the same root hold.
    pub siblings: Vec<String>,
}

/// What a ranking may know of a domain: the record `domain` of `wit/policy.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct DomainFacts {
    /// The label's value.
    pub name: String,
    /// Nodes in it.
    pub nodes: u32,
    /// Pods of this group that fit in it now.
    pub fits: u32,
    /// TPU chips in it.
    pub chips: u64,
    /// TPU chips in it that no Pod has.
    pub free_chips: u64,
    /// Where it stands: `cloud.google.com/gce-topology-block`, else `topology.kubernetes.io/zone`.
    pub failure_domain: Option<String>,
    /// Claims that stand in the same failure domain.
    pub claims_in_failure_domain: u32,
    /// Whether its nodes are spot VMs.
    pub spot: bool,
    /// The reservation that its nodes come from.
    pub reservation: Option<String>,
    /// Labels that all its nodes share: the same for every group, so worked out once.
    #[serde(skip_serializing, deserialize_with = "shared")]
    pub labels: Arc<BTreeMap<String, String>>,
}

/// The default order: tightest fit, then the emptiest failure domain, then name.
#[derive(Debug, Clone, Copy, Default)]
pub struct TightestFit;

/// Why an answer was ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(rename_all = "camelCase")]
pub enum RankFault {
    /// It failed.
    #[error("the ranking failed: {0}; the default order was used")]
    Failed(String),
    /// It named a domain that isn't feasible.
    #[error(
        "the ranking named {0:?}, which is not among the feasible domains; the default order was used"
    )]
    NotFeasible(String),
    /// It named a domain twice.
    #[error("the ranking named domain {0:?} twice; the default order was used")]
    Twice(String),
}

fn shared<'de, D: Deserializer<'de>>(labels: D) -> Result<Arc<BTreeMap<String, String>>, D::Error> {
    BTreeMap::deserialize(labels).map(Arc::new)
}

impl Rank for TightestFit {
    fn rank(&self, _: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        let mut sorted: Vec<&DomainFacts> = domains.iter().collect();
        sorted.sort_by(|one, other| order(one).cmp(&order(other)));
        Ok(sorted
            .into_iter()
            .map(|domain| domain.name.clone())
            .collect())
    }
}

/// The best domain by the ranking, or by the default order where the answer is no good or
/// names none; `None` if there are no domains.
pub(crate) fn best(
    rank: &dyn Rank,
    group: &GroupFacts,
    domains: &[DomainFacts],
) -> (Option<String>, Option<RankFault>) {
    let fault = match rank.rank(group, domains) {
        Err(error) => RankFault::Failed(error.0),
        Ok(answer) => match fault(&answer, domains) {
            Some(fault) => fault,
            None => {
                let first = answer.into_iter().next();
                return (first.or_else(|| default_best(domains)), None);
            }
        },
    };
    (default_best(domains), Some(fault))
}

fn default_best(domains: &[DomainFacts]) -> Option<String> {
    let best = domains
        .iter()
        .min_by(|one, other| order(one).cmp(&order(other)));
    best.map(|domain| domain.name.clone())
}

fn order(domain: &DomainFacts) -> (u32, u64, u32, &str) {
    let crowd = domain.claims_in_failure_domain;
    (domain.fits, domain.free_chips, crowd, &domain.name)
}

fn fault(answer: &[String], feasible: &[DomainFacts]) -> Option<RankFault> {
    let names = feasible.iter().map(|domain| domain.name.as_str());
    let mut unnamed: HashSet<&str> = names.collect();
    let wrong = |name: &&String| !unnamed.remove(name.as_str());
    let wrong = answer.iter().find(wrong)?.clone();
    let twice = feasible.iter().any(|domain| domain.name == wrong);
    Some(if twice {
        RankFault::Twice(wrong)
    } else {
        RankFault::NotFeasible(wrong)
    })
}
