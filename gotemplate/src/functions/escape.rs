//! Texts for other languages: `html`, `js`, `urlquery`; and out of Base64.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::CallFault;
use crate::format::{joined, quote};
use crate::render::Limits;
use crate::value::{Text, Value};

type Answer<'a> = Result<Value<'a>, CallFault>;

/// As Go reads it: with its padding, whatever the last bits are.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn html<'a>(values: &[Value<'a>], limits: Limits) -> Answer<'a> {
    escaped(values, limits, |byte, out| {
        let entity: &[u8] = match byte {
            0 => "\u{fffd}".as_bytes(),
            b'"' => b"&#34;",
            b'\'' => b"&#39;",
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            other => return out.push(other),
        };
        out.extend_from_slice(entity);
    })
}

pub(super) fn urlquery<'a>(values: &[Value<'a>], limits: Limits) -> Answer<'a> {
    escaped(values, limits, |byte, out| match byte {
        b' ' => out.push(b'+'),
        b'-' | b'_' | b'.' | b'~' => out.push(byte),
        _ if byte.is_ascii_alphanumeric() => out.push(byte),
        _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
    })
}

pub(super) fn js<'a>(values: &[Value<'a>], limits: Limits) -> Answer<'a> {
    let text = argument(values, limits)?;
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|c| js_char(c, &mut out));
        out.extend_from_slice(chunk.invalid());
    }
    bounded(out, limits)
}

fn js_char(c: char, out: &mut Vec<u8>) {
    let escape = match c {
        '\\' | '\'' | '"' => format!("\\{c}"),
        '<' | '>' | '&' | '=' | '\0'..' ' => format!("\\u{:04X}", u32::from(c)),
        _ if c.is_ascii() || quote::is_printable(c) => c.to_string(),
        _ => format!("\\u{:04X}", u32::from(c)),
    };
    out.extend_from_slice(escape.as_bytes());
}

pub(super) fn base64decode<'a>(values: &[Value<'a>], _: Limits) -> Answer<'a> {
    let Some(Value::Text(text)) = values.first() else {
        return Err(CallFault::NoFunction("nil"));
    };
    let mut text = text.to_vec();
    text.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    let bytes = BASE64.decode(text).map_err(CallFault::Base64)?;
    Ok(Value::text(bytes))
}

fn escaped<'a>(
    values: &[Value<'a>],
    limits: Limits,
    escape: impl Fn(u8, &mut Vec<u8>),
) -> Answer<'a> {
    let text = argument(values, limits)?;
    let mut out = Vec::with_capacity(text.len());
    text.iter().for_each(|byte| escape(*byte, &mut out));
    bounded(out, limits)
}

/// The arguments as one text. Unlike `print`, these functions show nil as an action does.
fn argument<'a>(values: &[Value<'a>], limits: Limits) -> Result<Vec<u8>, CallFault> {
    let shown = |value: &Value<'a>| match value {
        nil if nil.is_nil() => Value::Text(Text::Borrowed(b"<no value>")),
        value => value.clone(),
    };
    let values: Vec<_> = values.iter().map(shown).collect();
    joined(&values, limits)
}

fn bounded<'a>(text: Vec<u8>, limits: Limits) -> Answer<'a> {
    match text.len() > limits.output {
        true => Err(CallFault::Output(limits.output)),
        false => Ok(Value::text(text)),
    }
}
