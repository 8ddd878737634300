//! Compiles, checks and links policies.

use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::{Component, Linker};

use crate::bindings::PlacementPolicyPre;
use crate::bindings::reviewing::PolicyPre;
use crate::cache::Cache;
use crate::config::{config, instances};
use crate::grants::Grants;
use crate::host;
use crate::load::LoadError;
use crate::permits::Permits;
use crate::policy::LoadedPolicy;
use crate::ticker;
use crate::world::{self, World};

/// Bytes of a component: room for one that brings its own JavaScript engine.
pub const MOST_COMPONENT_BYTES: usize = 32 << 20;

/// What an engine is made with.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Where compiled code is kept; none compiles at each start.
    pub cache_dir: Option<PathBuf>,
    /// Whether instances come from a pool, which is faster and reserves address space.
    pub pooling: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            cache_dir: None,
            pooling: true,
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The sandbox can't run on this machine.
    #[error("failed to start the sandbox: {reason}")]
    Unsupported {
        /// In wasmtime's words.
        reason: String,
    },
    /// No thread for the clock.
    #[error("failed to start the thread that keeps deadlines")]
    Ticker {
        /// Why.
        #[from]
        source: std::io::Error,
    },
}

/// Compiles, checks and links policies. Cheap to clone; all clones share the pool.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

/// A component with everything that it imports, ready to be instantiated.
pub(crate) struct Linked {
    pub(crate) reviewing: PolicyPre<host::Host>,
    /// The same, where it is a placement policy.
    pub(crate) placing: Option<PlacementPolicyPre<host::Host>>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    cache: Option<Cache>,
    permits: Permits,
}

impl Engine {
    /// Starts an engine. Without the address space for a pool it does without one.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub fn new(options: &EngineOptions) -> Result<Self, EngineError> {
        let wasmtime = start(options.pooling)?;
        ticker::start(wasmtime.weak())?;
        let cache = options.cache_dir.as_deref();
        Ok(Self(Arc::new(Inner {
            cache: cache.and_then(|folder| Cache::open(folder, &wasmtime)),
            permits: Permits::new(instances()),
            wasmtime,
        })))
    }

    /// Compiles a component (or takes it from the cache), checks what it imports and exports,
    /// and lets it describe itself. It gets the default [`Limits`](crate::Limits).
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(
        &self,
        name: &str,
        wasm: &[u8],
        grants: &Grants,
    ) -> Result<LoadedPolicy, LoadError> {
        if wasm.len() > MOST_COMPONENT_BYTES {
            return Err(LoadError::TooLarge {
                policy: name.to_owned(),
                bytes: wasm.len(),
                limit: MOST_COMPONENT_BYTES,
            });
        }
        let component = self
            .compile(wasm)
            .map_err(|error| LoadError::NotAComponent {
                policy: name.to_owned(),
                reason: format!("{error:#}"),
            })?;
        let world = world::check(name, &component, self.wasmtime(), grants)?;
        let linked = self.link(&component, world, grants);
        let linked = linked.map_err(|error| LoadError::OtherTypes {
            policy: name.to_owned(),
            reason: format!("{error:#}"),
        })?;
        LoadedPolicy::describe(self.clone(), name, linked, grants)
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.0.wasmtime
    }

    pub(crate) fn permits(&self) -> &Permits {
        &self.0.permits
    }

    fn compile(&self, wasm: &[u8]) -> wasmtime::Result<Component> {
        match &self.0.cache {
            Some(cache) => cache.component(self.wasmtime(), wasm),
            None => Component::new(self.wasmtime(), wasm),
        }
    }

    fn link(
        &self,
        component: &Component,
        world: World,
        grants: &Grants,
    ) -> wasmtime::Result<Linked> {
        let mut linker = Linker::new(self.wasmtime());
        host::link(&mut linker, grants)?;
        let instance = linker.instantiate_pre(component)?;
        let placing = match world {
            World::PlacementPolicy => Some(PlacementPolicyPre::new(instance.clone())?),
            World::Policy => None,
        };
        Ok(Linked {
            reviewing: PolicyPre::new(instance)?,
            placing,
        })
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("cache", &self.0.cache.is_some())
            .finish_non_exhaustive()
    }
}

fn start(pooling: bool) -> Result<wasmtime::Engine, EngineError> {
    let on_demand = || wasmtime::Engine::new(&config(false));
    let started = match pooling {
        false => on_demand(),
        true => wasmtime::Engine::new(&config(true)).or_else(|error| {
            tracing::warn!(%error, "no pool of instances, each call makes its own");
            on_demand()
        }),
    };
    started.map_err(|error| EngineError::Unsupported {
        reason: format!("{error:#}"),
    })
}
