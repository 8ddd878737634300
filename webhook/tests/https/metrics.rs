//! Claims about what `/metrics` counts.

use std::collections::BTreeMap;

use crate::client::Client;
use crate::process::Webhook;
use crate::reviews::{incomplete_jobset, wrong_jobset};

/// Reviews of each kind.
const WRONG: u64 = 3;
const RIGHT: u64 = 4;

/// All samples, by name with labels.
fn samples(text: &str) -> BTreeMap<&str, u64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let whole = lines.filter_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name, value.parse().ok()?))
    });
    whole.collect()
}

/// Those of one series, by what follows its name.
fn of<'a>(samples: &BTreeMap<&'a str, u64>, series: &str) -> BTreeMap<&'a str, u64> {
    let all = samples.iter();
    all.filter_map(|(name, value)| Some((name.strip_prefix(series)?, *value)))
        .collect()
}

#[tokio::test]
async fn findings_and_calls_are_counted_by_policy_and_code_as_the_answers_say() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    let mut told = BTreeMap::<String, u64>::new();
    for at in 0..WRONG + RIGHT {
        let review = match at < WRONG {
            true => wrong_jobset("u", "x"),
            false => incomplete_jobset("u"),
        };
        let response = client.post("/mutate?timeout=5s", review.to_string());
        let response = response.await.review();
        assert_eq!(response["allowed"], at >= WRONG);
        let causes = response["status"]["details"]["causes"].as_array();
        for cause in causes.into_iter().flatten() {
            let code = cause["reason"].as_str().unwrap().to_owned();
            *told.entry(code).or_default() += 1;
        }
    }
    let text = client.get("/metrics").await;
    let samples = samples(&text);
    assert!(!told.is_empty());
    for (code, count) in &told {
        let denied = of(&samples, "sax_webhook_findings_total");
        let of_code = denied.iter().filter(|(labels, _)| {
            labels.contains(&format!("code=\"{code}\"")) && labels.contains("severity=\"deny\"")
        });
        assert_eq!(
            of_code.map(|(_, count)| count).sum::<u64>(),
            *count,
            "{code}"
        );
    }
    let reviews = of(&samples, "sax_webhook_reviews_total");
    let ended = |outcome: &str| {
        let labels = format!("{{phase=\"mutate\",kind=\"JobSet\",outcome=\"{outcome}\"}}");
        reviews.get(labels.as_str()).copied()
    };
    assert_eq!(
        (ended("denied"), ended("patched")),
        (Some(WRONG), Some(RIGHT))
    );
    // A review that is patched goes through all policies twice, a wrong one at least once.
    let calls = of(&samples, "sax_webhook_policy_duration_seconds_count");
    for policy in ["tpu-defaults", "tpu-shape", "sax-serving"] {
        let labels = format!("{{policy=\"{policy}\"}}");
        let calls = calls[labels.as_str()];
        assert!(
            (2 * RIGHT + WRONG..=2 * (RIGHT + WRONG)).contains(&calls),
            "{policy}: {calls}"
        );
    }
}

#[tokio::test]
async fn buckets_tell_calls_apart_that_differ_by_ten_microseconds() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    let review = wrong_jobset("u", "x").to_string();
    client.post("/mutate?timeout=5s", review).await.review();
    let text = client.get("/metrics").await;
    let samples = samples(&text);
    for (series, label) in [
        (
            "sax_webhook_review_duration_seconds_bucket",
            "phase=\"mutate\"",
        ),
        (
            "sax_webhook_policy_duration_seconds_bucket",
            "policy=\"tpu-shape\"",
        ),
    ] {
        let buckets = of(&samples, series);
        let bounds = buckets.keys().filter(|labels| labels.contains(label));
        let bounds = bounds.filter_map(|labels| labels.split_once("le=\"")?.1.split_once('"'));
        let bounds = bounds.filter_map(|(bound, _)| bound.parse().ok());
        let mut bounds: Vec<f64> = bounds.filter(|bound: &f64| bound.is_finite()).collect();
        bounds.sort_by(f64::total_cmp);
        let finest: Vec<f64> = bounds.iter().take(3).map(|bound| bound * 1e6).collect();
        let near = |(found, wanted): (&f64, f64)| (found - wanted).abs() < 1e-6;
        let is_fine = finest.iter().zip([10.0, 20.0, 30.0]).all(near);
        assert!(finest.len() == 3 && is_fine, "{series}: {finest:?} µs");
        let all = buckets.iter().filter(|(labels, _)| labels.contains(label));
        let (counts, last) = (all.clone().map(|(_, count)| *count).max(), "le=\"+Inf\"");
        let everything = all
            .filter(|(labels, _)| labels.contains(last))
            .map(|(_, count)| *count);
        assert_eq!(everything.max(), counts, "{series}");
    }
}
