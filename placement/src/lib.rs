//! The place: from a view of the cluster to assignments and reasons.
//!
//! Pure: no IO, no clock, no async; it knows neither HTTP nor Wasm nor a kube client. The webhook's
//! placer carries out what [`decide`] says; the plugin shows it. Both fill a [`View`] from the
//! API server's JSON, so that they can't disagree.
//!
//! In reading order: [`View`] and what it is made of ([`Node`], [`Pod`], [`Job`], [`Owner`],
//! [`Claim`]), [`decide`], [`Decision`], and its [`Action`]s and [`GroupReport`]s.

mod action;
mod claim;
mod claims;
mod constraint;
mod crew;
mod decide;
mod fault;
mod fit;
mod group;
mod keys;
mod loose;
mod maker;
mod node;
mod node_state;
mod order;
mod owner;
mod plain;
mod pod;
mod quantity;
mod rank;
mod read;
mod reason;
mod reference;
mod report;
mod reserve;
mod resources;
mod seek;
mod settings;
mod site;
mod space;
mod stand;
mod survey;
mod time;
mod topology;
mod turn;
mod view;

pub use action::{Action, Exclusion, Fence, Release};
pub use claim::{Claim, Excluded, HeldPod, Holder, LeaseVersion};
pub use constraint::{Constraints, HostPort, Requirement, Taint, Term, Toleration};
pub use decide::decide;
pub use keys::{
    CLAIM_ANNOTATION, CLAIM_LABEL, EXCLUSIVE_TOPOLOGY, FENCE, GATE, HOSTNAME, MARK, NAMESPACE,
    NODE_SELECTOR_STRATEGY,
};
pub use node::Node;
pub use owner::{Job, Owner, OwnerKind};
pub use pod::{LeaderWorker, Pod};
pub use rank::{DomainFacts, GroupFacts, Rank, RankError, RankFault, TightestFit};
pub use read::{Controller, ReadError};
pub use reason::{Reason, Rejection};
pub use reference::{Domain, GroupRef, ObjectRef, PodRef};
pub use report::{Decision, GroupReport, State};
pub use resources::Resources;
pub use settings::{Gang, OnStranded, Settings, WhenNoDomain};
pub use time::Time;
pub use view::View;

#[cfg(test)]
mod tests;
