//! What `/metrics` tells. Label values come from fixed sets or from the policies in force, never
//! from a review: a peer must not be able to make new time series.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::certificates::CertificateMetrics;
use crate::placer::PlacerMetrics;
use crate::policies::PolicyMetrics;

/// Upper bounds in seconds, from 10 µs: a whole admission takes a few hundred microseconds, and
/// the API server's own histogram (first bucket 5 ms) cannot tell a good one from a bad one.
const LATENCY_BUCKETS: [f64; 24] = [
    10e-6, 20e-6, 30e-6, 50e-6, 75e-6, 100e-6, 150e-6, 200e-6, 300e-6, 500e-6, 750e-6, 1e-3, 2e-3,
    3e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 200e-3, 500e-3, 1.0, 5.0, 30.0,
];

/// How a review ended, as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Allowed as it is.
    Allowed,
    /// Allowed, with a patch.
    Patched,
    /// Denied by a finding.
    Denied,
    /// Denied because the review could not be read.
    Unusable,
    /// Refused before the decision, by HTTP status.
    Refused(u16),
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Outcome::Allowed => "allowed",
            Outcome::Patched => "patched",
            Outcome::Denied => "denied",
            Outcome::Unusable => "unusable",
            Outcome::Refused(403) => "unknown_client",
            Outcome::Refused(408) => "body_too_slow",
            Outcome::Refused(413) => "body_too_large",
            Outcome::Refused(415) => "content_type",
            Outcome::Refused(429) => "overloaded",
            Outcome::Refused(500) => "failed",
            Outcome::Refused(_) => "refused",
        }
    }
}

/// One review for the counters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    /// `mutate` or `validate`.
    pub(crate) phase: &'static str,
    /// One of the kinds that we register for, or `other`.
    pub(crate) kind: &'static str,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// From the request's head to the answer.
    pub(crate) took: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReviewLabels {
    phase: &'static str,
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabel {
    phase: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    policy: String,
    code: String,
    severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyErrorLabels {
    policy: String,
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabel {
    policy: String,
}

type Latency<Label> = Family<Label, Histogram, fn() -> Histogram>;

/// All time series of this server.
pub(crate) struct Metrics {
    registry: Registry,
    reviews: Family<ReviewLabels, Counter>,
    latency: Latency<PhaseLabel>,
    policy_latency: Latency<PolicyLabel>,
    findings: Family<FindingLabels, Counter>,
    policy_errors: Family<PolicyErrorLabels, Counter>,
    in_flight: Gauge,
    failed_handshakes: Counter,
    placer: Arc<PlacerMetrics>,
    policies: Arc<PolicyMetrics>,
    certificates: Arc<CertificateMetrics>,
}

/// Counts a review as in flight until it is dropped, however it ends.
pub(crate) struct InFlight(Arc<Metrics>);

impl Metrics {
    /// Fresh series, all at zero.
    pub(crate) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("sax_webhook");
        let placer = Arc::new(PlacerMetrics::register(&mut registry));
        let policies = Arc::new(PolicyMetrics::register(&mut registry));
        let certificates = Arc::new(CertificateMetrics::register(&mut registry));
        let mut metrics = Metrics {
            registry,
            placer,
            policies,
            certificates,
            reviews: Family::default(),
            latency: Family::new_with_constructor(new_latency as fn() -> Histogram),
            policy_latency: Family::new_with_constructor(new_latency as fn() -> Histogram),
            findings: Family::default(),
            policy_errors: Family::default(),
            in_flight: Gauge::default(),
            failed_handshakes: Counter::default(),
        };
        metrics.register();
        metrics
    }

    /// Counts one review that was answered, and how long that took.
    pub(crate) fn reviewed(&self, record: Record) {
        let labels = ReviewLabels {
            phase: record.phase,
            kind: record.kind,
            outcome: record.outcome.label(),
        };
        self.reviews.get_or_create(&labels).inc();
        let phase = PhaseLabel {
            phase: record.phase,
        };
        let seconds = record.took.as_secs_f64();
        self.latency.get_or_create(&phase).observe(seconds);
    }

    /// Counts one finding that went into an answer.
    pub(crate) fn found(&self, policy: &str, code: &str, severity: &'static str) {
        let labels = FindingLabels {
            policy: policy.to_owned(),
            code: code.to_owned(),
            severity,
        };
        self.findings.get_or_create(&labels).inc();
    }

    /// One call of a policy took so long.
    pub(crate) fn asked(&self, policy: &str, took: Duration) {
        let seconds = took.as_secs_f64();
        let label = PolicyLabel {
            policy: policy.to_owned(),
        };
        self.policy_latency.get_or_create(&label).observe(seconds);
    }

    /// Counts one review that a policy failed, by the limit that it broke.
    pub(crate) fn policy_failed(&self, policy: &str, limit: &'static str) {
        let labels = PolicyErrorLabels {
            policy: policy.to_owned(),
            limit,
        };
        self.policy_errors.get_or_create(&labels).inc();
    }

    /// Counts a peer that never got as far as HTTP.
    pub(crate) fn failed_handshake(&self) {
        self.failed_handshakes.inc();
    }

    /// Counts a review as in flight for as long as the guard lives.
    pub(crate) fn enter(self: &Arc<Metrics>) -> InFlight {
        self.in_flight.inc();
        InFlight(Arc::clone(self))
    }

    /// The placer's part.
    pub(crate) fn placer(&self) -> Arc<PlacerMetrics> {
        Arc::clone(&self.placer)
    }

    /// The part of the cluster's policies.
    pub(crate) fn policies(&self) -> Arc<PolicyMetrics> {
        Arc::clone(&self.policies)
    }

    /// The certificates' part.
    pub(crate) fn certificates(&self) -> Arc<CertificateMetrics> {
        Arc::clone(&self.certificates)
    }

    /// The exposition in OpenMetrics text.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let reviews = self.reviews.clone();
        registry.register("reviews", "Reviews answered", reviews);
        let help = "From a review's head to its answer, waiting for a worker included";
        let latency = self.latency.clone();
        registry.register_with_unit("review_duration", help, Unit::Seconds, latency);
        let help = "One call of a policy";
        let latency = self.policy_latency.clone();
        registry.register_with_unit("policy_duration", help, Unit::Seconds, latency);
        let findings = self.findings.clone();
        registry.register("findings", "Findings in answers", findings);
        let errors = self.policy_errors.clone();
        registry.register(
            "policy_errors",
            "Calls of a policy that broke a limit",
            errors,
        );
        let in_flight = self.in_flight.clone();
        registry.register("in_flight_reviews", "Reviews being answered", in_flight);
        let handshakes = self.failed_handshakes.clone();
        registry.register("failed_handshakes", "Connections without TLS", handshakes);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

fn new_latency() -> Histogram {
    Histogram::new(LATENCY_BUCKETS)
}

#[cfg(test)]
#[path = "metrics/shown_tests.rs"]
mod shown_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_in_the_text_under_its_name() {
        let metrics = Arc::new(Metrics::new());
        let _in_flight = metrics.enter();
        metrics.found("tpu-shape", "TPU007", "deny");
        metrics.policy_failed("tpu-shape", "fuel");
        metrics.asked("tpu-shape", Duration::from_micros(12));
        metrics.failed_handshake();
        metrics.reviewed(Record {
            phase: "mutate",
            kind: "JobSet",
            outcome: Outcome::Denied,
            took: Duration::from_micros(12),
        });
        let text = metrics.text().unwrap();
        for line in [
            "sax_webhook_reviews_total{phase=\"mutate\",kind=\"JobSet\",outcome=\"denied\"} 1",
            "sax_webhook_review_duration_seconds_bucket{le=\"0.00001\",phase=\"mutate\"} 0",
            "sax_webhook_review_duration_seconds_bucket{le=\"0.00002\",phase=\"mutate\"} 1",
            "sax_webhook_policy_duration_seconds_bucket{le=\"0.00002\",policy=\"tpu-shape\"} 1",
            "sax_webhook_findings_total{policy=\"tpu-shape\",code=\"TPU007\",severity=\"deny\"} 1",
            "sax_webhook_policy_errors_total{policy=\"tpu-shape\",limit=\"fuel\"} 1",
            "sax_webhook_in_flight_reviews 1",
            "sax_webhook_failed_handshakes_total 1",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn a_review_that_ends_anyhow_is_no_longer_in_flight() {
        let metrics = Arc::new(Metrics::new());
        drop(metrics.enter());
        assert!(metrics.text().unwrap().contains("in_flight_reviews 0"));
    }
}
