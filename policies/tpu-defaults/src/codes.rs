//! The codes of the findings, and their explanations: `codes/<CODE>.md`.

use sdk::Description;
use workload::{Page, page};

pub(crate) const SLICE_CONFLICT: &str = "TPU101";
pub(crate) const AMBIGUOUS_POOL: &str = "TPU102";
pub(crate) const HOST_NETWORK_KEPT_OFF: &str = "TPU103";
pub(crate) const HOST_NETWORK_MISSING: &str = "TPU104";
pub(crate) const DNS_POLICY_KEPT: &str = "TPU105";
pub(crate) const MEGASCALE_UNKNOWN: &str = "TPU106";
pub(crate) const MEGASCALE_NUMBER: &str = "TPU107";
pub(crate) const MEGASCALE_MIXTURE: &str = "TPU108";
pub(crate) const NO_NUMBERING: &str = "TPU109";
pub(crate) const NO_COORDINATOR: &str = "TPU110";
pub(crate) const VARIABLE_TWICE: &str = "TPU111";
pub(crate) const NOT_EXCLUSIVE: &str = "TPU112";
pub(crate) const IMMUTABLE_CHANGED: &str = "TPU113";
pub(crate) const IMMUTABLE_REMOVED: &str = "TPU114";
pub(crate) const SLICE_UNREADABLE: &str = "TPU115";

const PAGES: [Page; 15] = [
    page!(
        "TPU101",
        Deny,
        "a node label and the slice annotation contradict each other"
    ),
    page!("TPU102", Warn, "two kinds of node pools carry these labels"),
    page!("TPU103", Warn, "hostNetwork is off on a multi-host slice"),
    page!(
        "TPU104",
        Warn,
        "hostNetwork or its dnsPolicy is missing on a multi-host slice"
    ),
    page!(
        "TPU105",
        Warn,
        "this dnsPolicy hides the slice's Pods from each other"
    ),
    page!(
        "TPU106",
        Deny,
        "the megascale annotation has an unknown value"
    ),
    page!("TPU107", Deny, "a MEGASCALE number is wrong"),
    page!(
        "TPU108",
        Deny,
        "the MEGASCALE variables contradict each other"
    ),
    page!("TPU109", Deny, "the slices can't be numbered from 0 to n-1"),
    page!("TPU110", Warn, "the coordinator's address is not known"),
    page!("TPU111", Warn, "an environment variable stands twice"),
    page!("TPU112", Warn, "several slices and no exclusive placement"),
    page!(
        "TPU113",
        Deny,
        "a field that can't change has another value"
    ),
    page!(
        "TPU114",
        Warn,
        "a field that can't change was taken out of the manifest"
    ),
    page!("TPU115", Warn, "a slice annotation can't be read"),
];

/// Adds all codes to the policy's description.
pub(crate) fn explain(description: Description) -> Description {
    workload::explain(&PAGES, description)
}
