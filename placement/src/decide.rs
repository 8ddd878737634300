//! The decision.

use crate::rank::Rank;
use crate::report::Decision;
use crate::settings::Settings;
use crate::time::Time;
use crate::view::View;

/// Where every group should go, what is to be done for that now, and why the rest waits.
#[must_use]
pub fn decide(view: &View, now: Time, settings: &Settings, rank: &dyn Rank) -> Decision {
    let _ = (view, now, settings, rank);
    Decision::default()
}
