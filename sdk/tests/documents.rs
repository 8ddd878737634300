//! A document says what `serde_json` reads, and knows where everything stands.

use proptest::prelude::*;
use sdk::{Document, Node};
use serde_json::{Value, json};

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let document = Document::from(&value);
        prop_assert_eq!(document.root().value().unwrap_or_default(), value);
    }

    #[test]
    fn every_place_is_found_again_by_its_path(value in any_value()) {
        let document = Document::from(&value);
        check_places(&document.root(), &value)?;
    }

    #[test]
    fn sameness_is_that_of_values(one in any_value(), other in any_value()) {
        let (document, others) = (Document::from(&one), Document::from(&other));
        prop_assert_eq!(document.root().is_same(&others.root()), one == other);
        prop_assert!(document.root().is_same(&Document::from(&reversed(&one)).root()));
    }
}

#[test]
fn what_is_no_json_is_no_document() {
    for text in ["", "{\"a\":1,}", "1 2", "\"\\ud834\"", &"[".repeat(10_000)] {
        assert!(Document::parse(text.to_owned()).is_err(), "{text}");
    }
}

#[test]
fn the_last_element_of_a_name_counts_whatever_else_the_list_holds() {
    let list = json!([{"name": "a", "value": 1}, 7, null, {"name": "a", "value": 2}, {"name": []}]);
    let document = Document::from(&list);
    let last = document.root().last_element("name", "a");
    assert_eq!(
        last.map(|node| node.path().to_owned()).as_deref(),
        Some("/3")
    );
}

/// Each place below `node` stands where `value` has it.
fn check_places(node: &Node<'_>, value: &Value) -> Result<(), TestCaseError> {
    let root = node;
    let mut open = vec![(node.clone(), value)];
    while let Some((node, value)) = open.pop() {
        prop_assert_eq!(&node.value().unwrap_or_default(), value);
        let found = root.find(node.path());
        prop_assert_eq!(found.is_some(), !value.is_null());
        prop_assert!(found.is_none_or(|found| found.path() == node.path()));
        match value {
            Value::Array(elements) => open.extend(node.elements().into_iter().zip(elements)),
            Value::Object(members) => {
                for (key, member) in members {
                    open.push((node.at(key), member));
                }
                let keys = node.entries().into_iter().map(|(key, _)| key.to_owned());
                prop_assert!(keys.eq(members.keys().cloned()));
            }
            Value::String(text) => prop_assert_eq!(node.text(), Some(text.as_str())),
            Value::Number(number) => prop_assert_eq!(node.integer(), number.as_i64()),
            Value::Bool(flag) => prop_assert_eq!(node.boolean(), Some(*flag)),
            Value::Null => prop_assert!(!node.is_present()),
        }
    }
    Ok(())
}

/// The same value, the members of its objects in another order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(reversed).collect(),
        Value::Object(members) => {
            let members = members.iter().rev();
            let members = members.map(|(key, value)| (key.clone(), reversed(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let members = prop::collection::vec((text(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Texts with what has to be escaped, in JSON and in pointers.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,12}",
        "[a-z\"\\\\/~\n\u{1}\u{7f}é𝄞]{0,20}",
        ".{0,30}",
    ]
}
