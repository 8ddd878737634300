//! A verdict as it lies in a guest's memory from address 0, by the canonical ABI.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use serde_json::Value;

use crate::relay::{DENIES, ROOM, WARNS};

/// Bytes of a verdict's own record: what it is, and two lists.
const HEAD: usize = 20;
/// Pieces of pointers and values, legal and not.
const WORDS: [&str; 24] = [
    "",
    "/spec",
    "/metadata",
    "/metadata/name",
    "/kind",
    "/spec/items/0",
    "/spec/items/-",
    "/a~1b",
    "/a~2",
    "spec",
    "/",
    "/metadata/annotations",
    "null",
    "{}",
    "[]",
    "7",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "[[[",
    "\"text\"",
    "\u{1b}[31m",
    "BAD001",
    "BAD002",
    "BAD003",
];

/// One finding as the guest says it.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Vec<u8>,
    pub(crate) denies: bool,
    pub(crate) path: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) fix: Vec<u8>,
}

/// One operation as the guest says it: 0 adds, 1 replaces, 2 removes, others are nothing.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) what: u8,
    pub(crate) path: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// What the guest says.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) findings: Vec<Said>,
    pub(crate) operations: Vec<Done>,
}

impl Statement {
    /// Any statement.
    pub(crate) fn any(from: &mut Unstructured<'_>) -> Result<Self> {
        let findings = from.int_in_range(0..=4)?;
        let findings: Result<Vec<_>> = (0..findings).map(|_| Said::any(from)).collect();
        let operations = from.int_in_range(0..=6)?;
        let operations: Result<Vec<_>> = (0..operations).map(|_| Done::any(from)).collect();
        Ok(Self {
            findings: findings?,
            operations: operations?,
        })
    }

    /// Whether the contract lets a policy say this; the operations must be few enough.
    pub(crate) fn is_legal(&self) -> bool {
        self.findings.iter().all(Said::is_legal) && self.operations.iter().all(Done::is_legal)
    }

    /// How it lies in memory; nothing where there is no room for it.
    pub(crate) fn image(&self) -> Option<Vec<u8>> {
        let mut image = Image(vec![0; HEAD]);
        let findings: Vec<Vec<u8>> = self
            .findings
            .iter()
            .map(|said| said.record(&mut image))
            .collect();
        let operations: Vec<Vec<u8>> = self
            .operations
            .iter()
            .map(|done| done.record(&mut image))
            .collect();
        let lists = [findings, operations].map(|list| (image.put(&list.concat()), list.len()));
        for (index, (at, count)) in lists.into_iter().enumerate() {
            let place = 4 + 8 * index;
            image.0[place..place + 8].copy_from_slice(&span(at, count));
        }
        (image.0.len() <= ROOM).then_some(image.0)
    }
}

impl Said {
    fn any(from: &mut Unstructured<'_>) -> Result<Self> {
        let code = match from.int_in_range(0..=7_u8)? {
            0 => text(from)?,
            odd if odd % 2 == 1 => DENIES.into(),
            _ => WARNS.into(),
        };
        Ok(Self {
            code,
            denies: bool::arbitrary(from)?,
            path: text(from)?,
            message: text(from)?,
            fix: text(from)?,
        })
    }

    fn is_legal(&self) -> bool {
        let code = match std::str::from_utf8(&self.code) {
            Ok(DENIES) => true,
            Ok(WARNS) => !self.denies,
            _ => false,
        };
        let texts = [&self.path, &self.message, &self.fix];
        let fits = |text: &&Vec<u8>| text.len() <= 4_096 && std::str::from_utf8(text).is_ok();
        code && texts.iter().all(fits) && is_pointer(&self.path)
    }

    fn record(&self, image: &mut Image) -> Vec<u8> {
        let mut record = image.text(&self.code).to_vec();
        record.extend(u32::from(!self.denies).to_le_bytes());
        for text in [&self.path, &self.message, &self.fix] {
            record.extend(image.text(text));
        }
        record
    }
}

impl Done {
    fn any(from: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Self {
            what: from.int_in_range(0..=3)?,
            path: text(from)?,
            value: text(from)?,
        })
    }

    fn is_legal(&self) -> bool {
        let has_value = match self.what {
            0 | 1 => value(&self.value).is_some(),
            what => what == 2,
        };
        has_value && is_pointer(&self.path)
    }

    fn record(&self, image: &mut Image) -> Vec<u8> {
        let mut record = u32::from(self.what).to_le_bytes().to_vec();
        record.extend(image.text(&self.path));
        record.extend(image.text(&self.value));
        record
    }
}

/// The JSON of an operation's value, if it is one.
pub(crate) fn value(text: &[u8]) -> Option<Value> {
    std::str::from_utf8(text).ok()?;
    admission::parse_json(text).ok()
}

fn is_pointer(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let mut after_tilde = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/'))
        && after_tilde.all(|rest| rest.starts_with(['0', '1']))
}

/// A few words, or any bytes, maybe again and again.
fn text(from: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for _ in 0..from.int_in_range(0..=2)? {
        text.extend(from.choose(&WORDS)?.as_bytes());
    }
    if from.ratio(1, 8)? {
        let length = from.int_in_range(0..=16)?;
        text.extend(from.bytes(length.min(from.len()))?);
    }
    match from.ratio(1, 16)? {
        true => Ok(text.repeat(usize::from(u16::arbitrary(from)?) % 2_000)),
        false => Ok(text),
    }
}

fn span(at: usize, count: usize) -> [u8; 8] {
    let word = |word: usize| u32::try_from(word).unwrap_or(u32::MAX).to_le_bytes();
    let mut span = [0; 8];
    span[..4].copy_from_slice(&word(at));
    span[4..].copy_from_slice(&word(count));
    span
}

/// The memory, written from its beginning.
struct Image(Vec<u8>);

impl Image {
    fn text(&mut self, text: &[u8]) -> [u8; 8] {
        span(self.put(text), text.len())
    }

    fn put(&mut self, bytes: &[u8]) -> usize {
        let at = self.0.len().next_multiple_of(4);
        self.0.resize(at, 0);
        self.0.extend(bytes);
        at
    }
}
