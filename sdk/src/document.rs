//! A JSON document as policies read it: its text, and an index of where each value stands.
//!
//! ```text
//!   {"spec":{"replicas":2}}      0 object          next 3
//!                                1 object "spec"   next 3   parent 0
//!                                2 number          next 3   parent 1
//! ```
//!
//! Nothing is copied out of the text: a review reads a tenth of what stands in an object, and
//! making a `serde_json::Value` of all of it was two thirds of the work of a policy.

use std::cell::RefCell;

use serde_json::{Map, Number, Value};

use crate::node::Node;
use crate::reader::Reader;
use crate::verdict::{Finding, WrongTypes};

/// A JSON document, read by [`Document::root`] and the nodes below it.
#[derive(Debug)]
pub struct Document {
    text: String,
    entries: Vec<Entry>,
    /// What the strings and names with escapes say.
    unescaped: Vec<Box<str>>,
    /// Where reading a field of a wrong type is a finding: the object under review.
    wrong_types: Option<WrongTypes>,
}

/// The place of a value in a document's index.
pub(crate) type Index = u32;

/// One value: what it is, and where it stands in the tree.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) content: Content,
    /// What leads here from `parent`.
    pub(crate) name: Name,
    pub(crate) parent: Index,
    /// The first entry that is not below this one.
    pub(crate) next: Index,
}

/// A value, but for what is in a container.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List,
    Object,
}

impl Content {
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self, Self::List)
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object)
    }
}

/// What leads from a container to a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Name {
    /// Nothing leads to the root.
    Root,
    /// The index in a list.
    Ordinal(u32),
    /// The name of a member.
    Key(Text),
}

/// A string: where it is to be found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text {
    /// It stands in the text as it is.
    Plain(Span),
    /// It had escapes: its number among those.
    Unescaped(u32),
}

/// Bytes of the text: from the first to before the second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Document {
    /// Reads JSON text of less than 4 GiB. Names in an object are expected to differ, as in all
    /// that the host hands over.
    ///
    /// # Errors
    /// It is no JSON, or nests deeper than 127 levels.
    pub fn parse(text: String) -> serde_json::Result<Self> {
        let Reader {
            entries, unescaped, ..
        } = Reader::read(&text)?;
        Ok(Self {
            text,
            entries,
            unescaped,
            wrong_types: None,
        })
    }

    /// The whole document.
    pub fn root(&self) -> Node<'_> {
        Node::existing(self, 0)
    }

    /// The same document, in which reading a field of a wrong type is noted.
    pub(crate) fn noting_wrong_types(self) -> Self {
        let wrong_types = Some(RefCell::default());
        Self {
            wrong_types,
            ..self
        }
    }

    pub(crate) fn wrong_types(&self) -> Option<&WrongTypes> {
        self.wrong_types.as_ref()
    }

    pub(crate) fn take_wrong_types(&self) -> Vec<Finding> {
        self.wrong_types
            .as_ref()
            .map(RefCell::take)
            .unwrap_or_default()
    }

    pub(crate) fn entry(&self, index: Index) -> &Entry {
        &self.entries[position(index)]
    }

    pub(crate) fn content(&self, index: Index) -> &Content {
        &self.entry(index).content
    }

    /// The values directly below `index`.
    pub(crate) fn children(&self, index: Index) -> Children<'_> {
        Children {
            document: self,
            child: index + 1,
            next: self.entry(index).next,
        }
    }

    /// The member `key` of the object at `index`.
    pub(crate) fn member(&self, index: Index, key: &str) -> Option<Index> {
        self.children(index)
            .find(|child| match self.entry(*child).name {
                Name::Key(name) => is_same_text(self.string(name), key),
                Name::Root | Name::Ordinal(_) => false,
            })
    }

    /// The name of the member at `index`; none for list elements and the root.
    pub(crate) fn key(&self, index: Index) -> Option<&str> {
        match self.entry(index).name {
            Name::Key(name) => Some(self.string(name)),
            Name::Root | Name::Ordinal(_) => None,
        }
    }

    /// The string at `index`, if it is one.
    pub(crate) fn text(&self, index: Index) -> Option<&str> {
        match self.content(index) {
            Content::Text(text) => Some(self.string(*text)),
            _ => None,
        }
    }

    /// A copy of the value at `index`.
    pub(crate) fn value(&self, index: Index) -> Value {
        let children = || self.children(index);
        match self.content(index) {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::from(self.string(*text)),
            Content::List => children().map(|child| self.value(child)).collect(),
            Content::Object => Value::Object(
                children()
                    .map(|child| self.member_at(child))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    fn member_at(&self, index: Index) -> (String, Value) {
        let key = self.key(index).unwrap_or_default();
        (key.to_owned(), self.value(index))
    }

    fn string(&self, text: Text) -> &str {
        match text {
            Text::Plain(Span { start, end }) => &self.text[position(start)..position(end)],
            Text::Unescaped(number) => &self.unescaped[position(number)],
        }
    }
}

/// The values directly below another.
#[derive(Clone)]
pub(crate) struct Children<'d> {
    document: &'d Document,
    child: Index,
    next: Index,
}

impl Iterator for Children<'_> {
    type Item = Index;

    fn next(&mut self) -> Option<Index> {
        let found = self.child;
        (found < self.next).then(|| {
            self.child = self.document.entry(found).next;
            found
        })
    }
}

impl From<&Value> for Document {
    /// Writes the value down and reads it: for tests, and for objects that a policy makes.
    fn from(value: &Value) -> Self {
        Self::parse(value.to_string()).expect("a JSON value must be JSON when it is written")
    }
}

/// Whether the values at two places are the same, whatever the order of members.
pub(crate) fn is_same(one: (&Document, Index), other: (&Document, Index)) -> bool {
    let ((document, at), (others, other_at)) = (one, other);
    match (document.content(at), others.content(other_at)) {
        (Content::Null, Content::Null) => true,
        (Content::Bool(one), Content::Bool(other)) => one == other,
        (Content::Number(one), Content::Number(other)) => one == other,
        (Content::Text(one), Content::Text(other)) => {
            is_same_text(document.string(*one), others.string(*other))
        }
        (Content::List, Content::List) => {
            let of_pair = |(one, other)| is_same((document, one), (others, other));
            let (ours, theirs) = (document.children(at), others.children(other_at));
            ours.clone().count() == theirs.clone().count() && ours.zip(theirs).all(of_pair)
        }
        (Content::Object, Content::Object) => {
            let has = |member| {
                let key = document.key(member).unwrap_or_default();
                let found = others.member(other_at, key);
                found.is_some_and(|found| is_same((document, member), (others, found)))
            };
            let (mut ours, theirs) = (document.children(at), others.children(other_at));
            ours.clone().count() == theirs.count() && ours.all(has)
        }
        _ => false,
    }
}

/// Texts are compared word by word: a component's own comparison goes byte by byte.
fn is_same_text(one: &str, other: &str) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (words, rest) = one.as_bytes().as_chunks::<8>();
    let (other_words, other_rest) = other.as_bytes().as_chunks::<8>();
    let read = |word: &[u8; 8]| u64::from_le_bytes(*word);
    let mut words = words.iter().zip(other_words);
    let mut rest = rest.iter().zip(other_rest);
    words.all(|(one, other)| read(one) == read(other)) && rest.all(|(one, other)| one == other)
}

fn position(index: u32) -> usize {
    index as usize
}
