//! kubectl's dialect of JSONPath: a text with paths in braces, and loops.

use serde_json::Value;

use super::evaluate::{Step, evaluate, parse_path, plain};

/// A template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonPath(Vec<Part>);

/// What one is made of.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// As it is.
    Text(String),
    /// The values at a path, with blanks between them.
    Path(Vec<Step>),
    /// The same for each value at a path.
    Range(Vec<Step>, Vec<Part>),
}

impl JsonPath {
    /// Reads a template.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text };
        let parts = parser.parts(false)?;
        Ok(Self(parts))
    }

    /// What it makes of a value.
    pub(super) fn text(&self, value: &Value) -> String {
        let mut text = String::new();
        print(&self.0, value, value, &mut text);
        text
    }

    /// The values at all of its paths, as a JSON list.
    pub(super) fn json(&self, value: &Value) -> String {
        let mut found = Vec::new();
        collect(&self.0, value, value, &mut found);
        crate::render::pretty_json(&found)
    }
}

fn print(parts: &[Part], root: &Value, current: &Value, text: &mut String) {
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Path(steps) => {
                let found = evaluate(steps, root, current);
                let found: Vec<_> = found.into_iter().map(plain).collect();
                text.push_str(&found.join(" "));
            }
            Part::Range(steps, inner) => {
                for item in items(steps, root, current) {
                    print(inner, root, item, text);
                }
            }
        }
    }
}

fn collect<'a>(parts: &[Part], root: &'a Value, current: &'a Value, found: &mut Vec<&'a Value>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Path(steps) => found.extend(evaluate(steps, root, current)),
            Part::Range(steps, inner) => {
                for item in items(steps, root, current) {
                    collect(inner, root, item, found);
                }
            }
        }
    }
}

/// What a loop goes over: a list that is the one value of its path stands for its items.
fn items<'a>(steps: &[Step], root: &'a Value, current: &'a Value) -> Vec<&'a Value> {
    let found = evaluate(steps, root, current);
    match found.as_slice() {
        [Value::Array(items)] => items.iter().collect(),
        _ => found,
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    /// Parts up to the end, or up to the end of the loop that they are in.
    fn parts(&mut self, looping: bool) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        loop {
            let Some(open) = self.rest.find('{') else {
                if looping {
                    return Err("{range} without {end}".to_owned());
                }
                push_text(&mut parts, self.rest);
                return Ok(parts);
            };
            push_text(&mut parts, &self.rest[..open]);
            let close = close(&self.rest[open..]).ok_or("a { without its }")? + open;
            let action = self.rest[open + 1..close].trim();
            self.rest = &self.rest[close + 1..];
            match action.split_once(char::is_whitespace) {
                _ if action == "end" && looping => return Ok(parts),
                _ if action == "end" => return Err("{end} without {range}".to_owned()),
                Some(("range", path)) => {
                    let steps = parse_path(path.trim())?;
                    parts.push(Part::Range(steps, self.parts(true)?));
                }
                _ => parts.extend(action_parts(action)?),
            }
        }
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

/// The brace that closes the one at the beginning, past those in quotes.
fn close(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (index, letter) in text.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '}') => return Some(index),
            _ => {}
        }
    }
    None
}

/// A text in quotes, or a path.
fn action_parts(action: &str) -> Result<Option<Part>, String> {
    if action.is_empty() {
        return Ok(None);
    }
    let quote = action
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    match quote {
        Some(quote) => {
            let inner = action.get(1..).and_then(|rest| rest.strip_suffix(quote));
            let inner = inner.ok_or_else(|| format!("{action}: a quote without its end"))?;
            Ok(Some(Part::Text(unescape(inner))))
        }
        None => parse_path(action).map(Part::Path).map(Some),
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => plain.push(match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            (letter, false) => plain.push(letter),
        }
    }
    plain
}
