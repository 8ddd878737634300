//! What a decision says of each group.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::action::Action;
use crate::rank::RankFault;
use crate::reason::{Reason, Rejection};
use crate::reference::{Domain, GroupRef, ObjectRef};
use crate::time::Time;

/// What is to be done, and why the rest waits.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// In the order in which they must be carried out: see [`Action`].
    pub actions: Vec<Action>,
    /// Every group, those that wait in the order in which they are served.
    pub groups: Vec<GroupReport>,
    /// When time alone changes the decision, if nothing else does before.
    pub look_again: Option<Time>,
}

/// Where a group stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupReport {
    /// Which group.
    pub group: GroupRef,
    /// What Events are about: its Job, StatefulSet, LeaderWorkerSet or Pod.
    pub object: ObjectRef,
    /// The node label whose values are its domains.
    pub topology_key: String,
    /// Whether it gets a domain to itself. Plain TPU Pods don't.
    pub exclusive: bool,
    /// Its Pods' priority.
    pub priority: i32,
    /// Since when its root owner exists.
    pub created: Time,
    /// Pods that it will have.
    pub pods: u32,
    /// Where it stands.
    pub state: State,
    /// The domain that it holds.
    pub domain: Option<Domain>,
    /// While it waits: why not, domain by domain.
    #[serde(serialize_with = "rejections")]
    pub rejected: Arc<Vec<Rejection>>,
    /// Why the ranking was ignored, where it was.
    pub rank_fault: Option<RankFault>,
}

/// Where a group stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum State {
    /// Not all of its Pods exist yet.
    Incomplete {
        /// Gated Pods that do.
        have: u32,
        /// Pods that must; absent while who makes them isn't known.
        want: Option<u32>,
    },
    /// Its Job or JobSet is suspended.
    Suspended,
    /// Gates of somebody else's come first.
    OtherGates {
        /// Their names.
        gates: Vec<String>,
    },
    /// Its gang isn't complete or can't be placed as a whole.
    Gang {
        /// Groups for which there are domains, or which exist.
        ready: u32,
        /// Groups in the gang.
        needed: u32,
    },
    /// No domain is feasible.
    Waiting {
        /// Groups and gangs before it in the order.
        before: u32,
    },
    /// A domain was found, and is being claimed.
    Claiming,
    /// Its own Pods of before still end on its domain.
    Ending,
    /// The domain that it was to have can't hold it any more; it gives its claim up.
    Leaving {
        /// The domain's value.
        from: String,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// It is being released.
    Releasing {
        /// Pods released so far.
        released: u32,
    },
    /// It goes without a domain (`whenNoDomain: release`): Whole isn't promised.
    Loose,
    /// All Pods are bound, on its domain.
    Placed,
    /// Its Pods went where they share no domain, or share it with others.
    Split {
        /// One line.
        found: String,
    },
    /// Its domain broke after some Pods had been released, and the rest doesn't fit.
    Stranded {
        /// Why.
        reasons: Vec<Reason>,
    },
}

impl GroupReport {
    /// Whether it waits for something.
    #[must_use]
    pub fn waits(&self) -> bool {
        !matches!(
            self.state,
            State::Placed | State::Releasing { .. } | State::Claiming | State::Loose
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete {
                have,
                want: Some(want),
            } => write!(f, "{have} of {want} Pods exist"),
            Self::Incomplete { have, want: None } => {
                write!(f, "{have} Pods exist, but not yet who makes them")
            }
            Self::Suspended => write!(f, "suspended"),
            Self::Leaving { from, reasons } => {
                write!(
                    f,
                    "leaves {from}, which can't hold it any more: {}",
                    joined(reasons)
                )
            }
            Self::OtherGates { gates } => {
                write!(f, "waits for scheduling gates {}", gates.join(", "))
            }
            Self::Gang { ready, needed } => {
                write!(
                    f,
                    "{ready} of {needed} slices of its multislice job can be placed; it needs all at once"
                )
            }
            Self::Waiting { before: 0 } => write!(f, "no domain can hold it"),
            Self::Waiting { before } => write!(f, "no domain can hold it; {before} come first"),
            Self::Claiming => write!(f, "its domain is being claimed"),
            Self::Ending => write!(f, "waits for its Pods of before to end on its domain"),
            Self::Releasing { released } => write!(f, "{released} Pods released"),
            Self::Loose => write!(
                f,
                "released without a domain, so that an autoscaler sees it"
            ),
            Self::Placed => write!(f, "placed"),
            Self::Split { found } => write!(f, "{found}"),
            Self::Stranded { reasons } => write!(f, "stranded: {}", joined(reasons)),
        }
    }
}

fn joined(reasons: &[Reason]) -> String {
    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    reasons.join("; ")
}

fn rejections<S: Serializer>(rejected: &Arc<Vec<Rejection>>, out: S) -> Result<S::Ok, S::Error> {
    rejected.as_slice().serialize(out)
}
