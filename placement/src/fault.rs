//! Faults that tests seed into the decision, to see that they are found. Outside of the crate's
//! own tests there are none: `seeded!` is the literal `false` there.

#[cfg(test)]
use std::cell::Cell;

/// One way in which a placer could be wrong.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Claims of others count for nothing.
    IgnoresClaims,
    /// TPU Pods of others count for nothing.
    IgnoresOccupants,
    /// Pods that wait for the scheduler count for nothing.
    IgnoresComers,
    /// Cordoned nodes count as good.
    IgnoresCordon,
    /// All of a node counts as free.
    IgnoresUse,
    /// A group is released before all of its Pods exist.
    ReleasesIncomplete,
    /// A claim ends as soon as its group has no Pods.
    ForgetsSticky,
    /// The youngest is served first.
    YoungestFirst,
    /// A claim is given up without fences.
    NeverFences,
    /// Pods are touched before their domain is claimed.
    ReleasesUnclaimed,
    /// A claim outlives its owner.
    KeepsDead,
    /// A group that waits doesn't say why.
    HidesReasons,
    /// Plain TPU Pods go anywhere.
    PlainAnywhere,
    /// A gang takes the domains that there are.
    HalfGang,
    /// Nothing is kept for those that wait.
    ReservesNothing,
    /// A group stays what it was when its Pods, its Job or its JobSet change.
    RemembersGroups,
    /// A claim is used though Pods that have the turn could come there.
    IgnoresTurn,
    /// A plain Pod goes without a domain before that is written down.
    GoesUnclaimed,
    /// A group's turn is used though it doesn't exclude all that is claimed.
    UsesOldTurn,
    /// Domains stay what they were when nodes come, go or get other labels.
    RemembersDomains,
}

#[cfg(test)]
thread_local! {
    static SEEDED: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Seeds a fault, in this thread; `None` takes it away.
#[cfg(test)]
pub(crate) fn seed(fault: Option<Fault>) {
    SEEDED.set(fault);
}

/// Whether this fault is seeded.
#[cfg(test)]
pub(crate) fn is(fault: Fault) -> bool {
    SEEDED.get() == Some(fault)
}

#[cfg(test)]
macro_rules! seeded {
    ($fault:ident) => {
        $crate::fault::is($crate::fault::Fault::$fault)
    };
}

#[cfg(not(test))]
macro_rules! seeded {
    ($fault:ident) => {
        false
    };
}

pub(crate) use seeded;
