//! Objects that make no sense get findings or none, never a crash, and are settled after a patch.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::support::{OBJECTS, create};

/// Every place in `value`, but for the kind.
fn places(object: &Value) -> Vec<String> {
    let mut places = sdk::testing::pointers(object);
    places.retain(|place| !["/apiVersion", "/kind"].contains(&place.as_str()));
    places
}

fn any_value() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(""),
        json!("kubectl-sax.dev"),
        json!("é…"),
        json!("Parallel"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"name": "kubectl-sax.dev/placement"}),
        json!({"alpha.jobset.sigs.k8s.io/exclusive-topology": "a"}),
        json!({"kubectl-sax.dev/exclusive-topology": null}),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_values_anywhere_never_panic_and_settle(
        object in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any_value()), 1..5),
    ) {
        let (_, object) = object.get(&OBJECTS);
        let mut object = object.clone();
        for (place, value) in changes {
            let places = places(&object);
            let path: &String = place.get(&places);
            if let Some(target) = object.pointer_mut(path) {
                *target = value;
            }
        }
        let (findings, completed) = create(&object);
        for finding in &findings {
            prop_assert!(finding.path.is_empty() || finding.path.starts_with('/'));
            prop_assert!(!finding.message.is_empty() && !finding.fix.is_empty());
        }
        let (_, again) = create(&completed);
        prop_assert_eq!(completed, again);
    }
}
