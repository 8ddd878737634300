//! One value by one verb.

use serde_json::{Map, Value as Json};

use super::{Sink, float, integer, quote};
use crate::error::CallFault;
use crate::value::{Text, Value, sorted};

/// How a verb is modified.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%#v`: as Go writes it.
    pub(super) go_syntax: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

pub(super) struct Printer<'s> {
    sink: &'s mut Sink,
    pub(super) flags: Flags,
    depth: usize,
}

impl<'s> Printer<'s> {
    pub(super) fn new(sink: &'s mut Sink, flags: Flags) -> Self {
        Self {
            sink,
            flags,
            depth: 0,
        }
    }

    /// An argument, which may be nil or asked for its type.
    pub(super) fn argument(&mut self, value: &Value<'_>, verb: char) {
        let whole = matches!(value, Value::List(_) | Value::Map(_)) && matches!(verb, 'w' | 'p');
        match verb {
            'T' | 'v' if value.is_nil() => self.pad(b"<nil>"),
            'T' => self.text(value.kind().as_bytes()),
            _ if whole || value.is_nil() => self.bad_verb(value, verb),
            _ => self.value(value, verb),
        }
    }

    fn value(&mut self, value: &Value<'_>, verb: char) {
        if self.sink.is_full() {
            return;
        }
        match value {
            Value::Missing | Value::Nil if self.flags.go_syntax => {
                self.sink.push(b"interface {}(nil)");
            }
            Value::Missing | Value::Nil => self.sink.push(b"<nil>"),
            Value::Bool(value) if matches!(verb, 't' | 'v') => {
                self.pad(value.to_string().as_bytes());
            }
            Value::Int(_) | Value::Int64(_) | Value::Byte(_) => self.whole(value, verb),
            Value::Float(number) => match verb {
                'v' | 'g' | 'G' | 'e' | 'E' | 'f' | 'F' | 'x' | 'X' | 'b' => {
                    float::write(self, *number, verb);
                }
                _ => self.bad_verb(value, verb),
            },
            Value::Text(text) => match verb {
                'v' if self.flags.go_syntax => quote::write(self, text),
                'v' | 's' => self.text(text),
                'q' => quote::write(self, text),
                'x' | 'X' => self.hex(text, verb),
                _ => self.bad_verb(value, verb),
            },
            Value::List(items) => self.list(items, verb),
            Value::Map(members) => self.map(members, verb),
            Value::Bool(_) => self.bad_verb(value, verb),
        }
    }

    fn whole(&mut self, value: &Value<'_>, verb: char) {
        let number = value.whole().unwrap_or(0);
        let is_byte = matches!(value, Value::Byte(_));
        match verb {
            'v' if is_byte && self.flags.go_syntax => integer::write_go_byte(self, number),
            'v' | 'd' | 'b' | 'o' | 'O' | 'x' | 'X' => integer::write(self, number, verb),
            'c' | 'q' | 'U' => integer::write_char(self, number, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    fn list(&mut self, items: &[Json], verb: char) {
        let [begin, between, end] = match self.flags.go_syntax {
            true => ["[]interface {}{", ", ", "}"],
            false => ["[", " ", "]"],
        };
        self.sink.push(begin.as_bytes());
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.sink.push(between.as_bytes());
            }
            self.inner(&Value::of(item), verb);
        }
        self.sink.push(end.as_bytes());
    }

    fn map(&mut self, members: &Map<String, Json>, verb: char) {
        let [begin, between, end] = match self.flags.go_syntax {
            true => ["map[string]interface {}{", ", ", "}"],
            false => ["map[", " ", "]"],
        };
        self.sink.push(begin.as_bytes());
        for (index, (key, value)) in sorted(members).into_iter().enumerate() {
            if index > 0 {
                self.sink.push(between.as_bytes());
            }
            self.inner(&Value::Text(Text::Borrowed(key.as_bytes())), verb);
            self.sink.push(b":");
            self.inner(&Value::of(value), verb);
        }
        self.sink.push(end.as_bytes());
    }

    fn inner(&mut self, value: &Value<'_>, verb: char) {
        self.depth += 1;
        match self.depth > self.sink.limits.depth {
            true => self.sink.fail(CallFault::TooDeep(self.sink.limits.depth)),
            false => self.value(value, verb),
        }
        self.depth -= 1;
    }

    /// `%!d(string=a)`: Go's way to say that a verb doesn't print such a value.
    fn bad_verb(&mut self, value: &Value<'_>, verb: char) {
        self.sink.push(b"%!");
        self.sink.push_char(verb);
        self.sink.push(b"(");
        if value.is_nil() {
            self.sink.push(b"<nil>");
        } else {
            self.sink.push(value.kind().as_bytes());
            self.sink.push(b"=");
            self.value(value, 'v');
        }
        self.sink.push(b")");
    }

    /// A text, cut to the precision.
    fn text(&mut self, text: &[u8]) {
        let text = self.cut(text);
        self.pad(text);
    }

    /// The first characters, as many as the precision says.
    pub(super) fn cut<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match self.flags.precision {
            Some(precision) => &text[..quote::length_of(text, precision)],
            None => text,
        }
    }

    fn hex(&mut self, text: &[u8], verb: char) {
        let length = self.flags.precision.unwrap_or(text.len()).min(text.len());
        if length == 0 {
            let width = self.flags.width.unwrap_or(0);
            return self.blanks(width);
        }
        let prefix = if verb == 'x' { "0x" } else { "0X" };
        let mut digits = String::with_capacity(4 * length);
        for (index, byte) in text[..length].iter().enumerate() {
            let apart = self.flags.space && index > 0;
            digits.push_str(if apart { " " } else { "" });
            let marked = self.flags.sharp && (index == 0 || self.flags.space);
            digits.push_str(if marked { prefix } else { "" });
            digits.push_str(&match verb {
                'x' => format!("{byte:02x}"),
                _ => format!("{byte:02X}"),
            });
        }
        self.pad(digits.as_bytes());
    }

    /// Text in its width.
    pub(super) fn pad(&mut self, text: &[u8]) {
        let width = self.flags.width.unwrap_or(0);
        let missing = width.saturating_sub(quote::count(text));
        if self.flags.minus {
            self.sink.push(text);
            self.blanks(missing);
        } else {
            self.blanks(missing);
            self.sink.push(text);
        }
    }

    /// Text that zeros don't stand before.
    pub(super) fn pad_with_blanks(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.sink.push(text);
    }

    /// Blanks, or zeros where the flags say so; never behind something.
    pub(super) fn blanks(&mut self, count: usize) {
        let zero = self.flags.zero && !self.flags.minus;
        self.sink.fill(if zero { b'0' } else { b' ' }, count);
    }
}
