//! Reading the API server's JSON: what is absent or null is absent, a wrong type is an error.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::time::Time;

/// Why an object can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A field that every such object has isn't there.
    #[error("{path} is missing")]
    Missing {
        /// RFC 6901 pointer, from the object or, inside a list, from the item.
        path: String,
    },
    /// A field holds something else than it may.
    #[error("{path} is not {expected}")]
    WrongType {
        /// As above.
        path: String,
        /// Such as `a list`.
        expected: &'static str,
    },
    /// A Lease with our label whose annotation is no claim.
    #[error("Lease {name} carries no claim that can be read: {error}")]
    Claim {
        /// The Lease.
        name: String,
        /// What the JSON reader says.
        error: String,
    },
}

/// What every object has.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    pub(crate) created: Time,
    pub(crate) deleting: bool,
    pub(crate) controller: Option<Controller>,
}

/// The owner that controls an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Such as `batch/v1`.
    pub api_version: String,
    /// Such as `Job`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

pub(crate) fn meta(object: &Value) -> Result<Meta, ReadError> {
    let required = |path: &str| {
        let found = text(object, path)?.ok_or_else(|| ReadError::Missing {
            path: path.to_owned(),
        });
        found.map(str::to_owned)
    };
    Ok(Meta {
        namespace: text_or(object, "/metadata/namespace", "")?,
        name: required("/metadata/name")?,
        uid: required("/metadata/uid")?,
        resource_version: text_or(object, "/metadata/resourceVersion", "")?,
        created: time(object, "/metadata/creationTimestamp")?,
        deleting: present(object, "/metadata/deletionTimestamp").is_some(),
        controller: controller(object)?,
    })
}

fn controller(object: &Value) -> Result<Option<Controller>, ReadError> {
    for owner in list(object, "/metadata/ownerReferences")? {
        if flag(owner, "/controller")? {
            return Ok(Some(Controller {
                api_version: text_or(owner, "/apiVersion", "")?,
                kind: text_or(owner, "/kind", "")?,
                name: text_or(owner, "/name", "")?,
                uid: text_or(owner, "/uid", "")?,
            }));
        }
    }
    Ok(None)
}

/// The value at `path`; null is absent.
pub(crate) fn present<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    object.pointer(path).filter(|value| !value.is_null())
}

fn typed<'a, T>(
    object: &'a Value,
    path: &str,
    expected: &'static str,
    cast: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, ReadError> {
    let wrong = || ReadError::WrongType {
        path: path.to_owned(),
        expected,
    };
    present(object, path)
        .map(|value| cast(value).ok_or_else(wrong))
        .transpose()
}

pub(crate) fn text<'a>(object: &'a Value, path: &str) -> Result<Option<&'a str>, ReadError> {
    typed(object, path, "a string", Value::as_str)
}

pub(crate) fn text_or(object: &Value, path: &str, default: &str) -> Result<String, ReadError> {
    Ok(text(object, path)?.unwrap_or(default).to_owned())
}

pub(crate) fn flag(object: &Value, path: &str) -> Result<bool, ReadError> {
    Ok(typed(object, path, "a boolean", Value::as_bool)?.unwrap_or(false))
}

/// A whole number that is not negative.
pub(crate) fn count(object: &Value, path: &str) -> Result<Option<u32>, ReadError> {
    let cast = |value: &Value| u32::try_from(value.as_i64()?).ok();
    typed(object, path, "a whole number from 0 to 4294967295", cast)
}

pub(crate) fn integer(object: &Value, path: &str) -> Result<Option<i32>, ReadError> {
    let cast = |value: &Value| i32::try_from(value.as_i64()?).ok();
    typed(object, path, "a whole number of 32 bits", cast)
}

/// The time at `path`; the epoch where there is none.
pub(crate) fn time(object: &Value, path: &str) -> Result<Time, ReadError> {
    let cast = |value: &Value| Time::parse(value.as_str()?);
    Ok(typed(object, path, "a time in RFC 3339", cast)?.unwrap_or_default())
}

pub(crate) fn list<'a>(object: &'a Value, path: &str) -> Result<&'a [Value], ReadError> {
    let found = typed(object, path, "a list", Value::as_array)?;
    Ok(found.map_or(&[], Vec::as_slice))
}

pub(crate) fn map<'a>(
    object: &'a Value,
    path: &str,
) -> Result<Option<&'a Map<String, Value>>, ReadError> {
    typed(object, path, "an object", Value::as_object)
}

/// A map of strings, such as labels.
pub(crate) fn texts(object: &Value, path: &str) -> Result<BTreeMap<String, String>, ReadError> {
    let wrong = || ReadError::WrongType {
        path: path.to_owned(),
        expected: "a map of strings",
    };
    let entries = map(object, path)?.into_iter().flatten();
    let entries = entries.filter(|(_, value)| !value.is_null());
    let read = |(key, value): (&String, &Value)| {
        let value = value.as_str().ok_or_else(wrong)?;
        Ok((key.clone(), value.to_owned()))
    };
    entries.map(read).collect()
}

/// A list of strings.
pub(crate) fn strings(object: &Value, path: &str) -> Result<Vec<String>, ReadError> {
    let wrong = || ReadError::WrongType {
        path: path.to_owned(),
        expected: "a list of strings",
    };
    let read = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
    list(object, path)?.iter().map(read).collect()
}

pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/labels")?.get(key)?.as_str()
}
