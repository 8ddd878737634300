//! What is shipped: every kustomization builds, the API server takes what comes of it, and the
//! chart makes exactly the same.

use std::path::PathBuf;
use std::process::Command;

use sax_tests::helm;
use sax_tests::kubectl::Answer;
use serde_json::Value;

use crate::shared::cluster;

/// Each kustomization, and the chart's values that mean the same.
const WAYS: [(&str, &[&str]); 3] = [
    ("base", &[]),
    ("gke", &["--set", "gke=true"]),
    ("cert-manager", &["--set", "certManager=true"]),
];
/// Our Helm is built without a version of Kubernetes, and so takes it for an old one.
const VERSION: [&str; 2] = ["--kube-version", "1.36.0"];
/// Groups of kinds that a cluster has only with other products.
const FOREIGN: [&str; 2] = ["cert-manager.io/", "monitoring.coreos.com/"];

fn manifests(name: &str) -> PathBuf {
    xtask::workspace_root().join("manifests").join(name)
}

fn kustomized(name: &str) -> Vec<Value> {
    let folder = manifests(name).to_string_lossy().into_owned();
    let text = cluster("shipped")
        .kubectl()
        .run(&["kustomize", &folder])
        .unwrap();
    documents(&text)
}

fn chart(values: &[&str]) -> Vec<Value> {
    let program = helm::program(&xtask::workspace_root()).unwrap();
    let mut helm = Command::new(program);
    let folder = manifests("chart");
    helm.arg("template")
        .arg("sax-webhook")
        .arg(folder)
        .args(VERSION)
        .args(values);
    let answer = Answer::of(&helm.output().unwrap());
    assert!(answer.success, "{answer:?}");
    documents(&answer.stdout)
}

/// By kind and name, so that no order matters.
fn documents(text: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let mut all: Vec<Value> = all.into_iter().filter(Value::is_object).collect();
    sort(&mut all);
    all
}

fn sort(all: &mut [Value]) {
    all.sort_by_key(|object| format!("{} {}", object["kind"], object["metadata"]["name"]));
}

fn is_foreign(object: &Value) -> bool {
    let version = object["apiVersion"].as_str().unwrap();
    FOREIGN.iter().any(|group| version.starts_with(group))
}

/// Object by object, so that a difference is told in the one that has it.
fn assert_same(name: &str, one: &[Value], other: &[Value]) {
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other, "{name}");
    }
    assert_eq!(one.len(), other.len(), "{name}");
}

#[test]
fn the_chart_makes_exactly_what_the_kustomizations_make() {
    for (name, values) in WAYS {
        assert_same(name, &kustomized(name), &chart(values));
    }
    let mut monitored = kustomized("base");
    monitored.extend(kustomized("monitoring"));
    sort(&mut monitored);
    assert_same(
        "monitoring",
        &monitored,
        &chart(&["--set", "monitoring=true"]),
    );
}

#[test]
fn the_api_server_takes_all_of_it() {
    let kubectl = cluster("shipped").kubectl();
    // What lies in a namespace is checked only where the namespace is.
    let namespace = manifests("base").join("namespace.yaml");
    kubectl
        .run(&["apply", "-f", &namespace.to_string_lossy()])
        .unwrap();
    for name in [
        "base",
        "gke",
        "cert-manager",
        "monitoring",
        "restart-stranded",
    ] {
        for object in kustomized(name).iter().filter(|object| !is_foreign(object)) {
            let words = [
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "-f",
                "-",
            ];
            let answer = kubectl.try_run_with(&words, &object.to_string()).unwrap();
            assert!(answer.success, "{name}: {object}: {answer:?}");
        }
    }
}

#[test]
fn the_charts_values_change_what_they_name_and_wrong_ones_are_refused() {
    let deployment = |values: &[&str]| {
        let all = chart(values);
        all.into_iter()
            .find(|object| object["kind"] == "Deployment")
            .unwrap()
    };
    let plain = deployment(&[]);
    let changed = deployment(&[
        "--set",
        "image=r/w:1",
        "--set",
        "replicas=3",
        "--set",
        "extraArgs={--queue=9}",
    ]);
    assert_eq!(plain["spec"]["replicas"], 2);
    assert_eq!(changed["spec"]["replicas"], 3);
    let container = &changed["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "r/w:1");
    assert_eq!(
        container["args"].as_array().unwrap().last().unwrap(),
        "--queue=9"
    );
    let program = helm::program(&xtask::workspace_root()).unwrap();
    let mut helm = Command::new(program);
    helm.arg("template")
        .arg(manifests("chart"))
        .args(VERSION)
        .args(["--set", "replica=3"]);
    let answer = Answer::of(&helm.output().unwrap());
    assert!(
        !answer.success && answer.stderr.contains("replica"),
        "{answer:?}"
    );
}

#[test]
fn a_pod_of_ours_may_do_nothing_on_its_node() {
    let all = kustomized("base");
    let deployment = all
        .iter()
        .find(|object| object["kind"] == "Deployment")
        .unwrap();
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(
        pod["securityContext"]["seccompProfile"]["type"],
        "RuntimeDefault"
    );
    for container in pod["containers"].as_array().unwrap() {
        let security = &container["securityContext"];
        assert_eq!(security["readOnlyRootFilesystem"], true);
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["capabilities"]["drop"], serde_json::json!(["ALL"]));
        assert_eq!(security["capabilities"].get("add"), None);
        assert!(container["resources"]["requests"]["memory"].is_string());
    }
    assert!(deployment["spec"]["replicas"].as_u64().unwrap() >= 2);
}
