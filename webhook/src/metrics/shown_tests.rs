//! Every series and label that the dashboard and the alerts name is one that `/metrics` has.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

/// What follows a metric's name in its samples.
const SUFFIXES: [&str; 4] = ["_total", "_bucket", "_count", "_sum"];
/// Labels that PromQL, Prometheus and Grafana add.
const FOREIGN: [&str; 2] = ["le", "job"];

fn shown() -> Vec<(&'static str, String)> {
    ["dashboard.json", "alerts.yaml"]
        .map(|name| {
            let path = Path::new("../manifests/monitoring").join(name);
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            (name, std::fs::read_to_string(path).unwrap())
        })
        .into()
}

/// All series, each with a sample.
fn exposed() -> String {
    let metrics = Arc::new(Metrics::new());
    metrics.found("p", "C", "deny");
    metrics.policy_failed("p", "fuel");
    metrics.asked("p", Duration::ZERO);
    metrics.certificates().expires("leaf", 1);
    metrics.placer().acted("release", "done");
    metrics.placer().one_waits();
    metrics.reviewed(Record {
        phase: "mutate",
        kind: "Pod",
        outcome: Outcome::Allowed,
        took: Duration::ZERO,
    });
    metrics.text().unwrap()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// The names after `# TYPE`, and what their samples are called.
fn names(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = types.filter_map(|line| line.split(' ').next());
    let mut all = BTreeSet::new();
    for name in names {
        all.insert(name.to_owned());
        all.extend(SUFFIXES.map(|suffix| format!("{name}{suffix}")));
    }
    all
}

#[test]
fn every_series_that_is_shown_or_alerted_on_exists() {
    let exists = names(&exposed());
    for (file, text) in shown() {
        let named: Vec<_> = words(&text)
            .filter(|word| word.starts_with("sax_webhook_"))
            .collect();
        assert!(named.len() > 8, "{file} names {named:?}");
        for name in named {
            assert!(
                exists.contains(name),
                "{file} names {name}, which /metrics lacks"
            );
        }
    }
}

#[test]
fn every_label_that_is_shown_or_alerted_on_exists() {
    let text = exposed();
    let mut known: BTreeSet<&str> = FOREIGN.into();
    // `{a="b",c="d"}` in samples.
    let labels = text.lines().filter_map(|line| line.split_once('{'));
    for (_, labels) in labels {
        known.extend(
            labels
                .split(',')
                .filter_map(|pair| Some(pair.split_once('=')?.0)),
        );
    }
    for (file, text) in shown() {
        let grouped = text
            .split(" by (")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'));
        let named: Vec<&str> = grouped.flat_map(|(labels, _)| labels.split(", ")).collect();
        assert!(!named.is_empty(), "{file}");
        for label in named {
            assert!(
                known.contains(label),
                "{file} groups by {label}; known are {known:?}"
            );
        }
    }
}
