//! Values as text, by Go's `fmt`.

mod binary;
mod directive;
mod float;
mod integer;
mod printer;
pub(crate) mod quote;

use crate::ast::Span;
use crate::error::{CallFault, Fault};
use crate::render::{Failure, Limits};
use crate::value::Value;
use printer::{Flags, Printer};

/// Where text goes. Over a limit it takes no more, and says so when it is asked.
pub(crate) struct Sink {
    bytes: Vec<u8>,
    limits: Limits,
    fault: Option<CallFault>,
}

impl Sink {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            bytes: Vec::new(),
            limits,
            fault: None,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        match self.bytes.len() + bytes.len() > self.limits.output {
            true => self.fail(CallFault::Output(self.limits.output)),
            false => self.bytes.extend_from_slice(bytes),
        }
    }

    pub(crate) fn push_char(&mut self, c: char) {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `count` times the same.
    pub(crate) fn fill(&mut self, byte: u8, count: usize) {
        match self.bytes.len() + count > self.limits.output {
            true => self.fail(CallFault::Output(self.limits.output)),
            false => self.bytes.resize(self.bytes.len() + count, byte),
        }
    }

    /// The first fault is the one that is told.
    fn fail(&mut self, fault: CallFault) {
        self.fault.get_or_insert(fault);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.fault.is_some()
    }

    /// The fault of a template's own output.
    pub(crate) fn check(&self, at: Span) -> Result<(), Failure> {
        match &self.fault {
            None => Ok(()),
            Some(CallFault::TooDeep(depth)) => Err((at, Fault::TooDeep(*depth))),
            Some(_) => Err((at, Fault::Output(self.limits.output))),
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The fault of a function's text.
    fn finish(self) -> Result<Vec<u8>, CallFault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.bytes),
        }
    }
}

/// A value as an action prints it.
pub(crate) fn print(sink: &mut Sink, value: &Value<'_>) {
    Printer::new(sink, Flags::default()).argument(value, 'v');
}

/// Values with blanks between two that are no texts.
pub(crate) fn joined(values: &[Value<'_>], limits: Limits) -> Result<Vec<u8>, CallFault> {
    let mut sink = Sink::new(limits);
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::Text(_));
        if !is_text && !after_text {
            sink.push(b" ");
        }
        print(&mut sink, value);
        after_text = is_text;
    }
    sink.finish()
}

/// `print`
pub(crate) fn sprint<'a>(values: &[Value<'a>], limits: Limits) -> Result<Value<'a>, CallFault> {
    joined(values, limits).map(Value::text)
}

/// `println`
pub(crate) fn sprintln<'a>(values: &[Value<'a>], limits: Limits) -> Result<Value<'a>, CallFault> {
    let mut sink = Sink::new(limits);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            sink.push(b" ");
        }
        print(&mut sink, value);
    }
    sink.push(b"\n");
    sink.finish().map(Value::text)
}

/// `printf`
pub(crate) fn sprintf<'a>(values: &[Value<'a>], limits: Limits) -> Result<Value<'a>, CallFault> {
    let mut sink = Sink::new(limits);
    if let Some((Value::Text(format), arguments)) = values.split_first() {
        directive::run(&mut sink, format, arguments);
    }
    sink.finish().map(Value::text)
}
