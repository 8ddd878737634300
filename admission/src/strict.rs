//! JSON as strict as a decision needs it: a member that stands twice is an error, because each
//! reader would believe another one of the two.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::warnings::cut;

/// How deep JSON may nest: the limit of `serde_json`, which keeps the stack safe.
pub const MAX_NESTING: usize = 128;

/// Parses JSON whose objects name each member once and which nests at most [`MAX_NESTING`] deep.
///
/// # Errors
/// The text is not such JSON; the error says where.
pub fn parse_json(json: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(json).map(|Strict(value)| value)
}

/// A value whose objects have each member once.
pub(crate) struct Strict(pub(crate) Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StrictValue.deserialize(deserializer).map(Self)
    }
}

struct StrictValue;

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(StrictValue)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let name = cut(&name);
                return Err(A::Error::custom(format!("member {name:?} stands twice")));
            }
            object.insert(name, members.next_value_seed(StrictValue)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_named() {
        let error = parse_json(br#"{"a": {"b": 1, "b": 2}}"#).unwrap_err();
        assert!(error.to_string().contains(r#"member "b" stands twice"#));
    }

    #[test]
    fn an_error_is_short_however_long_the_member_is() {
        let name = "a".repeat(100_000);
        let error = parse_json(format!(r#"{{"{name}": 1, "{name}": 2}}"#).as_bytes()).unwrap_err();
        assert!(error.to_string().len() < 1_000);
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let deep = "[".repeat(100_000);
        assert!(parse_json(deep.as_bytes()).is_err());
    }

    #[test]
    fn everything_else_is_what_serde_json_reads() {
        let json = r#"{"a":[null,true,-1,18446744073709551615,1.5,"é\n"],"b":{}}"#;
        let expected: Value = serde_json::from_str(json).unwrap();
        assert_eq!(parse_json(json.as_bytes()).unwrap(), expected);
    }
}
