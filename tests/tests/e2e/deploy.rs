//! `kubectl sax deploy`: from a model to model servers.

mod ended;
mod piped;
mod replaced;
mod session;

use std::collections::BTreeMap;

use sax_tests::namespace::TempNamespace;
use serde_json::Value;

use crate::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};
use crate::shared::{admitted, both_pools, product};
use session::Deployment;

/// The tutorial's model on its two slices.
const TUTORIAL: [&str; 8] = [
    "--model",
    "lm_cloud.LmCloudSpmd175B32Test",
    "--slice",
    "v5e:4x8",
    "--replicas",
    "2",
    "--timeout",
    "60s",
];

#[test]
fn the_tutorials_model_is_served_by_sixteen_pods_with_each_job_on_a_pool_of_its_own() {
    let _turn = both_pools();
    let deployment = Deployment::in_new_namespace(admitted(), "deploy");
    let answer = deployment.deploy(&[&TUTORIAL[..], &["--wait"]].concat());
    assert!(answer.success, "{}", answer.stderr);
    let pods = running_pods(&deployment.namespace, 18);
    assert_each_job_has_a_pool_of_its_own(admitted(), &pods, 2);
}

#[test]
fn a_second_deploy_changes_nothing() {
    let _turn = both_pools();
    let deployment = Deployment::in_new_namespace(admitted(), "deploy-again");
    let generations = || {
        let answer = deployment.deploy(&TUTORIAL);
        assert!(answer.success, "{}", answer.stderr);
        generations(&deployment.namespace)
    };
    let first = generations();
    assert_eq!(first.len(), 3, "{first:?}");
    assert_eq!(generations(), first);
}

#[test]
fn a_dry_run_on_the_server_leaves_nothing_behind() {
    let deployment = Deployment::in_new_namespace(admitted(), "deploy-dry");
    let answer = deployment.deploy(&[&TUTORIAL[..], &["--dry-run=server"]].concat());
    assert!(answer.success, "{}", answer.stderr);
    assert!(generations(&deployment.namespace).is_empty());
}

#[test]
fn kubectl_finds_the_plugin() {
    let folder = product().plugin.parent().expect("a program has a folder");
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&inherited));
    let path = std::env::join_paths(folders).expect("the folders must make a PATH");
    let output = std::process::Command::new(admitted().kubectl().program())
        .args(["sax", "explain", "TPU007"])
        .env("PATH", path)
        .output()
        .expect("kubectl must run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("TPU007"));
}

/// The generation of what a deployment starts. Status doesn't count, the spec does.
fn generations(namespace: &TempNamespace<'_>) -> BTreeMap<String, Option<i64>> {
    let objects = namespace
        .list("jobsets,deployments")
        .expect("the objects must be listed");
    let name = |object: &Value| format!("{}/{}", object["kind"], object["metadata"]["name"]);
    objects
        .iter()
        .map(|object| (name(object), object["metadata"]["generation"].as_i64()))
        .collect()
}
