//! A place in the object under review: typed, null-safe reads that know where they are.

use std::cell::OnceCell;
use std::fmt;

use serde_json::Value;

use crate::document::{Content, Document, Entry, Index, Name, is_same};
use crate::patch::nest;
use crate::pointer::{join, push_escaped, unescape};
use crate::verdict::{Finding, Severity, WRONG_TYPE};

/// Bytes of a common pointer.
const PATH: usize = 96;

/// A place in a JSON document, whether or not something stands there.
///
/// A null member is an absent member. A value of another type than the one asked for is noted
/// as a finding `OBJ001` with its path (once), and read as absent.
///
/// Reading is on the path of every admission, so it allocates nothing where something stands;
/// [`Self::path`] is worked out when it is asked for.
#[derive(Clone)]
pub struct Node<'a> {
    document: &'a Document,
    /// The nearest place above (or here) that exists; null only where it is a root or an element.
    place: Index,
    /// Tokens from `place` to here; empty where something stands here.
    missing: String,
    path: OnceCell<String>,
}

impl<'a> Node<'a> {
    /// The place at `index`.
    pub(crate) fn existing(document: &'a Document, index: Index) -> Self {
        Self {
            document,
            place: index,
            missing: String::new(),
            path: OnceCell::new(),
        }
    }

    /// The member `key`, present or not.
    pub fn at(&self, key: &str) -> Node<'a> {
        let own = self.typed("an object", Content::is_object);
        self.member(own.and_then(|own| self.document.member(own, key)), key)
    }

    /// What stands at the RFC 6901 pointer `path` below here; none where nothing but null does.
    pub fn find(&self, path: &str) -> Option<Node<'a>> {
        let mut place = self.is_present().then_some(self.place)?;
        for token in path.split('/').skip(1) {
            place = match self.document.content(place) {
                Content::List => {
                    let ordinal = token.parse().ok()?;
                    self.document.children(place).nth(ordinal)?
                }
                _ => self.document.member(place, &unescape(token))?,
            };
        }
        let found = Self::existing(self.document, place);
        found.is_present().then_some(found)
    }

    /// The elements of the array here; none where it is absent or empty. Null elements count,
    /// so that indices stay what the user sees.
    pub fn elements(&self) -> Vec<Node<'a>> {
        let list = self.typed("a list", Content::is_list);
        let elements = list
            .into_iter()
            .flat_map(|list| self.document.children(list));
        elements
            .map(|element| Self::existing(self.document, element))
            .collect()
    }

    /// The last element of the array here whose member `key` is the string `text`. Elements and
    /// members of other types are passed over.
    pub fn last_element(&self, key: &str, text: &str) -> Option<Node<'a>> {
        let list = self.typed("a list", Content::is_list)?;
        let is_wanted = |element: &Index| {
            let member = self.document.member(*element, key);
            member.is_some_and(|member| self.document.text(member) == Some(text))
        };
        let last = self.document.children(list).filter(is_wanted).last()?;
        Some(Self::existing(self.document, last))
    }

    /// The members of the object here, in the order of the document.
    pub fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        let own = self.typed("an object", Content::is_object);
        let members = own.into_iter().flat_map(|own| self.document.children(own));
        members
            .filter_map(|member| {
                let key = self.document.key(member)?;
                Some((key, self.member(Some(member), key)))
            })
            .collect()
    }

    /// The string here.
    pub fn text(&self) -> Option<&'a str> {
        let place = self.typed("a string", Content::is_text)?;
        self.document.text(place)
    }

    /// The whole number here; a number with a fraction is a wrong type.
    pub fn integer(&self) -> Option<i64> {
        let integer = match self.content()? {
            Content::Number(number) => number.as_i64(),
            _ => None,
        };
        if integer.is_none() {
            self.wrong_type("a whole number");
        }
        integer
    }

    /// The boolean here.
    pub fn boolean(&self) -> Option<bool> {
        match self.content()? {
            Content::Bool(value) => Some(*value),
            _ => {
                self.wrong_type("true or false");
                None
            }
        }
    }

    /// The number of elements of the array here; none where it is absent.
    pub fn array_len(&self) -> Option<usize> {
        let list = self.typed("a list", Content::is_list)?;
        Some(self.document.children(list).count())
    }

    /// Whether anything but null stands here.
    pub fn is_present(&self) -> bool {
        self.content().is_some()
    }

    /// Whether an object stands here.
    pub fn is_object(&self) -> bool {
        self.content().is_some_and(Content::is_object)
    }

    /// Whether a number stands here.
    pub fn is_number(&self) -> bool {
        self.content().is_some_and(Content::is_number)
    }

    /// Whether a string stands here.
    pub fn is_text(&self) -> bool {
        self.content().is_some_and(Content::is_text)
    }

    /// Whether the same stands here and there, whatever the order of members. Absent and null are
    /// the same.
    pub fn is_same(&self, other: &Node<'_>) -> bool {
        match (self.is_present(), other.is_present()) {
            (true, true) => is_same((self.document, self.place), (other.document, other.place)),
            (one, other) => one == other,
        }
    }

    /// [`Self::is_same`] of what stands at the pointer `path` below both.
    pub fn is_same_below(&self, other: &Node<'_>, path: &str) -> bool {
        match (self.find(path), other.find(path)) {
            (Some(one), Some(other)) => one.is_same(&other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// A copy of the value here, whatever its type.
    pub fn value(&self) -> Option<Value> {
        self.content().map(|_| self.document.value(self.place))
    }

    /// RFC 6901 pointer to this place.
    pub fn path(&self) -> &str {
        self.path
            .get_or_init(|| self.existing_path() + &self.missing)
    }

    /// Notes that what stands here is not `expected`, for types that only the policy knows
    /// (such as a quantity, which is a string or a number).
    pub fn wrong_type(&self, expected: &str) {
        let (Some(wrong_types), true) = (self.document.wrong_types(), self.is_present()) else {
            return;
        };
        let mut wrong_types = wrong_types.borrow_mut();
        if wrong_types.iter().all(|known| known.path != self.path()) {
            wrong_types.push(self.wrong_type_finding(expected));
        }
    }

    /// The member `key`, which is `found` unless it is absent.
    fn member(&self, found: Option<Index>, key: &str) -> Node<'a> {
        let is_null = |member: &Index| matches!(self.document.content(*member), Content::Null);
        match found.filter(|member| !is_null(member)) {
            Some(member) => Self::existing(self.document, member),
            None => Self {
                missing: join(&self.missing, key),
                ..Self::existing(self.document, self.place)
            },
        }
    }

    /// What stands here; none where that is nothing or null.
    fn content(&self) -> Option<&'a Content> {
        let content = self.document.content(self.place);
        (self.missing.is_empty() && !matches!(content, Content::Null)).then_some(content)
    }

    /// This place, if what stands here is what was `expected`; another type is noted.
    fn typed(&self, expected: &str, is_expected: fn(&Content) -> bool) -> Option<Index> {
        if is_expected(self.content()?) {
            return Some(self.place);
        }
        self.wrong_type(expected);
        None
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

    /// The pointer to `place`.
    fn existing_path(&self) -> String {
        let mut path = String::with_capacity(PATH + self.missing.len());
        self.push_path(self.place, &mut path);
        path
    }

    /// Appends the pointer to `place`. Documents are at most 128 levels deep.
    fn push_path(&self, place: Index, path: &mut String) {
        let Entry { name, parent, .. } = self.document.entry(place);
        if matches!(name, Name::Root) {
            return;
        }
        self.push_path(*parent, path);
        path.push('/');
        match name {
            Name::Root => {}
            Name::Ordinal(ordinal) => push_ordinal(*ordinal, path),
            Name::Key(_) => push_escaped(path, self.document.key(place).unwrap_or_default()),
        }
    }

    fn wrong_type_finding(&self, expected: &str) -> Finding {
        Finding {
            code: WRONG_TYPE.to_owned(),
            severity: Severity::Deny,
            path: self.path().to_owned(),
            message: format!("found {}, expected {expected}", self.type_name()),
            fix: format!("write {expected}"),
        }
    }

    /// A short name of the type here, with the value where it is short.
    fn type_name(&self) -> String {
        match self.document.content(self.place) {
            Content::Null => "null".to_owned(),
            Content::Bool(value) => format!("the boolean {value}"),
            Content::Number(number) => format!("the number {number}"),
            Content::List => "a list".to_owned(),
            Content::Object => "an object".to_owned(),
            Content::Text(_) => match self.document.text(self.place) {
                Some(text) if text.chars().count() <= 40 => format!("the string {text:?}"),
                _ => "a string".to_owned(),
            },
        }
    }
}

/// Most lists have fewer than ten elements, and formatting costs more than all else in a pointer.
fn push_ordinal(ordinal: u32, path: &mut String) {
    match char::from_digit(ordinal, 10) {
        Some(digit) => path.push(digit),
        None => path.push_str(&ordinal.to_string()),
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?}", self.path(), self.value())
    }
}
