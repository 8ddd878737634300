//! Where groups go.

use sax_tests::controlplane::pools::Pool;
use sax_tests::controlplane::pools::node_list;
use serde_json::json;

use super::cluster::{jobset, turn, v5e};
use super::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};

#[test]
fn two_slices_run_whole_each_on_a_pool_of_its_own() {
    let turn = turn();
    let namespace = turn.namespace("two");
    namespace
        .apply(&v5e("a", 2).to_string())
        .expect("must be created");
    let pods = running_pods(&namespace, 16);
    assert_each_job_has_a_pool_of_its_own(turn.cluster, &pods, 2);
    for pod in &pods {
        let spec = &pod["spec"];
        assert_eq!(spec["schedulingGates"], json!(null));
        let selector = spec["nodeSelector"].as_object().expect("must be a map");
        let pool = selector["cloud.google.com/gke-nodepool"]
            .as_str()
            .expect("must be text");
        let node = spec["nodeName"].as_str().expect("must be bound");
        assert!(node.starts_with(&format!("{pool}-")), "{node} of {pool}");
        assert_eq!(selector.len(), 3, "{selector:?}");
    }
}

#[test]
fn a_pool_with_a_cordoned_node_is_left_alone() {
    let turn = turn();
    let namespace = turn.namespace("cordoned");
    turn.kubectl(&["cordon", "tpu1-3"]);
    namespace
        .apply(&v5e("a", 1).to_string())
        .expect("must be created");
    let pods = running_pods(&namespace, 8);
    turn.kubectl(&["uncordon", "tpu1-3"]);
    assert_eq!(turn.pools_of(&pods), ["tpu2"]);
}

#[test]
fn a_pool_on_which_another_tpu_pod_runs_is_left_alone() {
    let turn = turn();
    let namespace = turn.namespace("squatted");
    let squatter = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "squatter"},
        "spec": {
            "nodeName": "tpu1-5",
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "nodeSelector": {
                "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                "cloud.google.com/gke-tpu-topology": "4x8",
            },
            "containers": [{
                "name": "a", "image": "a",
                "resources": {"limits": {"google.com/tpu": 4}, "requests": {"google.com/tpu": 4}},
            }],
        },
    });
    namespace
        .apply(&squatter.to_string())
        .expect("must be created");
    running_pods(&namespace, 1);
    let other = turn.namespace("besides");
    other
        .apply(&v5e("a", 1).to_string())
        .expect("must be created");
    assert_eq!(turn.pools_of(&running_pods(&other, 8)), ["tpu2"]);
}

#[test]
fn a_group_waits_for_nodes_that_come_late() {
    let turn = turn();
    let namespace = turn.namespace("late");
    let late = jobset("a", 1, 4, ("tpu-v6e-slice", "4x4"));
    namespace.apply(&late.to_string()).expect("must be created");
    super::waits::event(&namespace, "WaitingForDomain");
    let pool = Pool::tpu("late", "tpu-v6e-slice", "4x4", 4, 4);
    let nodes = node_list(&[pool]).to_string();
    turn.cluster
        .kubectl()
        .run_with(&["create", "-f", "-"], &nodes)
        .expect("must be created");
    assert_eq!(turn.pools_of(&running_pods(&namespace, 4)), ["late"]);
    namespace
        .run(&["delete", "jobset", "a", "--cascade=foreground"])
        .expect("must be deleted");
    turn.kubectl(&[
        "delete",
        "nodes",
        "-l",
        "cloud.google.com/gke-nodepool=late",
    ]);
}
