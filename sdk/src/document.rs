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

use std::cell::{OnceCell, RefCell};

use serde_json::Value;

use crate::node::Node;
use crate::parser::{self, JsonError};
use crate::verdict::{Finding, WrongTypes};

/// A JSON document, read by [`Document::root`] and the nodes below it.
#[derive(Debug)]
pub struct Document {
    text: String,
    entries: Vec<Entry>,
    /// Strings and names with escapes, in the order of the text; read when asked for.
    escaped: Vec<Escaped>,
    /// Where reading a field of a wrong type is a finding: the object under review.
    wrong_types: Option<WrongTypes>,
}

/// The place of a value in a document's index.
pub(crate) type Index = u32;

/// One value: where it stands in the text, and in the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// What leads here from `parent`.
    pub(crate) name: Name,
    /// Bytes of the text; those of a string are without its quotes.
    pub(crate) value: Span,
    pub(crate) parent: Index,
    /// The first entry that is not below this one.
    pub(crate) next: Index,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    List,
    Object,
}

/// What leads from a container to a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Name {
    /// Nothing leads to the root.
    Root,
    /// The index in a list.
    Ordinal(u32),
    /// The name of a member, without its quotes.
    Key(Span),
}

/// Bytes of the text: from the first to before the second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A string with escapes.
#[derive(Debug)]
pub(crate) struct Escaped {
    pub(crate) start: u32,
    pub(crate) text: OnceCell<Box<str>>,
}

impl Document {
    /// Reads JSON text.
    ///
    /// # Errors
    /// It is no JSON, or nests deeper than 128 levels.
    pub fn parse(text: String) -> Result<Self, JsonError> {
        let (entries, escaped) = parser::parse(&text)?;
        Ok(Self {
            text,
            entries,
            escaped,
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

    /// The values directly below `index`.
    pub(crate) fn children(&self, index: Index) -> impl Iterator<Item = Index> + '_ {
        let Entry { kind, next, .. } = *self.entry(index);
        let is_container = matches!(kind, Kind::List | Kind::Object);
        let mut child = if is_container { index + 1 } else { next };
        std::iter::from_fn(move || {
            let found = child;
            (found < next).then(|| {
                child = self.entry(found).next;
                found
            })
        })
    }

    /// The member `key` of the object at `index`.
    pub(crate) fn member(&self, index: Index, key: &str) -> Option<Index> {
        self.children(index).find(|child| self.has_key(*child, key))
    }

    /// The name of the member at `index`; none for list elements and the root.
    pub(crate) fn key(&self, index: Index) -> Option<&str> {
        match self.entry(index).name {
            Name::Key(span) => Some(self.string(span)),
            Name::Root | Name::Ordinal(_) => None,
        }
    }

    /// The string at `index`, if it is one.
    pub(crate) fn text(&self, index: Index) -> Option<&str> {
        let Entry { kind, value, .. } = self.entry(index);
        (*kind == Kind::Text).then(|| self.string(*value))
    }

    /// The JSON text of the value at `index`.
    pub(crate) fn json(&self, index: Index) -> &str {
        let Entry { kind, value, .. } = self.entry(index);
        let quote = usize::from(*kind == Kind::Text);
        &self.text[position(value.start) - quote..position(value.end) + quote]
    }

    fn has_key(&self, index: Index, key: &str) -> bool {
        match self.entry(index).name {
            Name::Key(span) => is_same_text(self.raw(span), key) || self.reads_as(span, key),
            Name::Root | Name::Ordinal(_) => false,
        }
    }

    /// Whether a string with escapes is `key`.
    fn reads_as(&self, span: Span, key: &str) -> bool {
        !self.escaped.is_empty() && self.unescaped(span).is_some_and(|text| text == key)
    }

    fn string(&self, span: Span) -> &str {
        match self.escaped.is_empty() {
            true => self.raw(span),
            false => self.unescaped(span).unwrap_or_else(|| self.raw(span)),
        }
    }

    /// What a string with escapes says; none where it has none.
    fn unescaped(&self, span: Span) -> Option<&str> {
        let known = |escaped: &Escaped| escaped.start;
        let at = self.escaped.binary_search_by_key(&span.start, known).ok()?;
        let text = &self.escaped[at].text;
        Some(text.get_or_init(|| parser::unescape(self.raw(span))))
    }

    fn raw(&self, span: Span) -> &str {
        &self.text[position(span.start)..position(span.end)]
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
    if is_same_text(document.json(at), others.json(other_at)) {
        return true;
    }
    match (document.entry(at).kind, others.entry(other_at).kind) {
        (Kind::Text, Kind::Text) => document.text(at) == others.text(other_at),
        (Kind::List, Kind::List) => {
            let (mut ours, mut theirs) = (document.children(at), others.children(other_at));
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => break true,
                    (Some(one), Some(other)) if is_same((document, one), (others, other)) => {}
                    _ => break false,
                }
            }
        }
        (Kind::Object, Kind::Object) => {
            let has = |member| {
                let key = document.key(member).unwrap_or_default();
                let found = others.member(other_at, key);
                found.is_some_and(|found| is_same((document, member), (others, found)))
            };
            document.children(at).count() == others.children(other_at).count()
                && document.children(at).all(has)
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
