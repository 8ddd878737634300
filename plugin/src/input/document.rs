//! From a source's bytes to objects.

use serde_json::{Map, Value};

use super::split::{self, Chunk};
use super::{DocumentFault, Input, Manifest, Place, Unusable, value};

/// Reads a source's text into `input`.
pub(super) fn read(source: &str, bytes: &[u8], input: &mut Input) {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let fault = not_utf8(source, bytes, error.valid_up_to());
            return input.unusable.push(fault);
        }
    };
    let mut reader = Reader {
        source,
        input,
        found: false,
    };
    reader.stream(text);
    if !reader.found {
        input.notes.push(format!("{source}: holds no object"));
    }
}

/// The one object of a source that is no manifest.
pub(super) fn only_object(source: &str, bytes: &[u8]) -> Result<Map<String, Value>, Unusable> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| not_utf8(source, bytes, error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let chunks = split::documents(text);
    let unusable = |line, fault| Unusable::Document {
        place: Place {
            source: source.to_owned(),
            document: 0,
            line,
        },
        fault,
    };
    if chunks.len() > 1 {
        let found = chunks.len();
        return Err(unusable(None, DocumentFault::Several { found }));
    }
    match value::from_yaml(text) {
        Ok(Some(Value::Object(object))) => Ok(object),
        Ok(other) => {
            let found = type_name(&other.unwrap_or_default());
            Err(unusable(Some(1), DocumentFault::Fields { found }))
        }
        Err(error) => Err(unusable(error.line, DocumentFault::Syntax(error.message))),
    }
}

struct Reader<'a> {
    source: &'a str,
    input: &'a mut Input,
    /// Anything that isn't empty?
    found: bool,
}

impl Reader<'_> {
    /// JSON where it is JSON, YAML otherwise: `{a: b}` is YAML too.
    fn stream(&mut self, text: &str) {
        if text.trim_start().starts_with('{') {
            let (values, error) = value::from_json(text);
            if error.is_none() {
                for (document, (line, value)) in values.into_iter().enumerate() {
                    self.document(self.place(document, line), value);
                }
                return;
            }
        }
        for (document, chunk) in split::documents(text).into_iter().enumerate() {
            self.chunk(document, chunk);
        }
    }

    fn chunk(&mut self, document: usize, chunk: Chunk<'_>) {
        match value::from_yaml(chunk.text) {
            Ok(Some(value)) => self.document(self.place(document, content_line(chunk)), value),
            Ok(None) => {}
            Err(error) => {
                let line = error.line.map(|line| chunk.first_line + line - 1);
                let place = Place {
                    line: line.or(Some(content_line(chunk))),
                    ..self.place(document, 1)
                };
                self.unusable(place, DocumentFault::Syntax(error.message));
            }
        }
    }

    /// An object, or the items of a List.
    fn document(&mut self, place: Place, value: Value) {
        self.found = true;
        let mut object = match value {
            Value::Object(object) => object,
            other => {
                let found = type_name(&other);
                return self.unusable(place, DocumentFault::NotAnObject { found });
            }
        };
        if let Err(fault) = check_type(&object) {
            return self.unusable(place, fault);
        }
        match list_items(&mut object) {
            Some((items, kind)) => {
                for item in items {
                    self.document(place.clone(), typed_item(item, &kind, &object));
                }
            }
            None => self.input.manifests.push(Manifest {
                place,
                object: Value::Object(object),
            }),
        }
    }

    fn unusable(&mut self, place: Place, fault: DocumentFault) {
        self.found = true;
        self.input
            .unusable
            .push(Unusable::Document { place, fault });
    }

    fn place(&self, document: usize, line: usize) -> Place {
        Place {
            source: self.source.to_owned(),
            document,
            line: Some(line),
        }
    }
}

/// Every object has an `apiVersion` and a `kind`, `metadata` is an object, and a List's items are a
/// list.
fn check_type(object: &Map<String, Value>) -> Result<(), DocumentFault> {
    for field in ["apiVersion", "kind"] {
        match object.get(field) {
            Some(Value::String(text)) if !text.is_empty() => {}
            None | Some(Value::Null | Value::String(_)) => {
                return Err(DocumentFault::Missing { field });
            }
            Some(other) => return Err(wrong_type(field, "a string", other)),
        }
    }
    match object.get("metadata") {
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(other) => return Err(wrong_type("metadata", "an object", other)),
    }
    match (object.get("kind"), object.get("items")) {
        (_, None | Some(Value::Null | Value::Array(_))) => Ok(()),
        (Some(Value::String(kind)), Some(other)) if kind == "List" => {
            Err(wrong_type("items", "a list", other))
        }
        // A kind of somebody's own whose name ends like this.
        _ => Ok(()),
    }
}

fn wrong_type(field: &'static str, expected: &'static str, found: &Value) -> DocumentFault {
    DocumentFault::WrongType {
        field,
        expected,
        found: type_name(found),
    }
}

/// The items of a `List`, `PodList` and so on, and the kind that items without one have.
fn list_items(object: &mut Map<String, Value>) -> Option<(Vec<Value>, String)> {
    let kind = object
        .get("kind")?
        .as_str()?
        .strip_suffix("List")?
        .to_owned();
    match object.get_mut("items")? {
        Value::Array(items) => Some((std::mem::take(items), kind)),
        Value::Null => Some((Vec::new(), kind)),
        _ => None,
    }
}

/// An item of a `PodList` is a Pod even where it doesn't say so, as kubectl reads it.
fn typed_item(mut item: Value, kind: &str, list: &Map<String, Value>) -> Value {
    if let (Value::Object(fields), false) = (&mut item, kind.is_empty()) {
        if let (false, Some(version)) = (fields.contains_key("apiVersion"), list.get("apiVersion"))
        {
            fields.insert("apiVersion".to_owned(), version.clone());
        }
        fields
            .entry("kind")
            .or_insert_with(|| Value::String(kind.to_owned()));
    }
    item
}

/// The line of the chunk's first content, past the marker, blank lines and comments.
fn content_line(chunk: Chunk<'_>) -> usize {
    let skipped = chunk.text.lines().take_while(|line| {
        let text = line.trim();
        text.is_empty() || text == "---" || text.starts_with('#') || text.starts_with('%')
    });
    chunk.first_line + skipped.count()
}

fn not_utf8(source: &str, bytes: &[u8], byte: usize) -> Unusable {
    let valid = bytes.get(..byte).unwrap_or_default();
    let text = String::from_utf8_lossy(valid);
    let document = split::documents(&text).len().saturating_sub(1);
    Unusable::Document {
        place: Place {
            source: source.to_owned(),
            document,
            line: Some(1 + text.matches('\n').count()),
        },
        fault: DocumentFault::Utf8 { byte },
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
