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
    policies: Vec<Arc<LoadedPolicy>>,
    objects: Option<Arc<Objects>>,
}

/// A policy set that must have answered by a certain time.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator<'a> {
    loaded: &'a Loaded,
    until: Instant,
}

impl Loaded {
    /// Makes a set of policies that were loaded one by one, in this order.
    #[must_use]
    pub fn of(policies: impl IntoIterator<Item = (Policy, LoadedPolicy)>) -> Self {
        let mut loaded = Self::default();
        for (policy, module) in policies {
            loaded.push(policy, Arc::new(module));
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
        let place = |entry: &Entry| (entry.order, entry.policy.name.clone());
        entries.sort_by_key(place);
        let mut names = BTreeSet::new();
        let mut loaded = Self::default();
        for Entry { policy, module, .. } in entries {
            if !names.insert(policy.name.clone()) {
                let policy = policy.name;
                return Err(LoadError::Twice { policy });
            }
            loaded.push(policy, module);
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
            loaded: self,
            until,
        }
    }

    /// The policies behind [`Self::set`], in the same order.
    pub fn policies(&self) -> impl Iterator<Item = (&Policy, &LoadedPolicy)> {
        let of_slot = |policy: &Policy| self.policies.get(policy.slot).map(Arc::as_ref);
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

    fn push(&mut self, mut policy: Policy, module: Arc<LoadedPolicy>) {
        policy.slot = self.policies.len();
        self.set.0.push(policy);
        self.policies.push(module);
    }

    fn ask(
        &self,
        policy: &Policy,
        call: &Call<'_>,
        until: Option<Instant>,
    ) -> Result<Verdict, EvaluateError> {
        let module = self.policies.get(policy.slot);
        let module = module.ok_or(EvaluateError::NotLoaded)?;
        let answer = module.review(call, self.objects.as_ref(), until)?;
        Ok(answer.verdict)
    }
}

/// By the policy that is in force for the group's namespace, without a deadline beyond its own.
impl Rank for Loaded {
    fn rank(&self, group: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        let Some((policy, module)) = self.placement_policy(&group.namespace) else {
            return Err(RankError("no placement policy is in force".to_owned()));
        };
        let choice = Choice {
            group,
            domains,
            settings_json: policy.settings_json(),
        };
        let ranking = module.choose(&choice, self.objects.as_ref(), None);
        ranking
            .map(|ranking| ranking.names)
            .map_err(|error| RankError(format!("policy {} {error}", policy.name)))
    }
}

impl Evaluate for Loaded {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        self.ask(policy, call, None)
    }
}

impl Evaluate for Evaluator<'_> {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        self.loaded.ask(policy, call, Some(self.until))
    }
}
