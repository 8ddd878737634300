//! A policy that is compiled, checked and linked: ready to answer.

use std::sync::Arc;
use std::time::Instant;

use admission::{Call, EvaluateError, Verdict};
use serde_json::Value;

use crate::call;
use crate::choice::{Choice, ChooseError, Ranking, checked_ranking};
use crate::convert;
use crate::description::{Codes, Description};
use crate::engine::{Engine, Linked};
use crate::grants::Grants;
use crate::limits::Limits;
use crate::load::LoadError;
use crate::objects::Objects;
use crate::settings::Schema;
use crate::verdict;
use crate::world::World;

/// A policy that is compiled, checked and linked.
pub struct LoadedPolicy {
    pub(crate) name: Arc<str>,
    pub(crate) engine: Engine,
    pub(crate) linked: Linked,
    pub(crate) limits: Limits,
    pub(crate) grants: Arc<Grants>,
    description: Description,
    codes: Codes,
    schema: Schema,
}

/// What a policy says of one review, and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Findings and patch.
    pub verdict: Verdict,
    /// Units of fuel, about one an instruction. The same review always takes the same.
    pub fuel: u64,
}

impl LoadedPolicy {
    /// Lets a linked component describe itself, and checks what it says.
    pub(crate) fn describe(
        engine: Engine,
        name: &str,
        linked: Linked,
        grants: &Grants,
    ) -> Result<Self, LoadError> {
        let policy = || name.to_owned();
        let invalid = |reason| LoadError::InvalidDescription {
            policy: policy(),
            reason,
        };
        let limits = Limits::default();
        let described = call::describe(&engine, name, &linked.reviewing, limits);
        let described = described.map_err(|source| LoadError::Describe {
            policy: policy(),
            source,
        })?;
        let description = convert::description(described).map_err(invalid)?;
        if let Some(fault) = description.fault() {
            return Err(invalid(fault));
        }
        Ok(Self {
            schema: Schema::compile(name, &description.settings_schema)?,
            codes: description.code_table(),
            name: name.into(),
            grants: Arc::new(grants.clone()),
            engine,
            linked,
            limits,
            description,
        })
    }

    /// The same policy under other limits.
    ///
    /// # Errors
    /// A limit that no sandbox can keep.
    pub fn with_limits(self, limits: Limits) -> Result<Self, LoadError> {
        match limits.check() {
            Ok(()) => Ok(Self { limits, ..self }),
            Err(source) => Err(LoadError::Limit {
                policy: self.name.to_string(),
                source,
            }),
        }
    }

    /// What the policy says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// What one call may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What it may read.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Which of the contract's worlds it is of.
    #[must_use]
    pub fn world(&self) -> World {
        match self.linked.placing {
            Some(_) => World::PlacementPolicy,
            None => World::Policy,
        }
    }

    /// Checks settings against the policy's schema.
    ///
    /// # Errors
    /// [`LoadError::InvalidSettings`] with the first thing that is wrong.
    pub fn check_settings(&self, settings: &Value) -> Result<(), LoadError> {
        self.schema.check(&self.name, settings)
    }

    /// Asks the policy, in a store of its own, within its limits and before `until`.
    ///
    /// # Errors
    /// How the policy failed.
    pub fn review(
        &self,
        call: &Call<'_>,
        objects: Option<&Arc<Objects>>,
        until: Option<Instant>,
    ) -> Result<Answer, EvaluateError> {
        let (said, fuel) = call::review(self, call, objects, until)?;
        let verdict = verdict::checked(&self.name, said, &self.codes, call.object_json.len())?;
        Ok(Answer { verdict, fuel })
    }

    /// Asks a placement policy which domains it prefers, in a store of its own, within its limits
    /// and before `until`.
    ///
    /// # Errors
    /// How the policy failed, or why its ranking is not taken.
    pub fn choose(
        &self,
        choice: &Choice<'_>,
        objects: Option<&Arc<Objects>>,
        until: Option<Instant>,
    ) -> Result<Ranking, ChooseError> {
        let linked = self.linked.placing.as_ref();
        let linked = linked.ok_or(ChooseError::NoPlacementPolicy)?;
        let (names, fuel) = call::choose(self, linked, choice, objects, until)?;
        let names = checked_ranking(names, choice.domains)?;
        Ok(Ranking { names, fuel })
    }
}

impl std::fmt::Debug for LoadedPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedPolicy")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
