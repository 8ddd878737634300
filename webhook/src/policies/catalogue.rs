//! What was asked for, what came of it, and which policy set follows. Pure but for the set.

use std::collections::BTreeMap;
use std::time::Instant;

use admission::Policy;
use runtime::{Entry, Module};

use super::module::{Good, Refusal};
use super::report::{Report, Said};
use super::resource::Resource;
use crate::backoff::Backoff;
use crate::reads::Trouble;

/// What was last tried of each policy.
#[derive(Default)]
pub(super) struct Catalogue(BTreeMap<String, Tried>);

/// What a try is about: if it is the same, so is what comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Of the WasmPolicy.
    pub(super) uid: String,
    /// Of the WasmPolicy.
    pub(super) generation: i64,
    /// The version of the ConfigMap that holds its module.
    pub(super) module: Option<String>,
    /// How far its images are.
    pub(super) images: Vec<String>,
    /// Why it can't read what it is granted.
    pub(super) unread: Option<Trouble>,
}

/// What was last tried of a policy. What was good stays, whatever is refused afterwards.
pub(super) struct Tried {
    key: Key,
    good: Option<Good>,
    refused: Option<Refusal>,
    again: Option<Instant>,
    backoff: Backoff,
}

/// What came of a try.
pub(super) struct Outcome {
    /// What is loaded now, if anything is.
    pub(super) good: Option<Good>,
    /// Why that isn't what is asked for.
    pub(super) refused: Option<Refusal>,
}

impl Catalogue {
    /// Whether a policy is to be tried now.
    pub(super) fn wants(&self, name: &str, key: &Key, now: Instant) -> bool {
        self.0
            .get(name)
            .is_none_or(|tried| tried.key != *key || tried.again.is_some_and(|again| again <= now))
    }

    /// Whether something of a policy is loaded.
    pub(super) fn has(&self, name: &str) -> bool {
        self.good(name).is_some()
    }

    /// When the next try is due, where one is.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().filter_map(|tried| tried.again).min()
    }

    /// Takes in what came of a try. Has what is loaded changed?
    pub(super) fn take(&mut self, name: String, key: Key, outcome: Outcome, now: Instant) -> bool {
        let last = self.0.remove(&name);
        let changed = outcome.good.is_some();
        let mut backoff = last
            .as_ref()
            .map_or_else(Backoff::default, |last| last.backoff);
        let passes = outcome.refused.as_ref().is_some_and(Refusal::passes);
        let again = passes.then(|| now + backoff.next());
        if !passes {
            backoff.reset();
        }
        let good = outcome.good.or_else(|| last.and_then(|last| last.good));
        let refused = outcome.refused;
        let tried = Tried {
            key,
            good,
            refused,
            again,
            backoff,
        };
        self.0.insert(name, tried);
        changed
    }

    /// Forgets what isn't asked for any more, and what another object of its name has replaced.
    /// Has what is loaded changed?
    pub(super) fn forget_all_but(&mut self, resources: &[Resource]) -> bool {
        let mut changed = false;
        self.0.retain(|name, tried| {
            let asked = resources
                .iter()
                .any(|resource| resource.name == *name && resource.uid == tried.key.uid);
            changed |= !asked && tried.good.is_some();
            asked
        });
        changed
    }

    /// What is loaded.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let good = self.0.values().filter_map(|tried| tried.good.as_ref());
        good.map(|good| good.entry.clone()).collect()
    }

    /// The loaded policies that the built-in registration knows nothing of.
    pub(super) fn own(&self) -> impl Iterator<Item = &Policy> {
        let good = self.0.values().filter_map(|tried| tried.good.as_ref());
        let entries = good.map(|good| &good.entry);
        entries
            .filter(|entry| !matches!(entry.source, Module::Builtin(_)))
            .map(|entry| &entry.policy)
    }

    /// What is loaded of a policy.
    pub(super) fn good(&self, name: &str) -> Option<&Good> {
        self.0.get(name)?.good.as_ref()
    }

    /// Why this generation of a policy isn't loaded; `None` where that isn't known yet.
    pub(super) fn verdict(&self, resource: &Resource) -> Option<Option<&Refusal>> {
        let tried = self.0.get(&resource.name)?;
        let same = tried.key.uid == resource.uid && tried.key.generation == resource.generation;
        same.then_some(tried.refused.as_ref())
    }

    /// How many policies are not what is asked for.
    pub(super) fn refused(&self) -> usize {
        let refused = self.0.values().filter(|tried| tried.refused.is_some());
        refused.count()
    }

    /// For the other replicas.
    pub(super) fn report(&self) -> Report {
        let said = |tried: &Tried| Said {
            uid: tried.key.uid.clone(),
            generation: tried.good.as_ref().map(|good| good.generation),
            digest: tried.good.as_ref().map(|good| good.digest.clone()),
            refused: tried
                .refused
                .as_ref()
                .map(|refused| clip(&refused.to_string())),
        };
        let all = self.0.iter();
        Report(
            all.map(|(name, tried)| (name.clone(), said(tried)))
                .collect(),
        )
    }
}

/// All policies of a replica have to fit an annotation.
fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}
