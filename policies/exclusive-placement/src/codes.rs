//! The codes of the findings, and their explanations: `codes/<CODE>.md`.

use sdk::Description;
use workload::{Page, page};

pub(crate) const NO_LABEL_KEY: &str = "EXC001";
pub(crate) const NOT_HEARD: &str = "EXC002";
pub(crate) const STRATEGY_ELSEWHERE: &str = "EXC003";
pub(crate) const ORDERED_READY: &str = "EXC004";
pub(crate) const LEADER_READY: &str = "EXC005";
pub(crate) const TWO_PLACERS: &str = "EXC006";
pub(crate) const OLD_JOBSET: &str = "EXC007";
pub(crate) const DIFFERS: &str = "EXC008";

const PAGES: [Page; 8] = [
    page!(
        "EXC001",
        Deny,
        "the exclusive topology is no node label's key"
    ),
    page!("EXC002", Warn, "nobody reads the exclusive topology here"),
    page!("EXC003", Warn, "the node-selector strategy stands alone"),
    page!(
        "EXC004",
        Deny,
        "an exclusive StatefulSet makes its Pods one by one"
    ),
    page!(
        "EXC005",
        Deny,
        "an exclusive LeaderWorkerSet makes its workers late"
    ),
    page!("EXC006", Warn, "two choose nodes for the same Pods"),
    page!("EXC007", Warn, "this JobSet is too old to be placed by us"),
    page!("EXC008", Warn, "two values of the exclusive topology"),
];

/// Adds all codes to the policy's description.
pub(crate) fn explain(description: Description) -> Description {
    workload::explain(&PAGES, description)
}
