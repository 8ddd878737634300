//! Each rule of feasibility, and the message that a user reads when it isn't met.

use serde_json::{Value, json};

use super::make::{POOL, job, member, node_json, pod_json};
use crate::{EXCLUSIVE_TOPOLOGY, Node, Pod, Settings, TightestFit, Time, View, decide};

/// What becomes of a group of one Pod in a cluster of one pool of one node: `None` if it gets
/// the pool, else what is said of it. `node` and `pod` are merged into the objects.
fn told(node: &Value, pod: &Value) -> Option<String> {
    let mut view = View::default();
    let mut one = node_json("a-0", "a");
    merge(&mut one, node);
    view.put_node(Node::read(&one).expect("a node"));
    let owner = job("train", "j1", 1, None);
    view.put_job(owner.clone());
    let metadata = json!({
        "annotations": {EXCLUSIVE_TOPOLOGY: POOL},
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "train",
            "uid": "j1", "controller": true}],
    });
    let mut gated = pod_json("train-0-x", "p1", &metadata);
    merge(&mut gated, pod);
    view.put_pod(Pod::read(&gated).expect("a Pod"));
    let decision = decide(&view, Time(0), &Settings::default(), &TightestFit);
    let report = &decision.groups[0];
    match decision.actions.is_empty() {
        false => None,
        true => Some(report.rejected.iter().map(ToString::to_string).collect()),
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn affinity(requirement: &Value) -> Value {
    let terms = json!([{"matchExpressions": [requirement]}]);
    let required = json!({"nodeSelectorTerms": terms});
    json!({"spec": {"affinity": {"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": required}}}})
}

/// `None` or the end of the message, after what all have in common.
fn check(cases: &[(&str, Value, Value, Option<&str>)]) {
    for (rule, node, pod, expected) in cases {
        let expected = expected.map(|why| format!("a: 0 of 1 Pods fit on its 1 nodes; {why}"));
        assert_eq!(told(node, pod), expected, "{rule}");
    }
}

#[test]
fn conditions_and_taints_keep_groups_away() {
    let no = Value::Null;
    let taint = |key: &str, effect: &str| json!({"spec": {"taints": [{"key": key, "value": "v", "effect": effect}]}});
    let tolerate = |toleration: Value| json!({"spec": {"tolerations": [toleration]}});
    let untold = json!({"status": {"conditions": []}});
    check(&[
        ("a good node", json!({}), json!({}), None),
        (
            "NotReady",
            json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}}),
            json!({}),
            Some("node a-0 is not Ready"),
        ),
        (
            "no word of Ready",
            untold,
            json!({}),
            Some("node a-0 is not Ready"),
        ),
        (
            "cordoned",
            json!({"spec": {"unschedulable": true}}),
            json!({}),
            Some("node a-0 is cordoned"),
        ),
        (
            "being deleted",
            json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
            json!({}),
            Some("node a-0 is cordoned"),
        ),
        (
            "a taint",
            taint("k", "NoSchedule"),
            json!({}),
            Some("node a-0 is tainted k=v:NoSchedule, which the Pods don't tolerate"),
        ),
        (
            "a taint that evicts",
            taint("k", "NoExecute"),
            json!({}),
            Some("node a-0 is tainted k=v:NoExecute, which the Pods don't tolerate"),
        ),
        (
            "a taint that only asks",
            taint("k", "PreferNoSchedule"),
            json!({}),
            None,
        ),
        (
            "tolerated by key",
            taint("k", "NoSchedule"),
            tolerate(json!({"key": "k", "operator": "Exists"})),
            None,
        ),
        (
            "tolerated by value",
            taint("k", "NoSchedule"),
            tolerate(json!({"key": "k", "value": "v", "effect": "NoSchedule"})),
            None,
        ),
        (
            "another value",
            taint("k", "NoSchedule"),
            tolerate(json!({"key": "k", "value": "w"})),
            Some("node a-0 is tainted k=v:NoSchedule, which the Pods don't tolerate"),
        ),
        (
            "another effect",
            taint("k", "NoSchedule"),
            tolerate(json!({"key": "k", "operator": "Exists", "effect": "NoExecute"})),
            Some("node a-0 is tainted k=v:NoSchedule, which the Pods don't tolerate"),
        ),
        (
            "everything tolerated",
            taint("k", "NoExecute"),
            tolerate(json!({"operator": "Exists"})),
            None,
        ),
        (
            "null is absent",
            json!({"spec": {"taints": no}}),
            json!({}),
            None,
        ),
    ]);
}

#[test]
fn selectors_and_affinity_keep_groups_away() {
    let node = || json!({"metadata": {"labels": {"n": "5", "x": "y"}}});
    let mismatch = Some("the Pods' required node affinity doesn't match node a-0");
    let asks = |key: &str, operator: &str, values: Value| {
        affinity(&json!({"key": key, "operator": operator, "values": values}))
    };
    let select = |value: &str| json!({"spec": {"nodeSelector": {"x": value}}});
    check(&[
        ("a selector that matches", node(), select("y"), None),
        (
            "another value",
            node(),
            select("z"),
            Some("the Pods select x=z, node a-0 has \"y\""),
        ),
        (
            "no such label",
            json!({}),
            select("z"),
            Some("the Pods select x=z, node a-0 has no such label"),
        ),
        ("In", node(), asks("x", "In", json!(["a", "y"])), None),
        ("In, not", node(), asks("x", "In", json!(["a"])), mismatch),
        ("NotIn", node(), asks("x", "NotIn", json!(["a"])), None),
        (
            "NotIn, no such label",
            node(),
            asks("q", "NotIn", json!(["a"])),
            None,
        ),
        (
            "NotIn, not",
            node(),
            asks("x", "NotIn", json!(["y"])),
            mismatch,
        ),
        ("Exists", node(), asks("x", "Exists", Value::Null), None),
        (
            "Exists, not",
            node(),
            asks("q", "Exists", Value::Null),
            mismatch,
        ),
        (
            "DoesNotExist",
            node(),
            asks("q", "DoesNotExist", Value::Null),
            None,
        ),
        (
            "DoesNotExist, not",
            node(),
            asks("x", "DoesNotExist", Value::Null),
            mismatch,
        ),
        ("Gt", node(), asks("n", "Gt", json!(["4"])), None),
        ("Gt, equal", node(), asks("n", "Gt", json!(["5"])), mismatch),
        ("Lt", node(), asks("n", "Lt", json!(["6"])), None),
        (
            "Lt, no number",
            node(),
            asks("x", "Lt", json!(["6"])),
            mismatch,
        ),
        (
            "an operator of tomorrow",
            node(),
            asks("x", "Like", json!(["y"])),
            mismatch,
        ),
        (
            "a term without requirements",
            node(),
            json!({"spec": {"affinity": {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}}}}}),
            mismatch,
        ),
    ]);
}

#[test]
fn what_a_node_lacks_keeps_groups_away() {
    let has = |name: &str, amount: &str| json!({"status": {"allocatable": {name: amount}}});
    let asks = |requests: Value| {
        json!({"spec": {"containers": [{"name": "main",
        "resources": {"requests": requests, "limits": {"google.com/tpu": "4"}}}]}})
    };
    check(&[
        (
            "chips",
            has("google.com/tpu", "3"),
            json!({}),
            Some("3 of 4 TPU chips free on node a-0"),
        ),
        (
            "cpu",
            has("cpu", "1500m"),
            asks(json!({"cpu": "2"})),
            Some("1500m of 2000m CPU free on node a-0"),
        ),
        (
            "memory",
            has("memory", "1Gi"),
            asks(json!({"memory": "1.5Gi"})),
            Some("1024Mi of 1536Mi memory free on node a-0"),
        ),
        (
            "just enough",
            has("memory", "1536Mi"),
            asks(json!({"memory": "1.5Gi"})),
            None,
        ),
        (
            "Pods",
            has("pods", "0"),
            json!({}),
            Some("the limit of 0 Pods is reached on node a-0"),
        ),
        (
            "an init container counts at its moment",
            has("cpu", "3"),
            json!({"spec": {
            "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "4"}}}]}}),
            Some("3000m of 4000m CPU free on node a-0"),
        ),
        (
            "the overhead counts",
            has("cpu", "3"),
            json!({"spec": {"overhead": {"cpu": "3001m"}}}),
            Some("3000m of 3001m CPU free on node a-0"),
        ),
    ]);
}

#[test]
fn a_node_without_the_key_belongs_to_no_domain() {
    let mut view = View::default();
    let mut one = node_json("a-0", "a");
    one["metadata"]["labels"] = json!({"kubernetes.io/hostname": "a-0"});
    view.put_node(Node::read(&one).expect("a node"));
    let owner = job("train", "j1", 1, None);
    view.put_job(owner.clone());
    view.put_pod(member(&owner, 0, "p1"));
    let decision = decide(&view, Time(0), &Settings::default(), &TightestFit);
    assert!(decision.actions.is_empty() && decision.groups[0].rejected.is_empty());
}

#[test]
fn a_port_in_use_keeps_groups_away_and_equal_pods_apart() {
    let port = |name: &str, gated: bool| {
        let mut pod = pod_json(name, name, &json!({}));
        pod["spec"]["containers"][0]["ports"] = json!([{"containerPort": 8471, "hostPort": 8471}]);
        pod["spec"]["containers"][0]["resources"] = json!({});
        if !gated {
            pod["spec"]["schedulingGates"] = Value::Null;
            pod["spec"]["nodeName"] = json!("a-0");
        }
        pod
    };
    let mut view = View::default();
    for name in ["a-0", "a-1"] {
        view.put_node(Node::read(&node_json(name, "a")).expect("a node"));
    }
    let owner = job("train", "j1", 2, None);
    view.put_job(owner.clone());
    for index in 0..2 {
        let mut pod = member(&owner, index, &format!("p{index}"));
        pod.constraints.host_ports = Pod::read(&port("x", true))
            .expect("a Pod")
            .constraints
            .host_ports;
        pod.requests.chips = 1;
        view.put_pod(pod);
    }
    let look = |view: &View| decide(view, Time(0), &Settings::default(), &TightestFit);
    assert_eq!(look(&view).actions.len(), 1, "one on each node");
    view.put_pod(Pod::read(&port("other", false)).expect("a Pod"));
    let decision = look(&view);
    let told: Vec<String> = decision.groups[0]
        .rejected
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        ["a: 1 of 2 Pods fit on its 2 nodes; host port 8471 is in use on node a-0"]
    );
}
