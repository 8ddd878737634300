//! The policies in force, out of files or built in.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use admission::{Call, Evaluate, EvaluateError, Policy, PolicySet, Verdict};
use placement::{DomainFacts, GroupFacts, Rank, RankError, TightestFit};
use runtime::{Engine, EngineError, EngineOptions, LoadError, Loaded, load_files_without};

use crate::args::Serve;
use crate::objects::{self, ObjectsError};
use crate::reviewer::Policies;

/// Built-in policies that are in force only where a document names them when this process runs no
/// placer: nothing would lift the gates of `exclusive-placement`.
const WITHOUT_A_PLACER: [&str; 1] = ["exclusive-placement"];

/// Why the policies are not in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoliciesError {
    /// There is nothing to run policies with.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A policy can't be loaded: none is in force then, rather than the others without it.
    #[error("cannot load the policies: {0}")]
    Load(#[from] LoadError),
    /// What policies may read is not known.
    #[error("cannot load the objects: {0}")]
    Objects(#[from] ObjectsError),
}

/// Loads what the command line names, and the built-in policies that it doesn't replace. Where
/// this process places no groups, the policy that gates them isn't among those.
pub(crate) fn load(options: &Serve, places: bool) -> Result<Loaded, PoliciesError> {
    let engine = Engine::new(&EngineOptions {
        cache_dir: options.cache_dir.clone().or_else(default_cache_dir),
        ..EngineOptions::default()
    })?;
    let left_out: &[&str] = if places { &[] } else { &WITHOUT_A_PLACER };
    let loaded = load_files_without(&engine, &options.policies, left_out)?;
    if !places {
        tracing::info!(
            policies = left_out.join(","),
            "no groups are placed: a policy whose gates nothing would lift is in force only where \
             --policies names it; --kubeconfig names a cluster to place in"
        );
    }
    for (policy, module) in loaded.policies() {
        let version = module.description().version.as_str();
        tracing::info!(policy = policy.name, version, "policy in force");
    }
    if options.objects.is_empty() {
        return Ok(loaded);
    }
    let objects = objects::read(&options.objects)?;
    Ok(loaded.with_objects(Arc::new(objects)))
}

impl Policies for Loaded {
    fn set(&self) -> &PolicySet {
        &self.set
    }

    fn evaluate(
        &self,
        policy: &Policy,
        call: &Call<'_>,
        until: Instant,
    ) -> Result<Verdict, EvaluateError> {
        self.until(until).evaluate(policy, call)
    }
}

/// Ranks by the placement policy in force; where an operator has none, by the default.
pub(crate) struct Ranking(pub(crate) Loaded);

impl Rank for Ranking {
    fn rank(&self, group: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        match self.0.placement_policy(&group.namespace) {
            Some(_) => self.0.rank(group, domains),
            None => TightestFit.rank(group, domains),
        }
    }
}

/// The folder that the plugin uses too: what one compiled, the other need not. In a container
/// without a home there is none.
fn default_cache_dir() -> Option<PathBuf> {
    let folder = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(caches.join("kubectl-sax"))
}
