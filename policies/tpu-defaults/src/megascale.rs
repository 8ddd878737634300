//! The MEGASCALE vector: the three variables that say which slice of how many a Pod is in.
//!
//! libtpu waits for the slices that `MEGASCALE_NUM_SLICES` counts, and GKE sets it for every
//! JobSet with several Jobs. So a set of independent replicas needs the variables present and
//! empty, and a training over several slices needs all of them filled (facts/tpu.md §3.2).
//!
//! ```text
//!   annotation ─► mode ─┬─► serving     all three present and empty
//!   Sax server ─►       ├─► multislice  all three filled
//!   NUM_SLICES ─►       └─► off         nothing; a mixture is a warning
//! ```

mod alone;
mod coordinator;
mod mode;
mod multislice;
mod off;
mod serving;
mod slice_id;
mod vector;

use sdk::Cluster;
use workload::WorkloadKind;

use crate::completion::Completion;
use crate::context::Context;
use crate::group::TpuGroup;
use mode::Mode;

/// Completes and checks the vector of every multi-host group.
pub(crate) fn complete(
    groups: &[TpuGroup<'_>],
    context: &Context<'_, impl Cluster>,
    completion: &mut Completion<'_>,
) {
    let modes = mode::of(groups, context, completion);
    let mut members = Vec::new();
    for (group, mode) in groups.iter().zip(modes) {
        let is_multi_host = group.is_multi_host;
        match mode {
            Mode::Multislice => members.push(group),
            Mode::Serving if is_multi_host => {
                serving::complete(group, context.settings, completion)
            }
            Mode::Off { declared: false } if is_multi_host && !context.is_controlled => {
                off::check(group, completion);
            }
            Mode::Serving | Mode::Off { .. } => {}
        }
    }
    if context.is_controlled {
        // What the JobSet gave it is all that there is to know.
        return;
    }
    match context.workload.kind {
        WorkloadKind::JobSet => multislice::complete(&members, context.workload, completion),
        _ => alone::check(&members, context.workload.kind, completion),
    }
}
