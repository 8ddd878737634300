//! From JSON text to the index of a [`Document`](crate::Document), in one pass.
//!
//! It takes what `serde_json` takes (a test compares the two), and builds no values. Strings are
//! looked through eight bytes at a time: most of an object is strings.

use std::cell::OnceCell;
use std::fmt;

use crate::document::{Entry, Escaped, Index, Kind, Name, Span};

/// Levels of nesting, as in `serde_json`.
const MAX_DEPTH: u8 = 128;

/// Bytes of text to an entry in common objects: what is reserved at once.
const BYTES_PER_ENTRY: usize = 16;

/// Why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What should stand there.
    pub expected: &'static str,
    /// Where, in bytes.
    pub at: usize,
}

/// The index of a text, and its strings with escapes.
pub(crate) fn parse(text: &str) -> Result<(Vec<Entry>, Vec<Escaped>), JsonError> {
    if u32::try_from(text.len()).is_err() {
        let (expected, at) = ("less than 4 GiB of text", text.len());
        return Err(JsonError { expected, at });
    }
    let mut parser = Parser {
        text: text.as_bytes(),
        at: 0,
        entries: Vec::with_capacity(text.len() / BYTES_PER_ENTRY),
        escaped: Vec::new(),
    };
    parser.value(Name::Root, 0, MAX_DEPTH)?;
    parser.skip_space();
    match parser.at == text.len() {
        true => Ok((parser.entries, parser.escaped)),
        false => Err(parser.expected("the end")),
    }
}

/// What a string with escapes, which was checked when it was parsed, says.
pub(crate) fn unescape(raw: &str) -> Box<str> {
    let mut text = String::with_capacity(raw.len());
    let mut parts = raw.split('\\');
    text.push_str(parts.next().unwrap_or_default());
    let mut high = None;
    while let Some(part) = parts.next() {
        let mut rest = part.chars();
        match rest.next() {
            // Two backslashes: the second one is a character, and what follows it is plain.
            None => {
                text.push('\\');
                text.push_str(parts.next().unwrap_or_default());
                continue;
            }
            Some('u') => push_unit(&mut text, &mut high, part),
            Some(escape) => text.push(control(escape)),
        }
        let hex = if part.starts_with('u') { 5 } else { 1 };
        text.push_str(part.get(hex..).unwrap_or_default());
    }
    text.into_boxed_str()
}

/// The code unit in `u12ab...`, or the first of two that make one character.
fn push_unit(text: &mut String, high: &mut Option<u16>, part: &str) {
    let digits = part.get(1..5).unwrap_or_default();
    let unit = u16::from_str_radix(digits, 16).unwrap_or_default();
    let units: Vec<u16> = high.take().into_iter().chain([unit]).collect();
    match char::decode_utf16(units).next() {
        Some(Ok(character)) => text.push(character),
        _ => *high = Some(unit),
    }
}

fn control(escape: char) -> char {
    match escape {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    entries: Vec<Entry>,
    escaped: Vec<Escaped>,
}

impl Parser<'_> {
    fn value(&mut self, name: Name, parent: Index, depth: u8) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => {
                let value = self.string()?;
                self.push(Kind::Text, name, value, parent);
                Ok(())
            }
            Some(b'{') => self.container(Kind::Object, name, parent, depth),
            Some(b'[') => self.container(Kind::List, name, parent, depth),
            Some(b'-' | b'0'..=b'9') => self.number(name, parent),
            Some(b'n') => self.literal("null", Kind::Null, name, parent),
            Some(b't') => self.literal("true", Kind::True, name, parent),
            Some(b'f') => self.literal("false", Kind::False, name, parent),
            _ => Err(self.expected("a value")),
        }
    }

    fn container(
        &mut self,
        kind: Kind,
        name: Name,
        parent: Index,
        depth: u8,
    ) -> Result<(), JsonError> {
        let below = depth.checked_sub(1).filter(|below| *below > 0);
        let below = below.ok_or_else(|| self.expected("fewer levels of nesting"))?;
        let start = self.at;
        let own = self.push(kind, name, self.span(start), parent);
        self.at += 1;
        match kind {
            Kind::Object => self.members(own, below)?,
            _ => self.elements(own, below)?,
        }
        let (value, next) = (self.span(start), self.next());
        let entry = &mut self.entries[own as usize];
        (entry.value, entry.next) = (value, next);
        Ok(())
    }

    fn members(&mut self, own: Index, below: u8) -> Result<(), JsonError> {
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.expected("a name in quotes"));
            }
            let name = Name::Key(self.string()?);
            if self.peek() != Some(b':') {
                return Err(self.expected("a colon"));
            }
            self.at += 1;
            self.value(name, own, below)?;
            if self.ends(b'}')? {
                return Ok(());
            }
        }
    }

    fn elements(&mut self, own: Index, below: u8) -> Result<(), JsonError> {
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let mut ordinal = 0;
        loop {
            self.value(Name::Ordinal(ordinal), own, below)?;
            ordinal += 1;
            if self.ends(b']')? {
                return Ok(());
            }
        }
    }

    /// Whether a container ends here; a comma says that it goes on.
    fn ends(&mut self, closing: u8) -> Result<bool, JsonError> {
        let found = self.peek();
        let ends = found == Some(closing);
        if !ends && found != Some(b',') {
            return Err(self.expected("a comma or the end of a container"));
        }
        self.at += 1;
        Ok(ends)
    }

    /// The string whose first quote stands here.
    fn string(&mut self) -> Result<Span, JsonError> {
        self.at += 1;
        let start = self.at;
        let mut is_escaped = false;
        loop {
            self.skip_plain();
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.expected("the end of a string")),
            }
        }
        let span = self.span(start);
        self.at += 1;
        if is_escaped {
            let (start, text) = (span.start, OnceCell::new());
            self.escaped.push(Escaped { start, text });
        }
        Ok(span)
    }

    /// Moves on to the next quote, backslash or control character.
    fn skip_plain(&mut self) {
        while let Some(word) = self.text.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let special = special_bytes(u64::from_le_bytes(*word));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.text.get(self.at)
            && *byte >= b' '
            && !matches!(byte, b'"' | b'\\')
        {
            self.at += 1;
        }
    }

    /// The escape whose backslash stands here.
    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.text.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => self.character(),
            _ => Err(self.expected("an escape")),
        }
    }

    /// The `u` of an escape: one code unit, or two that make a character.
    fn character(&mut self) -> Result<(), JsonError> {
        let is_low = |unit| (0xdc00..=0xdfff).contains(&unit);
        let first = self.unit()?;
        if is_low(first) {
            return Err(self.expected("the first half of a character"));
        }
        if !(0xd800..=0xdbff).contains(&first) {
            return Ok(());
        }
        if self.text.get(self.at..self.at + 2) != Some(b"\\u") {
            return Err(self.expected("the second half of a character"));
        }
        self.at += 1;
        match self.unit()? {
            second if is_low(second) => Ok(()),
            _ => Err(self.expected("the second half of a character")),
        }
    }

    /// `u` and four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at + 1..self.at + 5).unwrap_or_default();
        let mut unit = 0;
        for digit in digits {
            let value = char::from(*digit).to_digit(16);
            unit = unit * 16 + value.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        }
        if digits.is_empty() {
            return Err(self.expected("four hexadecimal digits"));
        }
        self.at += 5;
        Ok(unit)
    }

    fn number(&mut self, name: Name, parent: Index) -> Result<(), JsonError> {
        let start = self.at;
        self.at += usize::from(self.text[start] == b'-');
        match self.text.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        let value = self.span(start);
        self.check_size(value)?;
        self.push(Kind::Number, name, value, parent);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => Err(self.expected("a digit")),
        }
    }

    /// A number with few characters is finite, unless its exponent is large.
    fn check_size(&self, value: Span) -> Result<(), JsonError> {
        let text = &self.text[value.start as usize..value.end as usize];
        let is_small = text.len() < 300 && !text.iter().any(|byte| matches!(byte, b'e' | b'E'));
        let number = || std::str::from_utf8(text).ok()?.parse::<f64>().ok();
        match is_small || number().is_some_and(f64::is_finite) {
            true => Ok(()),
            false => Err(self.expected("a number of at most 1e308 before here")),
        }
    }

    fn literal(
        &mut self,
        literal: &str,
        kind: Kind,
        name: Name,
        parent: Index,
    ) -> Result<(), JsonError> {
        let start = self.at;
        let end = start + literal.len();
        if self.text.get(start..end) != Some(literal.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at = end;
        self.push(kind, name, self.span(start), parent);
        Ok(())
    }

    fn push(&mut self, kind: Kind, name: Name, value: Span, parent: Index) -> Index {
        let own = self.next();
        self.entries.push(Entry {
            kind,
            name,
            value,
            parent,
            next: own + 1,
        });
        own
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// From `start` to here; a text has less than 4 GiB.
    fn span(&self, start: usize) -> Span {
        Span {
            start: start as u32,
            end: self.at as u32,
        }
    }

    /// The next index: there are fewer values than bytes.
    fn next(&self) -> Index {
        self.entries.len() as u32
    }

    fn expected(&self, expected: &'static str) -> JsonError {
        let at = self.at;
        JsonError { expected, at }
    }
}

/// The highest bit of each byte that is a quote, a backslash or a control character; exact up to
/// the first of them.
fn special_bytes(word: u64) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let is_below = |word: u64, limit: u8| word.wrapping_sub(each(limit)) & !word;
    let quotes = is_below(word ^ each(b'"'), 1);
    let backslashes = is_below(word ^ each(b'\\'), 1);
    (is_below(word, b' ') | quotes | backslashes) & each(0x80)
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, at } = self;
        write!(f, "expected {expected} at byte {at}")
    }
}

impl std::error::Error for JsonError {}
