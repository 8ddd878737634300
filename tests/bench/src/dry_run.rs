//! What a dry-run create of a Pod costs more with the webhook than without, in a real API server,
//! beside what a webhook costs that is registered in the same way and only parses.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use runtime::{Engine, EngineOptions, load_builtin};
use sax_tests::controlplane::pools::default_pools;
use sax_tests::controlplane::{Cluster, down, webhook};
use sax_tests::product::Product;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};
use xtask::workspace_root;

use crate::api::Api;
use crate::row::{Quantity, Row};
use crate::sample::Sample;
use crate::subject::completed_pod;
use crate::webhook::Folders;

/// Times what a webhook costs that does nothing.
const TIMES: f64 = 1.2;
/// The three ways take turns, so that a busy machine slows down all of them.
const ROUNDS: usize = 4;
const CREATES: usize = 200;
/// The API server looks at its webhooks about once a second.
const DEADLINE: Duration = Duration::from_secs(30);
const CONFIGURATIONS: &str = "mutatingwebhookconfigurations,validatingwebhookconfigurations";

/// A cluster that ends with this value.
struct Running(Cluster);

/// Who answers the API server's reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Nobody,
    Us,
    AtOnce,
}

/// The Pods that are created: one that everybody lets in, and one that only we refuse.
struct Subjects {
    complete: Value,
    refused: Value,
}

/// Measures creates of complete 2 KB Pods.
pub(crate) fn measure(product: &Product) -> Result<Vec<Row>> {
    let name = format!("bench-{}", std::process::id());
    let cluster = Running(Cluster::up(&workspace_root(), &name, &default_pools())?);
    let Running(cluster) = &cluster;
    webhook::install(cluster, product, &[])?;
    let tls = cluster.folder().join("webhook");
    let ours = std::fs::read_to_string(tls.join("address")).context("read the address")?;
    let folders = Folders::new()?;
    let parser = folders.start_parser_with(&tls)?;
    let installed = configurations(cluster)?;
    let at_once = installed.replace(ours.trim(), parser.address());
    ensure!(at_once != installed, "no webhook is registered at {ours}");
    let api = Api::of_cluster(cluster.kubectl().kubeconfig())?;
    let subjects = subjects()?;
    let mut samples = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (answers, times) in [Answers::Nobody, Answers::Us, Answers::AtOnce]
            .into_iter()
            .zip(&mut samples)
        {
            let configurations = match answers {
                Answers::Nobody => None,
                Answers::Us => Some(&installed),
                Answers::AtOnce => Some(&at_once),
            };
            register(cluster, configurations)?;
            wait_for(answers, &api, &subjects.refused)?;
            times.extend(creates(&api, &subjects.complete)?);
        }
    }
    Ok(vec![row(samples.map(Sample::from))])
}

fn row([nobody, us, at_once]: [Sample; 3]) -> Row {
    let more = |sample: &Sample| (sample.p50().as_secs_f64() - nobody.p50().as_secs_f64()) * 1e3;
    let what = "what a dry-run create costs more, as a multiple of a webhook that only parses";
    let share = Quantity::Times(more(&us) / more(&at_once));
    Row::of("dry-run", what, Quantity::Times(TIMES), share).noting(format!(
        "medians of {} creates of a complete 2 KB Pod: without a webhook {:.2} ms, ours {:+.2} ms, one \
         that only parses {:+.2} ms; both are called to mutate and to validate",
        us.count(),
        nobody.p50().as_secs_f64() * 1e3,
        more(&us),
        more(&at_once),
    ))
}

fn creates(api: &Api, pod: &Value) -> Result<Vec<Duration>> {
    let create = || {
        let start = Instant::now();
        let status = api.create_pod(pod)?;
        ensure!(status == 201, "a complete Pod is answered with {status}");
        Ok(start.elapsed())
    };
    (0..CREATES).map(|_| create()).collect()
}

/// Waits until the API server asks whom it should: only we refuse the Pod.
fn wait_for(answers: Answers, api: &Api, refused: &Value) -> Result<()> {
    let expected = if answers == Answers::Us { 403 } else { 201 };
    until("the API server to take its webhooks", DEADLINE, || {
        Ok(match api.create_pod(refused)? {
            status if status == expected => Look::Ready(()),
            status => Look::Waiting(format!("it answers with {status}")),
        })
    })?;
    // Each of the API server's two lists of webhooks is read by itself.
    until("the API server to take both lists", DEADLINE, {
        let start = Instant::now();
        move || {
            Ok(match start.elapsed() > Duration::from_millis(1_500) {
                true => Look::Ready(()),
                false => Look::Waiting("it may have one of them".to_owned()),
            })
        }
    })
}

/// Our configurations as they can be applied again.
fn configurations(cluster: &Cluster) -> Result<String> {
    let mut items = cluster.kubectl().list(&[CONFIGURATIONS])?;
    items.retain(|item| name_of(item).contains("kubectl-sax"));
    for item in &mut items {
        let name = name_of(item).to_owned();
        item["metadata"] = json!({"name": name});
    }
    ensure!(!items.is_empty(), "no webhook of ours is registered");
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())
}

fn name_of(item: &Value) -> &str {
    item.pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn register(cluster: &Cluster, configurations: Option<&String>) -> Result<()> {
    let kubectl = cluster.kubectl();
    let Some(configurations) = configurations else {
        let present: Value = serde_json::from_str(&self::configurations(cluster)?)?;
        let delete = ["delete", "--wait=true", "-f", "-"];
        return kubectl.run_with(&delete, &present.to_string()).map(drop);
    };
    let present = kubectl.list(&[CONFIGURATIONS])?;
    let is_ours = |item: &Value| name_of(item).contains("kubectl-sax");
    let verb = if present.iter().any(is_ours) {
        "replace"
    } else {
        "create"
    };
    kubectl
        .run_with(&[verb, "-f", "-"], configurations)
        .map(drop)
}

fn subjects() -> Result<Subjects> {
    let policies = load_builtin(&Engine::new(&EngineOptions::default())?)?;
    let mut complete = completed_pod(&policies)?;
    let spec = complete.pointer_mut("/spec").and_then(Value::as_object_mut);
    let spec = spec.context("the Pod has no spec")?;
    // The account of the tutorial is not in this cluster.
    spec.remove("serviceAccountName");
    spec.remove("serviceAccount");
    let mut refused = complete.clone();
    let topology = refused.pointer_mut("/spec/nodeSelector/cloud.google.com~1gke-tpu-topology");
    *topology.context("the Pod has no topology")? = json!("3x3");
    Ok(Subjects { complete, refused })
}

impl Drop for Running {
    fn drop(&mut self) {
        let Self(cluster) = self;
        if let Err(error) = down(&workspace_root(), cluster.name()) {
            xtask::progress::say(&format!(
                "cluster {} is left over: {error:#}",
                cluster.name()
            ));
        }
    }
}
