//! What is missing is filled in, and what is there stays.

use serde_json::{Value, json};

use crate::contains::assert_contains;
use crate::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};
use crate::shared::{admitted, both_pools, fixture, temporary, tutorial};

#[test]
fn the_tutorials_manifest_is_allowed_and_nothing_that_it_says_is_changed() {
    let [_, _, manifest] = tutorial();
    let stored = created(&manifest);
    let authored: Value = serde_saphyr::from_str(&manifest).expect("the fixture must parse");
    assert_contains(&stored, &authored);
    let env = &stored["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]["containers"]
        [0]["env"];
    let slices = env
        .as_array()
        .and_then(|env| env.iter().find(|one| one["name"] == "MEGASCALE_NUM_SLICES"));
    assert!(
        slices.is_some_and(|one| one.get("value").is_none_or(|value| value == "")),
        "{env:#}"
    );
}

#[test]
fn the_slice_annotation_alone_brings_back_all_that_the_tutorial_writes_by_hand() {
    let _turn = both_pools();
    let namespace = temporary(admitted(), "short");
    namespace
        .apply(&fixture("demo/short.yaml"))
        .expect("the short manifest must be accepted");
    let pods = running_pods(&namespace, 16);
    assert_each_job_has_a_pool_of_its_own(admitted(), &pods, 2);
    let stored = &namespace
        .list("jobsets")
        .expect("the JobSet must be listed")[0];
    let pod = &stored["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"];
    assert_contains(
        pod,
        &json!({
            "hostNetwork": true,
            "dnsPolicy": "ClusterFirstWithHostNet",
            "nodeSelector": {
                "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                "cloud.google.com/gke-tpu-topology": "4x8",
            },
        }),
    );
    let container = &pod["containers"][0];
    let ports = container["ports"]
        .as_array()
        .expect("the container must have ports");
    assert!(
        ports.iter().any(|port| port["containerPort"] == 8471),
        "{ports:?}"
    );
    let env = container["env"]
        .as_array()
        .expect("the container must have variables");
    assert!(
        env.iter().any(|one| one["name"] == "MEGASCALE_NUM_SLICES"),
        "{env:?}"
    );
}

/// The object as a server-side dry run would store it.
fn created(manifest: &str) -> Value {
    let namespace = temporary(admitted(), "created");
    let arguments = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
    let text = namespace
        .run_with(&arguments, manifest)
        .expect("the manifest must be accepted");
    serde_json::from_str(&text).expect("kubectl must print JSON")
}
