//! `printf`: a format's verbs, with flags, width, precision and arguments by number. What is wrong
//! in a format is printed, as in `%!d(MISSING)`; it is no error.

use super::Sink;
use super::printer::{Flags, Printer};
use crate::value::Value;

/// Widths and precisions above this are none.
const MAX_SIZE: i64 = 1_000_000;

/// Goes through a format.
struct Format<'f, 'a> {
    text: &'f [u8],
    next: usize,
    arguments: &'f [Value<'a>],
    /// The next argument.
    argument: usize,
    /// Was one asked for by its number?
    reordered: bool,
    /// Was that number good, and where it may stand?
    good_number: bool,
    after_number: bool,
}

/// Prints by a format.
pub(super) fn run(sink: &mut Sink, format: &[u8], arguments: &[Value<'_>]) {
    let mut format = Format {
        text: format,
        next: 0,
        arguments,
        argument: 0,
        reordered: false,
        good_number: true,
        after_number: false,
    };
    while !format.rest().is_empty() && !sink.is_full() {
        let rest = format.rest();
        let plain = rest.iter().position(|byte| *byte == b'%');
        let plain = plain.unwrap_or(rest.len());
        sink.push(&rest[..plain]);
        format.next += plain + 1;
        if plain < rest.len() {
            format.directive(sink);
        }
    }
    format.extra(sink);
}

impl<'f> Format<'f, '_> {
    fn directive(&mut self, sink: &mut Sink) {
        self.good_number = true;
        self.after_number = false;
        let mut flags = self.flags();
        self.number();
        self.width(&mut flags, sink);
        self.precision(&mut flags, sink);
        if !self.after_number {
            self.number();
        }
        let Some(verb) = self.verb() else {
            return sink.push(b"%!(NOVERB)");
        };
        let argument = self.arguments.get(self.argument);
        match (verb, argument) {
            ('%', _) => sink.push(b"%"),
            (_, Some(value)) if self.good_number => {
                self.argument += 1;
                if matches!(verb, 'v' | 'w') {
                    flags.go_syntax = std::mem::take(&mut flags.sharp);
                    flags.plus = false;
                }
                Printer::new(sink, flags).argument(value, verb);
            }
            (verb, _) => {
                sink.push(b"%!");
                sink.push_char(verb);
                let why = if self.good_number {
                    "(MISSING)"
                } else {
                    "(BADINDEX)"
                };
                sink.push(why.as_bytes());
            }
        }
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        loop {
            match self.rest().first() {
                Some(b'#') => flags.sharp = true,
                Some(b'0') => flags.zero = true,
                Some(b'+') => flags.plus = true,
                Some(b'-') => flags.minus = true,
                Some(b' ') => flags.space = true,
                _ => return flags,
            }
            self.next += 1;
        }
    }

    /// `[2]`: the second argument is next.
    fn number(&mut self) {
        self.after_number = false;
        if self.rest().first() != Some(&b'[') {
            return;
        }
        self.reordered = true;
        let end = self.rest().iter().position(|byte| *byte == b']');
        let Some(end) = end.filter(|_| self.rest().len() > 2) else {
            self.good_number = false;
            self.next += 1;
            return;
        };
        let inner = &self.rest()[1..end];
        let (number, length) = digits(inner);
        self.next += end + 1;
        let number = number.filter(|_| length == inner.len());
        self.after_number = number.is_some();
        let place = number.and_then(|number| usize::try_from(number - 1).ok());
        match place.filter(|place| *place < self.arguments.len()) {
            Some(place) => self.argument = place,
            None => self.good_number = false,
        }
    }

    fn width(&mut self, flags: &mut Flags, sink: &mut Sink) {
        if self.accept(b'*') {
            let Some(width) = self.size() else {
                return sink.push(b"%!(BADWIDTH)");
            };
            flags.width = usize::try_from(width.abs()).ok();
            if width < 0 {
                flags.minus = true;
                flags.zero = false;
            }
            return;
        }
        let width = self.digits();
        if width.is_some() && self.after_number {
            self.good_number = false;
        }
        flags.width = width;
    }

    fn precision(&mut self, flags: &mut Flags, sink: &mut Sink) {
        // At the very end Go takes the point for a verb.
        if self.rest().len() < 2 || !self.accept(b'.') {
            return;
        }
        if self.after_number {
            self.good_number = false;
        }
        self.number();
        if self.accept(b'*') {
            let size = self.size();
            flags.precision = size.and_then(|size| usize::try_from(size).ok());
            if flags.precision.is_none() {
                sink.push(b"%!(BADPREC)");
            }
            return;
        }
        flags.precision = Some(self.digits().unwrap_or(0));
    }

    /// A width or precision that is an argument.
    fn size(&mut self) -> Option<i64> {
        self.after_number = false;
        let value = self.arguments.get(self.argument)?;
        self.argument += 1;
        value.whole().filter(|size| size.abs() <= MAX_SIZE)
    }

    fn digits(&mut self) -> Option<usize> {
        let (number, length) = digits(self.rest());
        self.next += length;
        number.and_then(|number| usize::try_from(number).ok())
    }

    fn verb(&mut self) -> Option<char> {
        let rest = self.rest();
        let first = &rest[..rest.len().min(4)];
        let chunk = first.utf8_chunks().next()?;
        let verb = chunk.valid().chars().next();
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        let is_valid = !chunk.valid().is_empty();
        self.next += if is_valid { verb.len_utf8() } else { 1 };
        Some(verb)
    }

    /// Arguments that no verb asked for.
    fn extra(&self, sink: &mut Sink) {
        let extra = self.arguments.get(self.argument..).unwrap_or_default();
        if self.reordered || extra.is_empty() {
            return;
        }
        sink.push(b"%!(EXTRA ");
        for (index, value) in extra.iter().enumerate() {
            if index > 0 {
                sink.push(b", ");
            }
            if !value.is_nil() {
                sink.push(value.kind().as_bytes());
                sink.push(b"=");
            }
            super::print(sink, value);
        }
        sink.push(b")");
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.rest().first() == Some(&byte);
        self.next += usize::from(found);
        found
    }

    fn rest(&self) -> &'f [u8] {
        self.text.get(self.next..).unwrap_or_default()
    }
}

/// A number in front, and its length. One that is too large takes all the rest with it.
fn digits(text: &[u8]) -> (Option<i64>, usize) {
    let mut number = None;
    for (index, byte) in text.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return (number, index);
        }
        let before = number.unwrap_or(0);
        if before > MAX_SIZE {
            return (None, text.len());
        }
        number = Some(before * 10 + i64::from(byte - b'0'));
    }
    (number, text.len())
}
