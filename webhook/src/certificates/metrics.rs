//! What `/metrics` tells of certificates.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CertificateLabel {
    certificate: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabel {
    step: &'static str,
}

/// The certificates' time series.
#[derive(Debug)]
pub(crate) struct CertificateMetrics {
    expiry: Family<CertificateLabel, Gauge>,
    exchanges: Counter,
    failures: Counter,
    steps: Family<StepLabel, Counter>,
    paused: Gauge,
}

impl CertificateMetrics {
    /// Fresh series in `registry`, all at zero.
    pub(crate) fn register(registry: &mut Registry) -> CertificateMetrics {
        let metrics = CertificateMetrics {
            expiry: Family::default(),
            exchanges: Counter::default(),
            failures: Counter::default(),
            steps: Family::default(),
            paused: Gauge::default(),
        };
        let help = "Whether the registration is paused, where this replica leads";
        registry.register("registration_paused", help, metrics.paused.clone());
        let registry = registry.sub_registry_with_prefix("certificate");
        let help = "When the certificate ends, in seconds since 1970";
        registry.register("expiry_timestamp_seconds", help, metrics.expiry.clone());
        let help = "Certificates that new connections were accepted with";
        registry.register("exchanges", help, metrics.exchanges.clone());
        let help = "Looks at the certificates that failed; what is served stays";
        registry.register("failures", help, metrics.failures.clone());
        let help = "Certificates made or no longer trusted, by this replica";
        registry.register("steps", help, metrics.steps.clone());
        metrics
    }

    /// New connections are accepted with a leaf that ends then.
    pub(crate) fn serves(&self, leaf_not_after: i64) {
        self.exchanges.inc();
        self.expires("leaf", leaf_not_after);
    }

    /// A certificate (`leaf` or `authority`) ends then.
    pub(crate) fn expires(&self, certificate: &'static str, not_after: i64) {
        let gauge = self.expiry.get_or_create(&CertificateLabel { certificate });
        gauge.set(not_after);
    }

    /// Whether `kubectl sax webhook pause` was run.
    pub(crate) fn paused(&self, paused: bool) {
        self.paused.set(paused.into());
    }

    /// A look failed.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    /// This replica took a step.
    pub(crate) fn stepped(&self, step: &'static str) {
        self.steps.get_or_create(&StepLabel { step }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;

    #[test]
    fn every_series_is_in_the_text_under_its_name() {
        let mut registry = Registry::with_prefix("sax_webhook");
        let metrics = CertificateMetrics::register(&mut registry);
        metrics.serves(7);
        metrics.failed();
        metrics.stepped("new_leaf");
        metrics.paused(true);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "sax_webhook_certificate_expiry_timestamp_seconds{certificate=\"leaf\"} 7",
            "sax_webhook_certificate_exchanges_total 1",
            "sax_webhook_certificate_failures_total 1",
            "sax_webhook_registration_paused 1",
            "sax_webhook_certificate_steps_total{step=\"new_leaf\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
    }
}
