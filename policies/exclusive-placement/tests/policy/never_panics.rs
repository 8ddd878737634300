//! Objects that make no sense get findings or none, never a crash, and are settled after a patch.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::support::{OBJECTS, create};

/// Every place in `value`, but for the kind.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    if !["/apiVersion", "/kind", ""].contains(&at) {
        found.push(at.to_owned());
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                pointers(member, &sdk::join(at, key), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                pointers(element, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
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
            let mut places = Vec::new();
            pointers(&object, "", &mut places);
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
