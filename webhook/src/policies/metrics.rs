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
    kinds: Gauge,
    kinds_unread: Gauge,
    objects: Gauge,
    bytes: Gauge,
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
        let help = "Kinds that policies are granted to read from the cluster";
        registry.register("granted_kinds", help, metrics.kinds.clone());
        let help = "Granted kinds that this replica can't read, or hasn't read yet";
        registry.register("granted_kinds_unread", help, metrics.kinds_unread.clone());
        let help = "Objects of granted kinds in memory";
        registry.register("granted_objects", help, metrics.objects.clone());
        let help = "Bytes of JSON of granted objects in memory";
        registry.register("granted_bytes", help, metrics.bytes.clone());
        metrics
    }

    /// One try; `loaded`, or the reason of a refusal.
    pub(super) fn tried(&self, outcome: &'static str) {
        self.loads.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// So many policies are in force from now on.
    pub(super) fn swapped(&self, in_force: usize) {
        self.swaps.inc();
        set(&self.in_force, in_force);
    }

    /// What policies read is so much: kinds, those that aren't known, objects and bytes.
    pub(super) fn reads(&self, sums: [usize; 4]) {
        let gauges = [&self.kinds, &self.kinds_unread, &self.objects, &self.bytes];
        for (gauge, sum) in gauges.into_iter().zip(sums) {
            set(gauge, sum);
        }
    }

    /// So many are not what is asked for.
    pub(super) fn refused(&self, refused: usize) {
        set(&self.refused, refused);
    }
}

fn set(gauge: &Gauge, number: usize) {
    gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
}
