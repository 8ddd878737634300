//! Exclusive groups without a JobSet, by our own annotation: Jobs, StatefulSets, LeaderWorkerSets.

use std::time::Duration;

use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use super::cluster::{Turn, turn};
use super::placed::running_pods;
use super::pools::{Nodes, VMS, list, plain_pod, pool};
use super::waits::event;

const EXCLUSIVE: &str = "kubectl-sax.dev/exclusive-topology";
const POOL: &str = "cloud.google.com/gke-nodepool";

/// The definition of LeaderWorkerSets, as far as we read them; it goes when this does.
struct LeaderWorkerSets<'a> {
    turn: &'a Turn,
}

impl<'a> LeaderWorkerSets<'a> {
    const NAME: &'static str = "leaderworkersets.leaderworkerset.x-k8s.io";
    const ESTABLISHED: Duration = Duration::from_secs(30);

    fn define(turn: &'a Turn) -> Self {
        let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let version = json!({
            "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": any},
        });
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": Self::NAME},
            "spec": {
                "group": "leaderworkerset.x-k8s.io", "scope": "Namespaced", "versions": [version],
                "names": {
                    "kind": "LeaderWorkerSet", "plural": "leaderworkersets",
                    "singular": "leaderworkerset",
                },
            },
        });
        let kubectl = turn.cluster.kubectl();
        kubectl
            .apply(&definition.to_string())
            .expect("must be defined");
        let served = until("LeaderWorkerSets to be served", Self::ESTABLISHED, || {
            let answer = kubectl.try_run(&["get", Self::NAME, "--all-namespaces"])?;
            Ok(match answer.success {
                true => Look::Ready(()),
                false => Look::Waiting(answer.stderr),
            })
        });
        served.unwrap_or_else(|error| panic!("{error:#}"));
        Self { turn }
    }
}

impl Drop for LeaderWorkerSets<'_> {
    fn drop(&mut self) {
        self.turn.kubectl(&["delete", "crd", Self::NAME]);
    }
}

/// A Pod template that asks for all chips of a VM of `set`.
fn template(set: &str, labels: &Value) -> Value {
    let mut spec = plain_pod(set, "any")["spec"].take();
    spec["restartPolicy"].take();
    json!({"metadata": {"labels": labels}, "spec": spec})
}

fn job(set: &str, name: &str) -> Value {
    let mut template = template(set, &json!({}));
    template["spec"]["restartPolicy"] = json!("Never");
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "annotations": {EXCLUSIVE: POOL}},
        "spec": {
            "completionMode": "Indexed", "backoffLimit": 0, "template": template,
            "parallelism": VMS, "completions": VMS,
        },
    })
}

fn stateful_set(set: &str, name: &str) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": name, "annotations": {EXCLUSIVE: POOL}},
        "spec": {
            "replicas": VMS, "podManagementPolicy": "Parallel", "serviceName": name, "selector": {"matchLabels": labels},
            "template": template(set, &labels),
        },
    })
}

/// A set whose workers come when their leader is Ready.
fn leader_worker_set(name: &str) -> Value {
    json!({
        "apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2, "startupPolicy": "LeaderReady", "leaderWorkerTemplate": {"size": VMS},
        },
    })
}

/// A Pod as the set's controller makes it.
fn member(set: &str, owner: &Value, group: usize, worker: usize) -> Value {
    let name = owner["metadata"]["name"].as_str().expect("must be named");
    let key = |last: &str| format!("leaderworkerset.sigs.k8s.io/{last}");
    let pod = match worker {
        0 => format!("{name}-{group}"),
        _ => format!("{name}-{group}-{worker}"),
    };
    let mut pod = plain_pod(set, &pod);
    pod["metadata"]["labels"] = json!({
        key("name"): name, key("group-index"): group.to_string(),
        key("worker-index"): worker.to_string(),
    });
    pod["metadata"]["annotations"] = json!({EXCLUSIVE: POOL, key("size"): VMS.to_string()});
    pod["metadata"]["ownerReferences"] = json!([{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name,
        "uid": owner["metadata"]["uid"], "controller": true,
    }]);
    pod
}

/// Two pools of `set`: the first by name has one usable node, the second can hold two groups, so
/// that only a promise keeps the second one out.
fn a_bad_and_a_large_pool(set: &str) -> Vec<Value> {
    let mut nodes = pool(set, &format!("{set}a"), 2);
    nodes[1]["spec"]["unschedulable"] = json!(true);
    nodes.extend(pool(set, &format!("{set}b"), 4));
    nodes
}

fn apply(namespace: &TempNamespace<'_>, object: &Value) {
    namespace
        .apply(&object.to_string())
        .expect("must be created");
}

/// The first group goes whole to the pool that can hold it, and the second stays out of it until
/// it gets one of its own.
fn assert_whole_and_exclusive(turn: &Turn, set: &str, object: fn(&str, &str) -> Value) {
    let nodes = Nodes::create(turn, a_bad_and_a_large_pool(set));
    let (first, second) = (turn.namespace("first"), turn.namespace("second"));
    apply(&first, &object(set, "a"));
    assert_eq!(
        turn.pools_of(&running_pods(&first, VMS)),
        [format!("{set}b")]
    );
    apply(&second, &object(set, "b"));
    let said = event(&second, "WaitingForDomain");
    assert!(said.contains(&format!("{set}b: taken by")), "{said}");
    nodes.add(pool(set, &format!("{set}c"), 2));
    assert_eq!(
        turn.pools_of(&running_pods(&second, VMS)),
        [format!("{set}c")]
    );
}

#[test]
fn jobs_by_annotation_are_placed_whole_each_on_a_pool_of_its_own() {
    assert_whole_and_exclusive(&turn(), "jobs", job);
}

#[test]
fn stateful_sets_by_annotation_are_placed_whole_each_on_a_pool_of_its_own() {
    assert_whole_and_exclusive(&turn(), "sets", stateful_set);
}

#[test]
fn a_leader_worker_set_that_is_defined_late_has_each_replica_whole_on_a_pool_of_its_own() {
    let turn = turn();
    let mut nodes = a_bad_and_a_large_pool("lws");
    nodes.extend(pool("lws", "lwsc", 2));
    let _nodes = Nodes::create(&turn, nodes);
    let _defined = LeaderWorkerSets::define(&turn);
    let namespace = turn.namespace("lws");
    apply(&namespace, &leader_worker_set("a"));
    let owner = namespace
        .list(LeaderWorkerSets::NAME)
        .expect("must be listed")
        .remove(0);
    let of_worker = |worker| {
        let pods = (0..2).map(|group| member("lws", &owner, group, worker));
        list(pods.collect())
    };
    // The leaders come alone: their pools must hold the workers, too.
    namespace.apply(&of_worker(0)).expect("must be created");
    let leaders = running_pods(&namespace, 2);
    assert_eq!(turn.pools_of(&leaders), ["lwsb", "lwsc"]);
    namespace.apply(&of_worker(1)).expect("must be created");
    let pods = running_pods(&namespace, 2 * VMS);
    for group in ["0", "1"] {
        let label = "leaderworkerset.sigs.k8s.io/group-index";
        let is = |pod: &&Value| pod["metadata"]["labels"][label] == group;
        let members: Vec<Value> = pods.iter().filter(is).cloned().collect();
        assert_eq!(members.len(), VMS);
        assert_eq!(turn.pools_of(&members).len(), 1, "group {group}");
    }
}
