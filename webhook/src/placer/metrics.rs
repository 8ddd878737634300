//! What `/metrics` tells of the placer. Label values come from fixed sets: states, reasons,
//! actions, verbs and HTTP statuses.

use std::time::Duration;

use placement::{GroupReport, Reason, State};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds for a group's way from its first gated Pod to its last release: a
/// free domain takes a fraction of a second, a full cluster hours.
const PLACEMENT_BUCKETS: [f64; 16] = [
    0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0,
    86_400.0,
];
/// Upper bounds in seconds for one decision: the budget is 10 ms for one event and 50 ms for
/// everything, with 5,000 nodes.
const DECISION_BUCKETS: [f64; 12] = [
    50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 1.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionLabels {
    action: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabels {
    verb: &'static str,
    resource: &'static str,
    code: String,
}

/// The placer's time series.
pub(crate) struct PlacerMetrics {
    leader: Gauge,
    complete: Gauge,
    groups: Family<StateLabel, Gauge>,
    rejections: Family<ReasonLabel, Gauge>,
    decisions: Counter,
    decision: Histogram,
    placement: Histogram,
    actions: Family<ActionLabels, Counter>,
    errors: Family<ErrorLabels, Counter>,
}

impl PlacerMetrics {
    /// Fresh series in `registry`, all at zero.
    pub(crate) fn register(registry: &mut Registry) -> PlacerMetrics {
        let metrics = PlacerMetrics {
            leader: Gauge::default(),
            complete: Gauge::default(),
            groups: Family::default(),
            rejections: Family::default(),
            decisions: Counter::default(),
            decision: Histogram::new(DECISION_BUCKETS),
            placement: Histogram::new(PLACEMENT_BUCKETS),
            actions: Family::default(),
            errors: Family::default(),
        };
        let PlacerMetrics {
            leader,
            complete,
            groups,
            rejections,
            decisions,
            decision,
            placement,
            actions,
            errors,
        } = &metrics;
        let registry = registry.sub_registry_with_prefix("placer");
        registry.register("leader", "Whether this replica places", leader.clone());
        let help = "Whether the cluster has been listed";
        registry.register("synced", help, complete.clone());
        registry.register("groups", "Groups by where they stand", groups.clone());
        let help = "Domains that waiting groups can't have, by the reason that decided";
        registry.register("rejected_domains", help, rejections.clone());
        registry.register("decisions", "Decisions made", decisions.clone());
        let help = "One decision about the whole cluster";
        registry.register_with_unit("decision_duration", help, Unit::Seconds, decision.clone());
        let help = "From a group's first gated Pod to the release of its last";
        registry.register_with_unit("time_to_placement", help, Unit::Seconds, placement.clone());
        registry.register("actions", "Writes by what came of them", actions.clone());
        let help = "Requests to the API server that failed; code none is no answer";
        registry.register("api_errors", help, errors.clone());
        metrics
    }

    /// Whether this replica leads.
    pub(crate) fn leads(&self, leads: bool) {
        self.leader.set(leads.into());
    }

    /// Whether every list has been complete once.
    pub(crate) fn synced(&self, complete: bool) {
        self.complete.set(complete.into());
    }

    /// One decision, how long it took and what it says.
    pub(crate) fn decided(&self, took: Duration, groups: &[GroupReport]) {
        self.decisions.inc();
        self.decision.observe(took.as_secs_f64());
        self.stand(groups);
    }

    /// Where the groups stand; none where this replica doesn't know.
    pub(crate) fn stand(&self, groups: &[GroupReport]) {
        self.groups.clear();
        self.rejections.clear();
        for report in groups {
            let state = state(&report.state);
            self.groups.get_or_create(&StateLabel { state }).inc();
            for rejection in report.rejected.iter() {
                if let Some(first) = rejection.reasons.first() {
                    let reason = reason(first);
                    self.rejections.get_or_create(&ReasonLabel { reason }).inc();
                }
            }
        }
    }

    /// One group that waits.
    #[cfg(test)]
    pub(crate) fn one_waits(&self) {
        let label = StateLabel { state: "waiting" };
        self.groups.get_or_create(&label).inc();
    }

    /// A group was let go, so long after its first Pod was seen.
    pub(crate) fn placed(&self, took: Duration) {
        self.placement.observe(took.as_secs_f64());
    }

    /// One write.
    pub(crate) fn acted(&self, action: &'static str, outcome: &'static str) {
        let labels = ActionLabels { action, outcome };
        self.actions.get_or_create(&labels).inc();
    }

    /// One request that had no success.
    pub(crate) fn api_error(&self, verb: &'static str, resource: &'static str, code: String) {
        let labels = ErrorLabels {
            verb,
            resource,
            code,
        };
        self.errors.get_or_create(&labels).inc();
    }
}

fn state(state: &State) -> &'static str {
    match state {
        State::Incomplete { .. } => "incomplete",
        State::Suspended => "suspended",
        State::OtherGates { .. } => "other_gates",
        State::Gang { .. } => "gang",
        State::Waiting { .. } => "waiting",
        State::Claiming => "claiming",
        State::Ending => "ending",
        State::Leaving { .. } => "leaving",
        State::Releasing { .. } => "releasing",
        State::Loose => "loose",
        State::Placed => "placed",
        State::Split { .. } => "split",
        State::Stranded { .. } => "stranded",
    }
}

fn reason(reason: &Reason) -> &'static str {
    match reason {
        Reason::Taken { .. } => "taken",
        Reason::Shared { .. } => "shared",
        Reason::Occupied { .. } => "occupied",
        Reason::CouldLand { .. } => "could_land",
        Reason::Reserved { .. } => "reserved",
        Reason::TooFewNodes { .. } => "too_few_nodes",
        Reason::NotReady { .. } => "not_ready",
        Reason::Unschedulable { .. } => "unschedulable",
        Reason::TaintNotTolerated { .. } => "taint_not_tolerated",
        Reason::SelectorMismatch { .. } => "selector_mismatch",
        Reason::AffinityMismatch { .. } => "affinity_mismatch",
        Reason::ChipsShort { .. } => "chips_short",
        Reason::CpuShort { .. } => "cpu_short",
        Reason::MemoryShort { .. } => "memory_short",
        Reason::PodsShort { .. } => "pods_short",
        Reason::HostPort { .. } => "host_port",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;

    #[test]
    fn every_series_is_in_the_text_under_its_name() {
        let mut registry = Registry::with_prefix("sax_webhook");
        let metrics = PlacerMetrics::register(&mut registry);
        metrics.leads(true);
        metrics.decided(Duration::from_micros(60), &[]);
        metrics.placed(Duration::from_millis(70));
        metrics.acted("release", "done");
        metrics.api_error("patch", "pods", "409".to_owned());
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "sax_webhook_placer_leader 1",
            "sax_webhook_placer_synced 0",
            "sax_webhook_placer_decisions_total 1",
            "sax_webhook_placer_decision_duration_seconds_bucket{le=\"0.0001\"} 1",
            "sax_webhook_placer_time_to_placement_seconds_bucket{le=\"0.1\"} 1",
            "sax_webhook_placer_actions_total{action=\"release\",outcome=\"done\"} 1",
            "sax_webhook_placer_api_errors_total{verb=\"patch\",resource=\"pods\",code=\"409\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
    }
}
