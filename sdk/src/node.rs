//! A place in the object under review: typed, null-safe reads that know where they are.

use std::cell::OnceCell;
use std::fmt;
use std::ptr;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::patch::nest;
use crate::pointer::{escape, unescape};
use crate::verdict::{Finding, Severity, WRONG_TYPE, WrongTypes};

/// A place in a JSON document, whether or not something stands there.
///
/// A null member is an absent member. A value of another type than the one asked for is noted
/// as a finding `OBJ001` with its path (once), and read as absent.
///
/// Reading is on the path of every admission, so it allocates nothing where something stands;
/// [`Self::path`] is worked out when it is asked for.
#[derive(Clone)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    /// The nearest place above (or here) that exists, null or not.
    place: &'a Value,
    /// Tokens from `place` to here; empty where something stands here.
    missing: String,
    anchor: Anchor<'a>,
    path: OnceCell<String>,
    wrong_types: Option<&'a WrongTypes>,
}

/// The document's root, or the nearest list element above a place: there the path is known.
#[derive(Clone)]
struct Anchor<'a> {
    value: &'a Value,
    /// The list's path and the index in it; none for a root.
    element: Option<(Rc<str>, usize)>,
}

impl<'a> Node<'a> {
    /// The root of a document.
    pub(crate) fn root(value: &'a Value, wrong_types: Option<&'a WrongTypes>) -> Self {
        Self::anchored(value, None, wrong_types)
    }

    /// The root of another document, read without findings: an old object, a context object.
    pub fn of(value: &'a Value) -> Self {
        Self::root(value, None)
    }

    fn anchored(
        value: &'a Value,
        element: Option<(Rc<str>, usize)>,
        wrong_types: Option<&'a WrongTypes>,
    ) -> Self {
        Self {
            value: present(value),
            place: value,
            missing: String::new(),
            anchor: Anchor { value, element },
            path: OnceCell::new(),
            wrong_types,
        }
    }

    /// The member `key`, present or not.
    pub fn at(&self, key: &str) -> Node<'a> {
        let member = self.members().and_then(|members| members.get(key));
        let value = member.and_then(present);
        let missing = match value {
            Some(_) => String::new(),
            None => [self.missing.as_str(), "/", &escape(key)].concat(),
        };
        Node {
            value,
            place: value.unwrap_or(self.place),
            missing,
            anchor: self.anchor.clone(),
            path: OnceCell::new(),
            wrong_types: self.wrong_types,
        }
    }

    /// The elements of the array here; none where it is absent or empty. Null elements count,
    /// so that indices stay what the user sees.
    pub fn elements(&self) -> Vec<Node<'a>> {
        let Some(elements) = self.array().filter(|elements| !elements.is_empty()) else {
            return Vec::new();
        };
        let path = Rc::from(self.path());
        let elements = elements.iter().enumerate();
        elements
            .map(|(index, value)| self.element(&path, index, value))
            .collect()
    }

    /// The last element of the array here that `is_wanted`, without looking at types.
    pub fn last_element(&self, is_wanted: impl Fn(&Value) -> bool) -> Option<Node<'a>> {
        let elements = self.array()?;
        let index = elements.iter().rposition(is_wanted)?;
        Some(self.element(&Rc::from(self.path()), index, &elements[index]))
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
        self.path
            .get_or_init(|| self.existing_path() + &self.missing)
    }

    /// Notes that what stands here is not `expected`, for types that only the policy knows
    /// (such as a quantity, which is a string or a number).
    pub fn wrong_type(&self, expected: &str) {
        let (Some(wrong_types), Some(value)) = (self.wrong_types, self.value) else {
            return;
        };
        let mut wrong_types = wrong_types.borrow_mut();
        if wrong_types.iter().all(|known| known.path != self.path()) {
            wrong_types.push(wrong_type_finding(self.path(), expected, value));
        }
    }

    fn array(&self) -> Option<&'a Vec<Value>> {
        self.typed("a list", Value::as_array)
    }

    fn element(&self, list: &Rc<str>, index: usize, value: &'a Value) -> Node<'a> {
        Self::anchored(value, Some((list.clone(), index)), self.wrong_types)
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
        let mut keys = self.missing.split('/').skip(1);
        let Some(first) = keys.next() else {
            return (self.path().to_owned(), value);
        };
        let keys: Vec<String> = keys.map(unescape).collect();
        (
            format!("{}/{first}", self.existing_path()),
            nest(keys, value),
        )
    }

    /// The pointer to `place`: below the anchor there are only members of objects.
    fn existing_path(&self) -> String {
        let element = self.anchor.element.as_ref();
        let mut path = element.map_or_else(String::new, |(list, at)| format!("{list}/{at}"));
        let found = locate(self.anchor.value, self.place, &mut path);
        debug_assert!(found, "a place must stand below its anchor");
        path
    }
}

/// Appends the tokens that lead from `from` to `place`, the same value in memory.
fn locate(from: &Value, place: &Value, path: &mut String) -> bool {
    if ptr::eq(from, place) {
        return true;
    }
    let length = path.len();
    for (key, member) in from.as_object().into_iter().flatten() {
        path.push('/');
        path.push_str(&escape(key));
        if locate(member, place, path) {
            return true;
        }
        path.truncate(length);
    }
    false
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?}", self.path(), self.value)
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
