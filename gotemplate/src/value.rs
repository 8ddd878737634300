//! What a template computes with: JSON as kubectl decodes it, and what functions make of it.

use std::ops::Deref;
use std::rc::Rc;

use serde_json::{Map, Value as Json};

#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// Nothing at all, as the value of a key that isn't there. Its fields are nothing, too.
    Missing,
    /// JSON's null where Go holds it in an `interface {}`. It has no fields.
    Nil,
    Bool(bool),
    /// Go's `int`: of the template.
    Int(i64),
    /// Go's `int64`: of the data.
    Int64(i64),
    /// Go's `uint8`: an item of a text.
    Byte(u8),
    Float(f64),
    Text(Text<'a>),
    List(&'a [Json]),
    Map(&'a Map<String, Json>),
}

/// Bytes, which may be no UTF-8.
#[derive(Debug, Clone)]
pub(crate) enum Text<'a> {
    Borrowed(&'a [u8]),
    Owned(Rc<[u8]>),
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl<'a> Value<'a> {
    /// As kubectl decodes it: whole numbers that fit are `int64`.
    pub(crate) fn of(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int64(whole),
                None => Self::Float(number.as_f64().unwrap_or(f64::INFINITY)),
            },
            Json::String(text) => Self::Text(Text::Borrowed(text.as_bytes())),
            Json::Array(items) => Self::List(items),
            Json::Object(members) => Self::Map(members),
        }
    }

    /// A text that was made.
    pub(crate) fn text(bytes: Vec<u8>) -> Self {
        Self::Text(Text::Owned(bytes.into()))
    }

    /// At the end of a pipeline Go looks into an `interface {}`, and finds nothing in null.
    pub(crate) fn looked_into(self) -> Self {
        match self {
            Self::Nil => Self::Missing,
            value => value,
        }
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Missing | Self::Nil)
    }

    /// Go's idea of truth: nothing that is zero or empty.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Byte(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(members) => !members.is_empty(),
        }
    }

    /// A whole number of whichever type.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self {
            Self::Int(value) | Self::Int64(value) => Some(*value),
            Self::Byte(value) => Some((*value).into()),
            _ => None,
        }
    }

    /// Go's type.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Missing | Self::Nil => "nil",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
        }
    }

    /// How many steps it takes to look at it.
    pub(crate) fn weight(&self) -> u64 {
        let size = match self {
            Self::Text(text) => text.len() / 16,
            Self::Map(members) => members.len(),
            _ => 0,
        };
        1 + size as u64
    }
}

/// Members in the order of their keys, as Go has them.
pub(crate) fn sorted(members: &Map<String, Json>) -> Vec<(&String, &Json)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    sorted
}
