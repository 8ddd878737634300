//! What `/metrics` tells of the cluster's policies.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// Time series of the cluster's policies. All are bounded: no name is a label.
#[derive(Default)]
pub(crate) struct PolicyMetrics {
    in_force: Gauge,
    refused: Gauge,
    loads: Family<OutcomeLabel, Counter>,
    swaps: Counter,
}

impl PolicyMetrics {
    /// Fresh series in `registry`, all at zero.
    pub(crate) fn register(registry: &mut Registry) -> PolicyMetrics {
        let metrics = PolicyMetrics::default();
        let help = "Policies in force on this replica, built-in ones included";
        registry.register("policies_in_force", help, metrics.in_force.clone());
        let help = "WasmPolicies whose newest generation this replica has refused";
        registry.register("policies_refused", help, metrics.refused.clone());
        let help = "Tries to load a WasmPolicy, by what came of it";
        registry.register("policy_loads", help, metrics.loads.clone());
        let help = "Policy sets that were put in force";
        registry.register("policy_set_swaps", help, metrics.swaps.clone());
        metrics
    }

    /// One try; `loaded`, or the reason of a refusal.
    pub(super) fn tried(&self, outcome: &'static str) {
        self.loads.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// So many policies are in force from now on.
    pub(super) fn swapped(&self, in_force: usize) {
        self.swaps.inc();
        self.in_force
            .set(i64::try_from(in_force).unwrap_or(i64::MAX));
    }

    /// So many are not what is asked for.
    pub(super) fn refused(&self, refused: usize) {
        self.refused.set(i64::try_from(refused).unwrap_or(i64::MAX));
    }
}
