//! A whole policy set, ready to admit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use admission::{
    Call, Decision, Evaluate, EvaluateError, Mode, Phase, Policy, PolicySet, Request, Verdict,
};

use placement::{DomainFacts, GroupFacts, Rank, RankError};

use crate::choice::Choice;
use crate::entry::Entry;
use crate::load::LoadError;
use crate::objects::Objects;
use crate::policy::LoadedPolicy;
use crate::world::World;

/// A whole policy set, ready to admit. Cheap enough to swap whole; never changed in place.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The policies in force, in order.
    pub set: PolicySet,
    policies: Vec<Slot>,
    objects: Option<Arc<Objects>>,
}

/// A policy set with what it may use: a time by which it must have answered, and objects.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator<'a> {
    loaded: &'a Loaded,
    until: Option<Instant>,
    objects: Option<&'a Arc<Objects>>,
}

#[derive(Debug, Clone)]
struct Slot {
    module: Arc<LoadedPolicy>,
    reads: bool,
}

impl Loaded {
    /// Makes a set of policies that were loaded one by one, in this order.
    #[must_use]
    pub fn of(policies: impl IntoIterator<Item = (Policy, LoadedPolicy)>) -> Self {
        let mut loaded = Self::default();
        for (policy, module) in policies {
            loaded.push(policy, Arc::new(module), true);
        }
        loaded
    }

    /// Makes a set of entries, in the order that they ask for. What is loaded is shared with
    /// other sets of the same entries.
    ///
    /// # Errors
    /// [`LoadError::Twice`].
    pub fn compose(entries: impl IntoIterator<Item = Entry>) -> Result<Self, LoadError> {
        let mut entries: Vec<Entry> = entries.into_iter().collect();
        entries.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut names = BTreeSet::new();
        let mut loaded = Self::default();
        for entry in entries {
            let Entry { policy, module, .. } = entry;
            if !names.insert(policy.name.clone()) {
                let policy = policy.name;
                return Err(LoadError::Twice { policy });
            }
            loaded.push(policy, module, entry.reads);
        }
        Ok(loaded)
    }

    /// The same set, whose policies read these objects where they are granted to.
    #[must_use]
    pub fn with_objects(self, objects: Arc<Objects>) -> Self {
        Self {
            objects: Some(objects),
            ..self
        }
    }

    /// The same set, asked with a time by which it must have answered.
    #[must_use]
    pub fn until(&self, until: Instant) -> Evaluator<'_> {
        Evaluator {
            until: Some(until),
            ..self.evaluator()
        }
    }

    /// The same set, without a deadline beyond the policies' own and objects beyond its own.
    #[must_use]
    pub fn evaluator(&self) -> Evaluator<'_> {
        Evaluator {
            loaded: self,
            until: None,
            objects: None,
        }
    }

    /// The policies behind [`Self::set`], in the same order.
    pub fn policies(&self) -> impl Iterator<Item = (&Policy, &LoadedPolicy)> {
        let of_slot = |policy: &Policy| {
            let slot = self.policies.get(policy.slot)?;
            Some(slot.module.as_ref())
        };
        let Self { set, .. } = self;
        set.0
            .iter()
            .filter_map(move |policy| of_slot(policy).map(|module| (policy, module)))
    }

    /// The policy that ranks domains for the groups of a namespace: the last placement policy in
    /// order that sees the namespace, since an operator's own come after the built-in ones. None
    /// where there is no such policy, or none but such as are only audited.
    #[must_use]
    pub fn placement_policy(&self, namespace: &str) -> Option<(&Policy, &LoadedPolicy)> {
        let decides = |(policy, module): &(&Policy, &LoadedPolicy)| {
            module.world() == World::PlacementPolicy
                && policy.mode != Mode::Audit
                && policy.matching.covers_namespace(Some(namespace))
        };
        self.policies().filter(decides).last()
    }

    /// Decides about a request, without a deadline beyond the policies' own.
    #[must_use]
    pub fn admit(&self, request: &Request, phase: Phase) -> Decision {
        admission::admit(request, phase, &self.set, self)
    }

    fn push(&mut self, mut policy: Policy, module: Arc<LoadedPolicy>, reads: bool) {
        policy.slot = self.policies.len();
        self.set.0.push(policy);
        self.policies.push(Slot { module, reads });
    }
}

impl<'a> Evaluator<'a> {
    /// The same, whose policies read these objects, where they are granted to and the set has
    /// none of its own.
    #[must_use]
    pub fn reading(self, objects: Option<&'a Arc<Objects>>) -> Self {
        Self { objects, ..self }
    }

    fn slot(&self, policy: &Policy) -> Option<&'a Slot> {
        self.loaded.policies.get(policy.slot)
    }

    fn objects(&self, slot: &Slot) -> Option<&'a Arc<Objects>> {
        let given = self.objects.filter(|_| slot.reads);
        self.loaded.objects.as_ref().or(given)
    }
}

/// By the policy that is in force for the group's namespace.
impl Rank for Evaluator<'_> {
    fn rank(&self, group: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        let none = || RankError("no placement policy is in force".to_owned());
        let (policy, _) = self
            .loaded
            .placement_policy(&group.namespace)
            .ok_or_else(none)?;
        let slot = self.slot(policy).ok_or_else(none)?;
        let choice = Choice {
            group,
            domains,
            settings_json: policy.settings_json(),
        };
        let ranking = slot.module.choose(&choice, self.objects(slot), self.until);
        ranking
            .map(|ranking| ranking.names)
            .map_err(|error| RankError(format!("policy {} {error}", policy.name)))
    }
}

/// By the policy that is in force for the group's namespace, without a deadline beyond its own.
impl Rank for Loaded {
    fn rank(&self, group: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        self.evaluator().rank(group, domains)
    }
}

impl Evaluate for Loaded {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        self.evaluator().evaluate(policy, call)
    }
}

impl Evaluate for Evaluator<'_> {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        let slot = self.slot(policy).ok_or(EvaluateError::NotLoaded)?;
        let answer = slot.module.review(call, self.objects(slot), self.until)?;
        Ok(answer.verdict)
    }
}
