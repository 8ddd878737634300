//! JSON as Python's `json.dumps(value, indent=4)` writes it.

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// The text: four spaces for each level, and nothing but ASCII.
pub(super) fn dumps(value: &Value) -> String {
    let mut bytes = Vec::new();
    let format = PrettyFormatter::with_indent(b"    ");
    let mut serializer = Serializer::with_formatter(&mut bytes, format);
    // A `Value` can be written, and to memory.
    drop(value.serialize(&mut serializer));
    let text = String::from_utf8_lossy(&bytes);
    text.chars().map(escaped).collect()
}

fn escaped(character: char) -> String {
    if character.is_ascii() {
        return character.to_string();
    }
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units).iter();
    units.map(|unit| format!("\\u{unit:04x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::dumps;
    use serde_json::json;

    #[test]
    fn it_looks_like_pythons() {
        let value = json!({"a": [["é𝄞", -1.25]], "b": null});
        let expected = "{\n    \"a\": [\n        [\n            \"\\u00e9\\ud834\\udd1e\",\n            \
                        -1.25\n        ]\n    ],\n    \"b\": null\n}";
        assert_eq!(dumps(&value), expected);
    }
}
