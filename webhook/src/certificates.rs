//! What we prove ourselves with: certificate files that somebody else renews, or an authority of
//! our own in a Secret that the replicas share.
//!
//! The authority's life is a sequence of small steps ([`step`]), each of which leaves everything
//! trusted that anybody serves:
//!
//! ```text
//!  one authority ──► a second one, both trusted ──► leaf of the second ──► only the second trusted
//!        ▲            (the registration has both,     (when the first        (when every replica
//!        │             and API servers had time)       of these is so)        serves the leaf)
//!        └──────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Only the leader takes steps; each is one write that fails where anybody else has written. What
//! is due is asked of the clock again at every look, never slept for, so a clock that jumps makes
//! a renewal early or late by one look.
//!
//! In reading order: [`facts`] (what a certificate says), [`kept`] (what the Secret holds),
//! [`step`] (what is next), [`keeper`] (who does it), [`vault`] (where), [`mounted`] (files).

mod facts;
mod keeper;
mod kept;
mod metrics;
mod mounted;
mod step;
mod vault;

pub(crate) use facts::has_name;
pub(crate) use keeper::Keeper;
pub(crate) use metrics::CertificateMetrics;
pub(crate) use mounted::{Mounted, MountedError};
pub(crate) use step::{Period, Rules, RulesError};
pub(crate) use vault::{ClusterVault, PAUSED};

/// The key under which a replica says which leaf it serves: the SHA-256 of its certificate.
pub(crate) const SERVED_LEAF: &str = "leaf";
/// The key under which it says by which authority that leaf is signed: its key's identifier.
pub(crate) const SERVED_AUTHORITY: &str = "authority";
