//! A place in the object under review: typed, null-safe reads that know where they are.

use std::fmt;

use serde_json::{Map, Value};

use crate::patch::nest;
use crate::pointer::{join, unescape};
use crate::verdict::{Finding, Severity, WRONG_TYPE, WrongTypes};

/// A place in a JSON document, whether or not something stands there.
///
/// A null member is an absent member. A value of another type than the one asked for is noted
/// as a finding `OBJ001` with its path (once), and read as absent.
#[derive(Clone)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    path: String,
    /// How much of `path`, in bytes, leads to something that exists.
    existing: usize,
    wrong_types: Option<WrongTypes>,
}

impl<'a> Node<'a> {
    /// The root of a document.
    pub(crate) fn root(value: &'a Value, wrong_types: Option<WrongTypes>) -> Self {
        Self {
            value: present(value),
            path: String::new(),
            existing: 0,
            wrong_types,
        }
    }

    /// The root of another document, read without findings: an old object, a context object.
    pub fn of(value: &'a Value) -> Self {
        Self::root(value, None)
    }

    /// The member `key`, present or not.
    pub fn at(&self, key: &str) -> Node<'a> {
        let member = self.members().and_then(|members| members.get(key));
        let value = member.and_then(present);
        let path = join(&self.path, key);
        Node {
            value,
            existing: value.map_or(self.existing, |_| path.len()),
            path,
            wrong_types: self.wrong_types.clone(),
        }
    }

    /// The elements of the array here; none where it is absent or empty. Null elements count,
    /// so that indices stay what the user sees.
    pub fn elements(&self) -> Vec<Node<'a>> {
        let elements = self.array().map_or(&[][..], Vec::as_slice);
        elements
            .iter()
            .enumerate()
            .map(|(index, value)| self.element(index, value))
            .collect()
    }

    /// The members of the object here, in the order of the document.
    pub fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        let Some(members) = self.members() else {
            return Vec::new();
        };
        members
            .keys()
            .map(|key| (key.as_str(), self.at(key)))
            .collect()
    }

    /// The string here.
    pub fn text(&self) -> Option<&'a str> {
        self.typed("a string", Value::as_str)
    }

    /// The whole number here; a number with a fraction is a wrong type.
    pub fn integer(&self) -> Option<i64> {
        self.typed("a whole number", Value::as_i64)
    }

    /// The boolean here.
    pub fn boolean(&self) -> Option<bool> {
        self.typed("true or false", Value::as_bool)
    }

    /// The object here.
    pub fn members(&self) -> Option<&'a Map<String, Value>> {
        self.typed("an object", Value::as_object)
    }

    /// The number of elements of the array here; none where it is absent.
    pub fn array_len(&self) -> Option<usize> {
        self.array().map(Vec::len)
    }

    /// Whether anything but null stands here.
    pub fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// The value here, whatever its type.
    pub fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// RFC 6901 pointer to this place.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Notes that what stands here is not `expected`, for types that only the policy knows
    /// (such as a quantity, which is a string or a number).
    pub fn wrong_type(&self, expected: &str) {
        let (Some(wrong_types), Some(value)) = (&self.wrong_types, self.value) else {
            return;
        };
        let mut wrong_types = wrong_types.borrow_mut();
        if wrong_types.iter().all(|known| known.path != self.path) {
            wrong_types.push(wrong_type_finding(&self.path, expected, value));
        }
    }

    fn array(&self) -> Option<&'a Vec<Value>> {
        self.typed("a list", Value::as_array)
    }

    fn element(&self, index: usize, value: &'a Value) -> Node<'a> {
        let path = format!("{}/{index}", self.path);
        Node {
            value: present(value),
            existing: path.len(),
            path,
            wrong_types: self.wrong_types.clone(),
        }
    }

    fn typed<T>(&self, expected: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let typed = read(self.value?);
        if typed.is_none() {
            self.wrong_type(expected);
        }
        typed
    }

    /// The uppermost absent place on the way here, and `value` wrapped so that adding it there
    /// puts `value` here.
    pub(crate) fn missing_root(&self, value: Value) -> (String, Value) {
        let (parent, missing) = self.path.split_at(self.existing);
        let mut keys = missing.split('/').skip(1);
        let Some(first) = keys.next() else {
            return (self.path.clone(), value);
        };
        let keys: Vec<String> = keys.map(unescape).collect();
        (format!("{parent}/{first}"), nest(keys, value))
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?}", self.path, self.value)
    }
}

fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

fn wrong_type_finding(path: &str, expected: &str, value: &Value) -> Finding {
    Finding {
        code: WRONG_TYPE.to_owned(),
        severity: Severity::Deny,
        path: path.to_owned(),
        message: format!("found {}, expected {expected}", name_of(value)),
        fix: format!("write {expected}"),
    }
}

/// A short name of a value's type, with the value where it is short.
fn name_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("the boolean {flag}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() <= 40 => format!("the string {text:?}"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
