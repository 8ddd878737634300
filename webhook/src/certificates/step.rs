//! What is to be done next about what the Secret holds. No clock, no network: all of it is told.

use std::time::{Duration, SystemTime};

use super::kept::{Kept, Known};
use crate::authority::Pair;

/// How long something is valid, and how long before its end there is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// From its making to its end.
    pub(crate) lifetime: Duration,
    /// Renewed so long before its end.
    pub(crate) renew_before: Duration,
}

/// By what the keeper keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Of leaves.
    pub(crate) leaf: Period,
    /// Of authorities.
    pub(crate) authority: Period,
    /// From when a registration trusts a new authority until it may sign what is served: API
    /// servers learn of the registration meanwhile.
    pub(crate) settle: Duration,
    /// Names that a leaf has to be valid for.
    pub(crate) hosts: Vec<String>,
}

/// Why these rules keep nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RulesError {
    /// It would be renewed for ever.
    #[error("--{what}-renew-before must be shorter than --{what}-lifetime")]
    NeverFresh {
        /// `leaf` or `authority`.
        what: &'static str,
    },
    /// A leaf would outlive what vouches for it.
    #[error(
        "--authority-renew-before must be at least --leaf-lifetime: a leaf may not outlive the authority that signed it"
    )]
    LeafOutlives,
}

/// What was seen around the Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Seconds since 1970, by our clock.
    pub(crate) now: i64,
    /// For how long every registration is known to have trusted all that the Secret holds.
    pub(crate) trusted_for: Option<Duration>,
    /// Do all replicas that are there serve a leaf of the newest authority?
    pub(crate) all_serve_newest: bool,
}

/// What somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// A new leaf.
    pub(crate) leaf: bool,
    /// A new authority.
    pub(crate) authority: bool,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// All is as it should be, or something has to happen elsewhere first.
    Nothing,
    /// Another authority, beside those that are trusted.
    NewAuthority,
    /// Another leaf, signed by the authority.
    NewLeaf,
    /// From now on only the authority that signs is trusted.
    Retire,
}

impl Rules {
    /// Can they be kept?
    pub(crate) fn checked(self) -> Result<Rules, RulesError> {
        for (period, what) in [(self.leaf, "leaf"), (self.authority, "authority")] {
            if period.renew_before >= period.lifetime {
                return Err(RulesError::NeverFresh { what });
            }
        }
        match self.authority.renew_before < self.leaf.lifetime {
            true => Err(RulesError::LeafOutlives),
            false => Ok(self),
        }
    }
}

/// What is next.
pub(crate) fn next(kept: &Kept, asked: Asked, seen: &Seen, rules: &Rules) -> Step {
    let Some(authority) = &kept.authority else {
        return Step::NewAuthority;
    };
    let old = is_due(authority, rules.authority, seen.now);
    let Some(leaf) = &kept.leaf else {
        return if old {
            Step::NewAuthority
        } else {
            Step::NewLeaf
        };
    };
    if !authority.signed(leaf) {
        return between(authority, leaf, seen, rules);
    }
    let lacks_a_host = !rules
        .hosts
        .iter()
        .all(|host| leaf.facts.hosts.contains(host));
    if old || asked.authority {
        Step::NewAuthority
    } else if asked.leaf || lacks_a_host || is_due(leaf, rules.leaf, seen.now) {
        Step::NewLeaf
    } else if !kept.others.is_empty() && seen.all_serve_newest {
        Step::Retire
    } else {
        Step::Nothing
    }
}

/// What the Secret holds after a step.
pub(crate) fn take(
    step: Step,
    mut kept: Kept,
    now: SystemTime,
    rules: &Rules,
) -> Result<Kept, rcgen::Error> {
    match step {
        Step::Nothing => Ok(kept),
        Step::NewAuthority => {
            let pair = Pair::new_authority(now + rules.authority.lifetime)?;
            let authority = Known::of(pair).ok_or(rcgen::Error::CouldNotParseCertificate)?;
            Ok(kept.with_authority(authority))
        }
        Step::NewLeaf => {
            let authority = kept.authority.as_ref();
            let signer = authority.ok_or(rcgen::Error::CouldNotParseKeyPair)?;
            let pair = signer.pair.sign(&rules.hosts, now + rules.leaf.lifetime)?;
            kept.leaf = Known::of(pair);
            Ok(kept)
        }
        Step::Retire => {
            kept.others.clear();
            Ok(kept)
        }
    }
}

/// A new authority waits to be used. Not longer than anybody accepts what is served now.
fn between(authority: &Known, leaf: &Known, seen: &Seen, rules: &Rules) -> Step {
    let expired = |known: &Known| known.facts.not_after <= seen.now;
    if expired(authority) {
        return Step::NewAuthority;
    }
    let known = seen.trusted_for.is_some_and(|since| since >= rules.settle);
    match known || expired(leaf) {
        true => Step::NewLeaf,
        false => Step::Nothing,
    }
}

fn is_due(known: &Known, period: Period, now: i64) -> bool {
    let before = i64::try_from(period.renew_before.as_secs()).unwrap_or(i64::MAX);
    now >= known.facts.not_after.saturating_sub(before)
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
