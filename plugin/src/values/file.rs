//! Values from a file: YAML or JSON, one document of keys that are the flags' names.
//!
//! Each value is read by the parser of its flag, so that the two can't differ; which keys there
//! are and of which type is said by the schema that we publish.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};
use serde_json::{Map, Value};

use super::Values;
use crate::input::{self, Unusable};
use crate::suggest;

/// The JSON Schema of a values file.
pub(crate) const SCHEMA: &str = include_str!("schema.json");

/// The one value that is an argument and no flag.
const NAME: &str = "name";

/// Why a file is no values file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValuesError {
    /// It can't be read, or holds something else than one object.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// A key that doesn't exist.
    #[error("{}: there is no value {key:?}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// As written.
        key: String,
        /// A key that looks like it.
        nearest: Option<String>,
    },
    /// A value of another type.
    #[error("{}: {key} must be {expected}, found {found}", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The schema's word.
        expected: String,
        /// As JSON.
        found: String,
    },
    /// A value that its flag doesn't take either.
    #[error("{}: {key} {found}: {reason}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// As JSON.
        found: String,
        /// Why.
        reason: String,
    },
    /// Two ways to say one thing.
    #[error("{}: slice and accelerator: a slice names its accelerator", path.display())]
    SliceAndAccelerator {
        /// The file.
        path: PathBuf,
    },
}

/// One value as its flag.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Flag {
    #[command(flatten)]
    values: Values,
}

impl ValuesError {
    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        match self {
            Self::Unusable(_) | Self::Value { .. } => None,
            Self::UnknownKey {
                nearest: Some(key), ..
            } => Some(format!("write {key}")),
            Self::UnknownKey { .. } => {
                Some("`kubectl sax init --schema` has all of them".to_owned())
            }
            Self::Type { key, expected, .. } => Some(format!("give {key} {expected}")),
            Self::SliceAndAccelerator { .. } => Some("leave out accelerator".to_owned()),
        }
    }
}

/// Reads a values file.
pub(crate) fn read(path: &Path) -> Result<Values, ValuesError> {
    let mut object = input::only_object(path)?;
    object.retain(|_, value| !value.is_null());
    for (key, value) in &object {
        check_type(path, key, value)?;
    }
    if object.contains_key("slice") && object.contains_key("accelerator") {
        let path = path.to_owned();
        return Err(ValuesError::SliceAndAccelerator { path });
    }
    of_object(path, &object)
}

/// Each value as its flag, alone first so that an error names its key.
fn of_object(path: &Path, object: &Map<String, Value>) -> Result<Values, ValuesError> {
    let mut words = Vec::new();
    for (key, value) in object.iter().filter(|(key, _)| *key != NAME) {
        let word = format!("--{}={}", kebab(key), text(value));
        let value_error = |error| ValuesError::Value {
            path: path.to_owned(),
            key: key.clone(),
            found: value.to_string(),
            reason: reason(&error),
        };
        Flag::try_parse_from([&word]).map_err(value_error)?;
        words.push(word);
    }
    let all = Flag::try_parse_from(words).expect("what its flags take alone they must take");
    Ok(Values {
        name: object.get(NAME).map(text),
        ..all.values
    })
}

/// `hbmHeadroom` is `--hbm-headroom`.
fn kebab(key: &str) -> String {
    let mut flag = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(letter.to_ascii_lowercase());
    }
    flag
}

/// What the flag's parser says, without the flag.
fn reason(error: &clap::Error) -> String {
    if let Some(cause) = std::error::Error::source(error) {
        return cause.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) => format!("must be one of {}", valid.join(", ")),
        _ => "isn't a value that its flag takes".to_owned(),
    }
}

fn check_type(path: &Path, key: &str, value: &Value) -> Result<(), ValuesError> {
    let properties = properties();
    let Some(property) = properties.get(key) else {
        let known = properties.keys().map(String::as_str);
        return Err(ValuesError::UnknownKey {
            path: path.to_owned(),
            key: key.to_owned(),
            nearest: suggest::nearest(key, known).map(str::to_owned),
        });
    };
    let types = types(property);
    if types.iter().any(|known| is_of_type(value, known)) {
        return Ok(());
    }
    Err(ValuesError::Type {
        path: path.to_owned(),
        key: key.to_owned(),
        expected: types.join(" or "),
        found: value.to_string(),
    })
}

/// The schema's properties.
fn properties() -> &'static Map<String, Value> {
    static PROPERTIES: OnceLock<Map<String, Value>> = OnceLock::new();
    PROPERTIES.get_or_init(|| {
        let schema: Value = serde_json::from_str(SCHEMA).expect("our own schema must be JSON");
        let properties = schema["properties"].as_object();
        properties
            .expect("our own schema must have properties")
            .clone()
    })
}

fn types(property: &Value) -> Vec<String> {
    let types = match &property["type"] {
        Value::Array(types) => types.as_slice(),
        one => std::slice::from_ref(one),
    };
    let words = types.iter().filter_map(Value::as_str);
    words
        .map(|word| {
            if word == "integer" {
                "an integer"
            } else {
                "a string"
            }
            .to_owned()
        })
        .collect()
}

fn is_of_type(value: &Value, known: &str) -> bool {
    match known {
        "an integer" => value.is_i64() || value.is_u64(),
        _ => value.is_string(),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
