//! What a test found.

/// The guarantees of the design, §6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guarantee {
    Exclusive,
    Whole,
    Live,
    Sticky,
    Safe,
    Honest,
}

/// Which guarantee was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) guarantee: Guarantee,
    pub(super) found: String,
}

pub(super) type Checked = Result<(), Violation>;

/// An error unless `holds`.
pub(super) fn ensure(holds: bool, guarantee: Guarantee, found: impl FnOnce() -> String) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            guarantee,
            found: found(),
        })
    }
}
