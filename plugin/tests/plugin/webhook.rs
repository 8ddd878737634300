//! `webhook`, as far as it needs no cluster.

use serde_json::{Value, json};

use crate::recorded::World;
use crate::run::sax;

#[test]
fn the_cluster_gets_everything_in_the_order_of_its_needs() {
    let ended = sax(
        &[
            "webhook",
            "install",
            "--dry-run=client",
            "--image",
            "r/webhook:1",
            "-o",
            "name",
        ],
        "",
    );
    insta::assert_snapshot!("webhook-install-names", ended);
    let yaml = sax(
        &[
            "webhook",
            "install",
            "--dry-run=client",
            "--image",
            "r/webhook:1",
            "-o",
            "yaml",
        ],
        "",
    );
    assert!(yaml.stdout.contains("image: r/webhook:1"), "{yaml}");
}

#[test]
fn an_address_that_no_api_server_takes_is_refused() {
    let install = |url| {
        sax(
            &[
                "webhook",
                "install",
                "--url",
                url,
                "--ca-file",
                "Cargo.toml",
            ],
            "",
        )
    };
    insta::assert_snapshot!("webhook-install-http", install("http://127.0.0.1:1"));
    insta::assert_snapshot!(
        "webhook-install-path",
        install("https://127.0.0.1:1/mutate")
    );
    insta::assert_snapshot!("webhook-install-no-ca", install("https://127.0.0.1:1"));
}

/// The record of a replica, renewed at `renewed`.
fn record(name: &str, renewed: &str, loaded: &Value) -> Value {
    let judge = |name: &str, digit: &str, from: &str| {
        json!({"name": name, "version": "0.1.0",
        "digest": format!("sha256:{}", digit.repeat(64)), "from": from})
    };
    let in_force = json!([
        judge("tpu-shape", "1", "built-in tpu-shape"),
        judge("labels", "2", "ConfigMap labels-22, key policy.wasm"),
    ]);
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {
            "name": format!("sax-webhook-replica-{name}"), "namespace": "kubectl-sax-system",
            "labels": {"kubectl-sax.dev/replica": "true"},
            "annotations": {
                "kubectl-sax.dev/leaf": "ab".repeat(32),
                "kubectl-sax.dev/policies": in_force.to_string(),
                "kubectl-sax.dev/loaded": loaded.to_string(),
            },
        },
        "spec": {"holderIdentity": name, "renewTime": renewed},
    })
}

fn judged() -> World {
    let mut world = World::empty();
    world.register_our_webhook();
    for (name, generation) in [("labels", 4), ("limits", 1)] {
        world.add(json!({
            "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
            "metadata": {"name": name, "generation": generation}, "spec": {},
        }));
    }
    let refused = "settings don't match the schema: at /strict: \"very\" is not a boolean";
    for (name, renewed, loaded) in [
        (
            "well",
            "2999-01-01T00:00:00.000000Z",
            json!({"labels": {"uid": "1", "generation": 4}, "limits": {"uid": "2", "refused": refused}}),
        ),
        (
            "late",
            "@-5h",
            json!({"labels": {"uid": "1", "generation": 3}}),
        ),
    ] {
        world.add(record(name, renewed, &loaded));
    }
    world
}

#[test]
fn status_shows_which_policies_judge_on_which_replica_and_why_one_lags() {
    let api = judged().serve();
    let status = |more: &[&str]| sax(&[&["webhook", "status"], more, &api.flags()].concat(), "");
    let text = status(&[]).stdout;
    let (_, replicas) = text.split_once("replica late").expect("it must be told");
    insta::assert_snapshot!("webhook-status-replicas", replicas);
    let json: Value = serde_json::from_str(&status(&["-o", "json"]).stdout).expect("must be JSON");
    let policies: Vec<_> = json["replicas"]
        .as_array()
        .expect("must be told")
        .iter()
        .map(|replica| json!({"name": replica["name"], "policies": replica["policies"]}))
        .collect();
    let policies = serde_json::to_string_pretty(&policies).expect("it must be JSON");
    insta::assert_snapshot!("webhook-status-replicas-json", policies);
}
