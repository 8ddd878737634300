//! From JSON text to the index of a [`Document`](crate::Document): `serde_json` reads, and what it
//! finds is noted instead of being made into values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::document::{Content, Entry, Index, Name, Span, Text};

/// Bytes of text to an entry in common objects: what is reserved at once.
const BYTES_PER_ENTRY: usize = 16;

/// The index of a text, and its strings that don't stand there as they are.
#[derive(Default)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    pub(crate) entries: Vec<Entry>,
    pub(crate) unescaped: Vec<Box<str>>,
}

impl<'t> Reader<'t> {
    /// Reads a whole text of less than 4 GiB.
    pub(crate) fn read(text: &'t str) -> serde_json::Result<Self> {
        let mut reader = Self {
            text,
            entries: Vec::with_capacity(text.len() / BYTES_PER_ENTRY),
            unescaped: Vec::new(),
        };
        let mut json = serde_json::Deserializer::from_str(text);
        reader.place(Name::Root, 0).deserialize(&mut json)?;
        json.end()?;
        Ok(reader)
    }

    fn place(&mut self, name: Name, parent: Index) -> Place<'_, 't> {
        Place {
            reader: self,
            name,
            parent,
        }
    }

    /// The next index: there are fewer values than bytes.
    fn next(&self) -> Index {
        self.entries.len() as Index
    }

    /// A string without escapes, which is a part of the text.
    fn plain(&self, part: &str) -> Text {
        let start = part.as_ptr().addr() - self.text.as_ptr().addr();
        Text::Plain(Span {
            start: start as u32,
            end: (start + part.len()) as u32,
        })
    }

    /// A string that had escapes.
    fn unescaped(&mut self, text: &str) -> Text {
        self.unescaped.push(text.into());
        Text::Unescaped(self.unescaped.len() as u32 - 1)
    }
}

/// Where the next value stands in the tree.
struct Place<'r, 't> {
    reader: &'r mut Reader<'t>,
    name: Name,
    parent: Index,
}

impl<'r, 't> Place<'r, 't> {
    fn push(self, content: Content) -> (&'r mut Reader<'t>, Index) {
        let own = self.reader.next();
        self.reader.entries.push(Entry {
            content,
            name: self.name,
            parent: self.parent,
            next: own + 1,
        });
        (self.reader, own)
    }

    fn scalar<E>(self, content: Content) -> Result<(), E> {
        self.push(content);
        Ok(())
    }
}

impl<'t> DeserializeSeed<'t> for Place<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Place<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(Content::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(Content::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(Content::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(Content::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        // `serde_json` reads finite numbers only.
        let number = Number::from_f64(value);
        self.scalar(number.map_or(Content::Null, Content::Number))
    }

    fn visit_borrowed_str<E>(self, part: &'t str) -> Result<(), E> {
        let text = self.reader.plain(part);
        self.scalar(Content::Text(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let text = self.reader.unescaped(text);
        self.scalar(Content::Text(text))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<(), A::Error> {
        let (reader, own) = self.push(Content::List);
        let mut ordinal = 0;
        while let Some(()) = list.next_element_seed(reader.place(Name::Ordinal(ordinal), own))? {
            ordinal += 1;
        }
        reader.entries[own as usize].next = reader.next();
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut object: A) -> Result<(), A::Error> {
        let (reader, own) = self.push(Content::Object);
        while let Some(key) = object.next_key_seed(Key(reader))? {
            object.next_value_seed(reader.place(Name::Key(key), own))?;
        }
        reader.entries[own as usize].next = reader.next();
        Ok(())
    }
}

/// The name of a member.
struct Key<'r, 't>(&'r mut Reader<'t>);

impl<'t> DeserializeSeed<'t> for Key<'_, 't> {
    type Value = Text;

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<Text, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Key<'_, 't> {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E>(self, part: &'t str) -> Result<Text, E> {
        Ok(self.0.plain(part))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(self.0.unescaped(text))
    }
}
