//! The one trait of a policy.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cluster::Cluster;
use crate::describe::Description;
use crate::review::Review;
use crate::verdict::Verdict;

/// A policy: what it is, and what it says of a review. It has no state: every review starts
/// from nothing.
pub trait Policy {
    /// What an operator can set. The host checks settings against
    /// [`Description::settings_schema`] before the policy ever sees them.
    type Settings: DeserializeOwned;

    /// Name, match rules, settings schema, codes, wanted grants.
    fn describe() -> Description;

    /// Judges one review: notes findings and patch operations in `verdict`.
    fn review(
        review: &Review,
        settings: &Self::Settings,
        cluster: &impl Cluster,
        verdict: &mut Verdict,
    );
}

/// The settings of a policy that has none.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}
