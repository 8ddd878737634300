//! The policies in force: built in, out of files, and out of the cluster.
//!
//! Every replica watches the WasmPolicies of its cluster, loads each off the path of reviews, and
//! swaps the whole set when one is good. It says what it has loaded in its record (see
//! [`crate::replicas`]). The replica that leads keeps the registration equal to what the policies match, and tells in each
//! WasmPolicy's status how far the replicas are.
//!
//! ```text
//! WasmPolicies, ConfigMaps ──► keeper ──► catalogue ──► live ──► reviews ◄── what is granted
//!                                │ what is loaded                                (crate::reads)
//!                                ▼
//!                     record of each replica ──► leader ──► registration, status, Events
//! ```
//!
//! In reading order: [`base`] (what a set begins with), [`live`] (the set in force), [`resource`]
//! and [`module`] (what is asked for), [`catalogue`] (what came of it), [`pending`] (when that is in force), [`report`] (who has what),
//! [`status`] and [`leader`] (what is said and registered), [`keeper`] (when).

mod api;
mod base;
mod catalogue;
mod keeper;
mod leader;
mod live;
mod metrics;
mod module;
mod needs;
mod pending;
mod report;
mod resource;
mod status;
mod watches;

use std::sync::Arc;

use admission::{Call, Evaluate, EvaluateError, Policy, PolicySet, Verdict};
use placement::{DomainFacts, GroupFacts, Rank, RankError, TightestFit};
use runtime::Loaded;

use crate::reads::Mirror;
use crate::reviewer::{Means, Policies};

pub(crate) use base::{Base, PoliciesError, cache_dir};
pub(crate) use keeper::{Keeper, Kept};
pub(crate) use live::Live;
pub(crate) use metrics::PolicyMetrics;

impl Policies for Loaded {
    fn set(&self) -> &PolicySet {
        &self.set
    }

    fn evaluate(
        &self,
        policy: &Policy,
        call: &Call<'_>,
        means: Means<'_>,
    ) -> Result<Verdict, EvaluateError> {
        let evaluator = self.until(means.until).reading(means.objects);
        evaluator.evaluate(policy, call)
    }
}

/// Ranks by the placement policy in force; where an operator has none, by the default.
pub(crate) struct Ranking {
    /// The policy set in force.
    pub(crate) policies: Arc<Live<Loaded>>,
    /// What its policies may read.
    pub(crate) mirror: Option<Arc<Mirror>>,
}

impl Rank for Ranking {
    fn rank(&self, group: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        let policies = self.policies.now();
        let objects = self.mirror.as_ref().map(|mirror| mirror.now());
        let evaluator = policies.evaluator().reading(objects.as_ref());
        match policies.placement_policy(&group.namespace) {
            Some(_) => evaluator.rank(group, domains),
            None => TightestFit.rank(group, domains),
        }
    }
}
