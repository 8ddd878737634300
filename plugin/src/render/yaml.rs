//! YAML that Kubernetes' YAML 1.1 reader reads as what it was.

use serde::Serialize;
use serde_json::Value;

/// One document.
pub(crate) fn yaml(value: &Value) -> String {
    to_yaml(value)
}

/// One document of anything that is made of JSON values.
pub(super) fn to_yaml(value: &impl Serialize) -> String {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: true,
        prefer_block_scalars: true,
    };
    serde_saphyr::to_string_with_options(value, options).expect("a JSON value must be YAML")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::yaml;

    #[test]
    fn words_that_yaml_takes_for_other_types_are_quoted() {
        for text in [
            "4",
            "010",
            "on",
            "no",
            "null",
            "~",
            "",
            "1e3",
            "0x10",
            "a: b",
            "- a",
            "=",
            "12:30:45",
            "2001-01-01",
            "1_000",
            "y",
        ] {
            let written = yaml(&json!({"a": text}));
            assert!(written.contains(['"', '\'']), "{text}: {written}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~\n\té]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zA-Z0-9./ ~-]{0,12}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in values()) {
            let written = yaml(&value);
            let read: Value = serde_saphyr::from_str(&written).expect("must be YAML");
            prop_assert_eq!(read, value, "{}", written);
        }
    }
}
