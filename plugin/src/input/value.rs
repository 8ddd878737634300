//! Reading one document into a JSON value, strictly: no key twice, nothing without bounds.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DefaultMessageFormatter, DuplicateKeyPolicy, MessageFormatter, Options};

/// How deep objects may be nested. Kubernetes' own types stay below 30, custom resources with
/// embedded schemas below 100; a deeper one is an attack or an accident.
pub(super) const MAX_DEPTH: usize = 120;
/// How many nodes one document may have once its aliases are expanded.
const MAX_NODES: usize = 500_000;
/// How many nodes aliases may repeat.
const MAX_REPEATED: usize = 200_000;

/// What is said of a line with the braces that template languages use.
const TEMPLATE: &str = " (a template? render it first: helm template . | kubectl sax lint -f -)";

/// Why a text is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// What is wrong.
    pub(super) message: String,
    /// Where, counted from 1 within the text; `None` where the parser doesn't say.
    pub(super) line: Option<usize>,
}

/// The value of a YAML document; `None` for an empty one.
pub(super) fn from_yaml(text: &str) -> Result<Option<Value>, SyntaxError> {
    let parsed: Result<Strict, _> = serde_saphyr::from_str_with_options(text, options());
    match parsed {
        Ok(Strict(Value::Null)) => Ok(None),
        Ok(Strict(value)) => Ok(Some(value)),
        Err(error) => Err(yaml_error(text, &error)),
    }
}

/// The values of a stream of JSON texts, each with the line it begins on, up to the first error.
pub(super) fn from_json(text: &str) -> (Vec<(usize, Value)>, Option<SyntaxError>) {
    let mut values = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Strict>();
    loop {
        let start = stream.byte_offset();
        match stream.next() {
            None => return (values, None),
            Some(Ok(Strict(value))) => values.push((line_at(text, start), value)),
            Some(Err(error)) => {
                let error = SyntaxError {
                    message: error.to_string(),
                    line: Some(error.line()),
                };
                return (values, Some(error));
            }
        }
    }
}

/// The options under which kubectl's reading of YAML (version 1.1: `on` is true, `010` is eight)
/// and ours agree, within bounds.
fn options() -> Options {
    let mut options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    options.alias_limits.max_total_replayed_events = MAX_REPEATED;
    options
}

fn yaml_error(text: &str, error: &serde_saphyr::Error) -> SyntaxError {
    let error = error.without_snippet();
    let line = error
        .location()
        .and_then(|at| usize::try_from(at.line()).ok())
        .filter(|line| *line > 0);
    let content = line.and_then(|line| text.lines().nth(line - 1));
    let hint = match content {
        Some(content) if content.contains("{{") => TEMPLATE,
        _ => "",
    };
    SyntaxError {
        message: explain(error) + hint,
        line,
    }
}

/// What is wrong, in words for who wrote the document; the parser's own where they are.
fn explain(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("duplicate key {key:?}"),
        Error::DuplicateMappingKey { key: None, .. } => "duplicate key".to_owned(),
        Error::Budget { breach, .. } => explain_breach(breach),
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            format!("its aliases repeat more than the limit of {MAX_REPEATED} values")
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias stands inside of what it repeats".to_owned()
        }
        Error::UnknownAnchor { .. } => "an alias of an anchor that isn't there".to_owned(),
        Error::NonFiniteFloat { value, .. } => format!("{value} is no JSON number"),
        other => DefaultMessageFormatter.format_message(other).into_owned(),
    }
}

fn explain_breach(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => {
            format!("nested deeper than the limit of {MAX_DEPTH} levels")
        }
        BudgetBreach::Nodes { .. } => format!("more than the limit of {MAX_NODES} values"),
        BudgetBreach::MergeKeys { merge_keys } => {
            format!("{merge_keys} merge keys (<<), more than the limit")
        }
        other => format!("larger than the limits of a manifest: {other:?}"),
    }
}

/// The line of the first character that isn't blank at or after this offset.
fn line_at(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start().len();
    let before = text.get(..offset + blanks).unwrap_or(text);
    1 + before.matches('\n').count()
}

/// A JSON value whose objects have no key twice: `serde_json::Value` would keep the last.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom(format!("{value} is no JSON number")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key {key:?}")));
            }
            let Strict(value) = members.next_value()?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::on_large_stack;
    use super::{from_json, from_yaml};

    #[test]
    fn yaml_is_read_as_kubectl_reads_it() {
        let text = "a: on\nb: 010\nc: \"4\"\nd: 4x8\ne: ~\nf: ''\ng: 1e3\n8: h\n";
        let read = from_yaml(text).expect("must parse");
        assert_eq!(
            read,
            Some(
                json!({"a": true, "b": 8, "c": "4", "d": "4x8", "e": null, "f": "", "g": 1000.0, "8": "h"})
            )
        );
    }

    #[test]
    fn anchors_and_merge_keys_work() {
        let text = "base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\nsame: *b\n";
        let read = from_yaml(text).expect("must parse");
        assert_eq!(
            read,
            Some(
                json!({"base": {"x": 1, "y": 2}, "more": {"y": 3, "x": 1}, "same": {"x": 1, "y": 2}})
            )
        );
    }

    #[test]
    fn a_duplicate_key_is_an_error_with_its_line() {
        let error = from_yaml("a: 1\nb: 2\na: 3\n").expect_err("must fail");
        assert_eq!(error.line, Some(3));
        assert!(error.message.contains("duplicate"), "{}", error.message);
        let (values, error) = from_json("{\"a\": 1,\n\"a\": 2}");
        assert!(values.is_empty());
        let error = error.expect("must fail");
        assert!(
            error.message.contains("duplicate key \"a\""),
            "{}",
            error.message
        );
    }

    #[test]
    fn a_billion_laughs_end_soon() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", "));
        }
        assert!(from_yaml(&text).is_err());
    }

    #[test]
    fn ten_thousand_levels_are_an_error_and_not_a_crash() {
        let flow = "[".repeat(10_000) + &"]".repeat(10_000);
        let lists = "- ".repeat(10_000) + "x";
        let block: String = (0..1_000).map(|level| " ".repeat(level) + "a:\n").collect();
        on_large_stack(|| {
            assert!(from_json(&flow).1.is_some());
            for text in [&flow, &lists, &block] {
                assert!(from_yaml(text).is_err());
            }
        });
    }

    #[test]
    fn json_texts_follow_each_other() {
        let (values, error) = from_json("{\"a\": 1}\n\n{\"b\": 2}\n");
        assert_eq!(values, [(1, json!({"a": 1})), (3, json!({"b": 2}))]);
        assert_eq!(error, None);
    }
}
