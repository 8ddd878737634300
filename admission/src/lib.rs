//! The decision: a review goes in, verdicts are collected from policies, a response comes out.
//!
//! Pure: no IO, no clock, no async; it knows neither HTTP nor Wasm. Whoever runs policies
//! implements [`Evaluate`]; both shells call [`admit`], so that they can't disagree.
//!
//! In reading order: [`Request`] (what is asked), [`PolicySet`] and [`Matching`] (who answers),
//! [`Evaluate`] (how), [`admit`] (the pipeline), [`Decision`] (the answer), and
//! [`parse_review`] and [`respond`] (the AdmissionReview on the wire). [`Entries`] is what the API
//! server must be asked to send.

mod admit;
mod codes;
mod decision;
mod evaluate;
mod finding;
mod kind;
mod matching;
mod owner;
mod patch;
mod policy;
mod registration;
mod request;
mod respond;
mod review;
mod skip;
mod strict;
mod warnings;

pub use admit::{Phase, admit};
pub use codes::{Explanation, codes};
pub use decision::Decision;
pub use evaluate::{Call, Evaluate, EvaluateError, Verdict};
pub use finding::{Finding, Severity};
pub use json_patch::{self, Patch};
pub use kind::{GroupVersionKind, GroupVersionResource};
pub use matching::{MatchRule, Matching};
pub use patch::{MAX_DEPTH, PatchError, apply};
pub use policy::{Mode, OnError, Policy, PolicySet};
pub use registration::Entries;
pub use request::{ManifestError, Operation, Request};
pub use respond::{respond, respond_error};
pub use review::{ReviewError, ReviewFault, parse_review};
pub use strict::{MAX_NESTING, parse_json};
pub use warnings::fit_warnings;
