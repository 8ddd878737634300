//! Objects that make no sense get findings or none, never a crash.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::tutorial::{JobSet, findings};

/// Every kind that the policy reads, with the tutorial's Pod template.
fn objects() -> Vec<Value> {
    let jobset = JobSet::tutorial().object;
    let job = jobset["spec"]["replicatedJobs"][0]["template"]["spec"].clone();
    let template = job["template"].clone();
    let object = |api: &str, kind: &str, spec: Value| json!({"apiVersion": api, "kind": kind, "metadata": {"name": "some"}, "spec": spec});
    let replicas = json!({"replicas": 8, "template": template});
    vec![
        object("v1", "Pod", template["spec"].clone()),
        object("batch/v1", "Job", job),
        object("apps/v1", "Deployment", replicas.clone()),
        object("apps/v1", "StatefulSet", replicas),
        object(
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            json!({"leaderWorkerTemplate": {
                "size": 8,
                "leaderTemplate": template,
                "workerTemplate": template,
            }}),
        ),
        jobset,
    ]
}

/// Every place in `value`, but for the kind.
fn places(object: &Value) -> Vec<String> {
    let mut places = sdk::testing::pointers(object);
    places.retain(|place| !["/apiVersion", "/kind"].contains(&place.as_str()));
    places
}

fn any_value() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "",
        "4",
        "-1",
        "4x8",
        "8x4",
        "x",
        "tpu7x",
        "v5e:4x8",
        "Always",
        "é…",
        "9e999",
        "In",
        "InPlaceRestart",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-9i64..9).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((".{0,4}", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_values_anywhere_never_panic(
        kind in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any_value()), 1..5),
    ) {
        let objects = objects();
        let mut object = kind.get(&objects).clone();
        for (place, value) in changes {
            let places = places(&object);
            let path: &String = place.get(&places);
            if let Some(target) = object.pointer_mut(path) {
                *target = value;
            }
        }
        for finding in findings(&object) {
            prop_assert!(finding.path.is_empty() || finding.path.starts_with('/'));
            prop_assert!(!finding.message.is_empty() && !finding.fix.is_empty());
        }
    }
}
