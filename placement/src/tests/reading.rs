//! Objects are read tolerantly, and never with a panic.

use serde_json::{Value, json};

use super::make::{node_json, pod_json};
use crate::{Claim, Job, Node, Owner, Pod, ReadError};

#[test]
fn a_wrong_type_is_an_error_that_names_the_field() {
    let cases = [
        ("/spec/nodeName", json!(4), "a string"),
        ("/spec/priority", json!("high"), "a whole number of 32 bits"),
        ("/spec/containers", json!({}), "a list"),
        ("/spec/tolerations", json!("all"), "a list"),
        ("/spec/nodeSelector", json!({"x": 1}), "a map of strings"),
        (
            "/metadata/creationTimestamp",
            json!("yesterday"),
            "a time in RFC 3339",
        ),
    ];
    for (path, value, expected) in cases {
        let mut pod = pod_json("x", "x", &json!({}));
        let (parent, field) = path.rsplit_once('/').expect("a pointer");
        pod.pointer_mut(parent).expect("it is there")[field] = value;
        let error = Pod::read(&pod).expect_err(path);
        let wrong = ReadError::WrongType {
            path: path.to_owned(),
            expected,
        };
        assert_eq!(error, wrong);
    }
}

#[test]
fn nothing_that_is_no_object_makes_a_panic() {
    let odd = [
        Value::Null,
        json!([]),
        json!(""),
        json!(1),
        json!({}),
        json!({"metadata": []}),
        json!({"metadata": {"name": "x", "uid": "y"}, "spec": [], "status": 7}),
        json!({"kind": "JobSet", "metadata": {"name": "x", "uid": "y", "annotations": "z"},
            "spec": {"replicatedJobs": [null, 4, {"replicas": -1}]}}),
    ];
    for object in &odd {
        let results = [
            Node::read(object).err(),
            Pod::read(object).err(),
            Job::read(object).err(),
            Owner::read(object).err(),
            Claim::read(object).err(),
        ];
        assert!(results.iter().any(Option::is_some), "{object}");
    }
}

#[test]
fn any_field_that_is_taken_away_or_spoilt_makes_no_panic() {
    for whole in [
        node_json("n", "p"),
        pod_json("p", "u", &json!({"labels": {"a": "b"}})),
    ] {
        let mut paths = Vec::new();
        collect(&whole, &mut String::new(), &mut paths);
        for path in paths {
            for value in [
                Value::Null,
                json!(-1),
                json!("?"),
                json!([[]]),
                json!({"a": {}}),
            ] {
                let mut object = whole.clone();
                *object.pointer_mut(&path).expect("it is there") = value;
                drop((Node::read(&object), Pod::read(&object), Job::read(&object)));
            }
        }
    }
}

fn collect(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.replace('/', "~1"), value))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let mut below = format!("{path}/{key}");
        paths.push(below.clone());
        collect(child, &mut below, paths);
    }
}

#[test]
fn a_foreign_strategy_makes_a_pod_plain() {
    for (strategy, exclusive) in [
        (None, true),
        (Some("kubectl-sax.dev"), true),
        (Some("true"), false),
    ] {
        let annotations = json!({
            crate::EXCLUSIVE_TOPOLOGY: "x",
            crate::NODE_SELECTOR_STRATEGY: strategy,
        });
        let pod = Pod::read(&pod_json("x", "x", &json!({"annotations": annotations})));
        assert_eq!(
            pod.expect("a Pod").exclusive.is_some(),
            exclusive,
            "{strategy:?}"
        );
    }
}

#[test]
fn a_jobset_counts_its_slices() {
    let slices = |env: Value, annotated: bool| {
        let annotation = json!({"alpha.jobset.sigs.k8s.io/exclusive-topology": "x"});
        let jobset = json!({
            "kind": "JobSet",
            "metadata": {"name": "x", "uid": "y", "annotations": annotated.then_some(annotation)},
            "spec": {"replicatedJobs": [
                {"name": "tpu", "replicas": 3,
                    "template": {"spec": {"template": {"spec": {"containers": [{"env": env}]}}}}},
                {"name": "cpu", "replicas": 5},
            ]},
        });
        Owner::read(&jobset).expect("a JobSet").slices
    };
    assert_eq!(
        slices(
            json!([{"name": "MEGASCALE_NUM_SLICES", "value": "3"}]),
            true
        ),
        3
    );
    assert_eq!(
        slices(
            json!([{"name": "MEGASCALE_NUM_SLICES", "valueFrom": {}}]),
            true
        ),
        3
    );
    assert_eq!(
        slices(json!([{"name": "MEGASCALE_NUM_SLICES", "value": ""}]), true),
        0
    );
    assert_eq!(slices(json!([]), true), 0);
    assert_eq!(
        slices(
            json!([{"name": "MEGASCALE_NUM_SLICES", "value": "3"}]),
            false
        ),
        0
    );
}
