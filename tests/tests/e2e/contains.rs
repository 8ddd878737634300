//! Whether a stored object still says all that its author said.

use serde_json::Value;

/// Asserts that everything in `authored` stands in `stored` with the same value. Lists are
/// compared item by item, and may have more items at their end; the API server stores the
/// quantity 4 as "4".
pub(crate) fn assert_contains(stored: &Value, authored: &Value) {
    if let Some(difference) = difference(stored, authored, "") {
        panic!("{difference}");
    }
}

fn difference(stored: &Value, authored: &Value, path: &str) -> Option<String> {
    match (stored, authored) {
        (Value::Object(stored), Value::Object(authored)) => {
            authored.iter().find_map(|(key, value)| {
                difference(
                    stored.get(key).unwrap_or(&Value::Null),
                    value,
                    &format!("{path}/{key}"),
                )
            })
        }
        (Value::Array(stored), Value::Array(authored)) => {
            authored.iter().enumerate().find_map(|(index, value)| {
                difference(
                    stored.get(index).unwrap_or(&Value::Null),
                    value,
                    &format!("{path}/{index}"),
                )
            })
        }
        (Value::String(stored), Value::Number(authored)) if *stored == authored.to_string() => None,
        _ if stored == authored => None,
        _ => Some(format!(
            "{path}: the author wrote {authored}, stored is {stored}"
        )),
    }
}

#[test]
fn a_changed_value_is_found_by_its_path() {
    let stored = serde_json::json!({"a": [{"b": "1"}], "more": true});
    assert_eq!(
        difference(&stored, &serde_json::json!({"a": [{"b": 1}]}), ""),
        None
    );
    let text = difference(&stored, &serde_json::json!({"a": [{"b": 2}]}), "");
    assert_eq!(
        text.as_deref(),
        Some("/a/0/b: the author wrote 2, stored is \"1\"")
    );
}
