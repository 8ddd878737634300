//! The whole story of one workload's placement: what `kubectl sax explain placement` tells. Pure.
//!
//! `-o json` prints [`Explanation`] as it is.

use std::collections::BTreeSet;

use placement::{Claim, Decision, GroupReport};
use serde::{Deserialize, Serialize};

use crate::inventory::{Holder, Inventory};
use crate::standing::{SliceStanding, Workload};

/// Who writes the placer's Events.
pub(crate) const PLACER: &str = "kubectl-sax.dev/placer";

/// The story.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    /// The workload, as kubectl prints it.
    pub(crate) workload: String,
    /// Its slices, or the one that was asked for.
    pub(crate) slices: Vec<Explained>,
}

/// The story of one slice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explained {
    /// Where it stands, and why it waits.
    pub(crate) standing: SliceStanding,
    /// Its place in the order in which groups are served, counted from 1; null where it doesn't
    /// wait.
    pub(crate) place_in_queue: Option<usize>,
    /// What placement says of it, in a line.
    pub(crate) verdict: Option<String>,
    /// Why the policy's ranking was ignored, where it was.
    pub(crate) ranking_ignored: Option<String>,
    /// The domains that it has claimed.
    pub(crate) claims: Vec<Claim>,
    /// Commands that would help it.
    pub(crate) remedies: Vec<String>,
    /// What the placer wrote about it, oldest first.
    pub(crate) events: Vec<Told>,
}

/// An Event, as far as it is told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Told {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Such as `Waiting`.
    pub(crate) reason: String,
    /// One line.
    pub(crate) message: String,
    /// Who wrote it.
    pub(crate) reporting_component: String,
    /// Since when; RFC 3339.
    pub(crate) event_time: Option<String>,
    /// How often it was said since.
    series: Option<Series>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Series {
    count: u32,
    last_observed_time: String,
}

impl Told {
    /// When it was said last.
    pub(crate) fn last(&self) -> &str {
        match (&self.series, &self.event_time) {
            (Some(series), _) => &series.last_observed_time,
            (None, Some(time)) => time,
            (None, None) => "",
        }
    }

    /// How often it was said.
    pub(crate) fn times(&self) -> u32 {
        self.series.as_ref().map_or(1, |series| series.count)
    }
}

/// Tells the story of the slices of a workload, or of the one that is called so.
pub(crate) fn explanation(
    workload: &Workload,
    name: &str,
    inventory: &Inventory,
    decision: &Decision,
) -> Explanation {
    let bare = name.rsplit('/').next().unwrap_or(name);
    let named = workload.name != bare
        && workload
            .slices
            .iter()
            .any(|slice| slice.holder.name == bare);
    let slices = workload.slices.iter();
    let slices = slices.filter(|slice| !named || slice.holder.name == bare);
    Explanation {
        workload: workload.display_name(),
        slices: slices
            .map(|slice| explained(slice, inventory, decision))
            .collect(),
    }
}

fn explained(slice: &SliceStanding, inventory: &Inventory, decision: &Decision) -> Explained {
    let is_it = |report: &&GroupReport| Holder::from(&report.group) == slice.holder;
    let report = decision.groups.iter().find(is_it);
    let mut waiting = decision.groups.iter().filter(|report| report.waits());
    let holds = |claim: &&Claim| {
        claim
            .group()
            .is_some_and(|group| Holder::from(group) == slice.holder)
    };
    let remedies: BTreeSet<_> = slice.why.iter().filter_map(|why| why.fix.clone()).collect();
    Explained {
        place_in_queue: waiting
            .position(|report| is_it(&report))
            .map(|place| place + 1),
        verdict: report.map(|report| report.state.to_string()),
        ranking_ignored: report.and_then(|report| Some(report.rank_fault.as_ref()?.to_string())),
        claims: inventory.claims.iter().filter(holds).cloned().collect(),
        remedies: remedies.into_iter().collect(),
        events: Vec::new(),
        standing: slice.clone(),
    }
}
