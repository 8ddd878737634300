//! What every policy set begins with: built-in policies and files.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use admission::Policy;
use runtime::{
    Engine, EngineError, EngineOptions, Entry, LoadError, Loaded, Module, Objects, load_entries,
    replacing,
};

use crate::args::Serve;
use crate::objects::{self, ObjectsError};

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

/// What every policy set begins with.
pub(crate) struct Base {
    pub(crate) engine: Engine,
    entries: Vec<Entry>,
    /// Of files: policies read these, and no cluster.
    objects: Option<Arc<Objects>>,
}

impl Base {
    /// Loads what the command line names, and the built-in policies that it doesn't replace.
    /// Where this process places no groups, the policy that gates them isn't among those.
    pub(crate) fn load(options: &Serve, places: bool) -> Result<Base, PoliciesError> {
        let engine = Engine::new(&EngineOptions {
            cache_dir: cache_dir(options),
            ..EngineOptions::default()
        })?;
        let left_out: &[&str] = if places { &[] } else { &WITHOUT_A_PLACER };
        let mut entries = load_entries(&engine, &options.policies, left_out)?;
        // A cluster is read only as its own WasmPolicies grant it.
        entries.iter_mut().for_each(|entry| entry.reads = false);
        if !places {
            tracing::info!(
                policies = left_out.join(","),
                "no groups are placed: a policy whose gates nothing would lift is in force only \
                 where --policies names it; --kubeconfig names a cluster to place in"
            );
        }
        let objects = match options.objects.as_slice() {
            [] => None,
            paths => Some(Arc::new(objects::read(paths)?)),
        };
        Ok(Base {
            engine,
            entries,
            objects,
        })
    }

    /// The set with `more`, which take the place of the built-in policies that they name.
    pub(crate) fn with(&self, more: Vec<Entry>) -> Result<Loaded, LoadError> {
        let loaded = Loaded::compose(self.entries(more))?;
        Ok(match &self.objects {
            Some(objects) => loaded.with_objects(Arc::clone(objects)),
            None => loaded,
        })
    }

    /// Whether policies read objects of files.
    pub(crate) fn reads_files(&self) -> bool {
        self.objects.is_some()
    }

    /// The entries of that set, in order.
    pub(crate) fn entries(&self, more: Vec<Entry>) -> Vec<Entry> {
        let mut all = replacing(self.entries.clone(), more);
        all.sort_by(|one, other| one.place().cmp(&other.place()));
        all
    }

    /// The policies out of files that the built-in registration knows nothing of.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Policy> {
        let own = self.entries.iter();
        own.filter(|entry| !matches!(entry.source, Module::Builtin(_)))
            .map(|entry| &entry.policy)
    }

    /// Whether a policy of `source` can't be called `name`, because another one is.
    pub(crate) fn is_taken(&self, name: &str, source: &Module) -> bool {
        let mut named = self
            .entries
            .iter()
            .filter(|entry| entry.policy.name == name);
        named.any(|entry| entry.source != *source)
    }
}

/// Where compiled policies and images are kept.
pub(crate) fn cache_dir(options: &Serve) -> Option<PathBuf> {
    options.cache_dir.clone().or_else(default_cache_dir)
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
