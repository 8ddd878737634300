//! One entry of a policy set: a `WasmPolicy`, loaded.

use std::sync::Arc;

use admission::Policy;
use sha2::{Digest as _, Sha256};

use crate::document::{Module, WasmPolicy};
use crate::engine::Engine;
use crate::load::LoadError;
use crate::policy::LoadedPolicy;

/// One entry of a policy set, loaded. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Lower ones are asked first; equal ones by name.
    pub order: i32,
    /// Where the component came from.
    pub source: Module,
    /// The component's [`digest`].
    pub digest: String,
    /// What `admission` knows of it.
    pub policy: Policy,
    /// What answers.
    pub module: Arc<LoadedPolicy>,
    /// Whether it reads what an [`Evaluator`](crate::Evaluator) is given to read; else only the
    /// policy set's own objects.
    pub reads: bool,
}

impl Entry {
    /// Where it stands in a set: lower ones are asked first.
    #[must_use]
    pub fn place(&self) -> (i32, &str) {
        (self.order, &self.policy.name)
    }

    /// Whether it is the built-in policy of this name.
    #[must_use]
    pub fn is_builtin(&self, name: &str) -> bool {
        self.source.is_builtin(name)
    }
}

/// `entries` with `more`, which take the place of those whose component they name.
#[must_use]
pub fn replacing(entries: Vec<Entry>, more: Vec<Entry>) -> Vec<Entry> {
    let replaced = |entry: &Entry| more.iter().any(|other| other.source == entry.source);
    let kept = entries.into_iter().filter(|entry| !replaced(entry));
    let kept: Vec<Entry> = kept.collect();
    kept.into_iter().chain(more).collect()
}

impl Module {
    pub(crate) fn is_builtin(&self, name: &str) -> bool {
        matches!(self, Self::Builtin(builtin) if builtin == name)
    }
}

impl WasmPolicy {
    /// The built-in component that it names; none where the component is elsewhere.
    ///
    /// # Errors
    /// [`LoadError::UnknownBuiltin`].
    pub fn builtin_component(&self) -> Result<Option<&'static [u8]>, LoadError> {
        let Module::Builtin(name) = &self.module else {
            return Ok(None);
        };
        let mut builtin = policies::builtin().iter();
        let found = builtin.find(|builtin| builtin.name == name);
        let unknown = || LoadError::UnknownBuiltin {
            policy: self.name.clone(),
            builtin: name.to_owned(),
            known: policies::builtin()
                .iter()
                .map(|builtin| builtin.name)
                .collect(),
        };
        found
            .map(|builtin| Some(builtin.component))
            .ok_or_else(unknown)
    }

    /// Loads its component, and checks limits and settings.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(&self, engine: &Engine, component: &[u8]) -> Result<Entry, LoadError> {
        let module = engine.load(&self.name, component, &self.grants)?;
        let module = module.with_limits(self.limits)?;
        module.check_settings(&self.settings)?;
        let mut matching = self.matching.clone();
        matching.rules.clone_from(&module.description().matches);
        let mut policy = Policy::new(&self.name, matching, self.settings.clone());
        policy.mode = self.mode;
        policy.on_error = self.on_error;
        policy.skippable = self.skippable;
        Ok(Entry {
            order: self.order,
            source: self.module.clone(),
            digest: digest(component),
            policy,
            module: Arc::new(module),
            reads: true,
        })
    }
}

/// What identifies a component, as container registries write it.
#[must_use]
pub fn digest(component: &[u8]) -> String {
    let hash = Sha256::digest(component);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
