//! Texts, characters and numbers by Go's spelling.

use crate::ast::Number;
use crate::error::Syntax;

/// The text in double quotes or backquotes.
pub(super) fn text(written: &str) -> Result<Vec<u8>, Syntax> {
    let bad = || Syntax::Quoted(written.to_owned());
    let inner = written.get(1..written.len() - 1).ok_or_else(bad)?;
    if written.starts_with('`') {
        return Ok(inner.replace('\r', "").into_bytes());
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        match unescape(&mut rest, '"').ok_or_else(bad)? {
            Unit::Byte(byte) => bytes.push(byte),
            Unit::Char(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    Ok(bytes)
}

/// The number of a character in single quotes.
pub(super) fn character(written: &str) -> Result<Number, Syntax> {
    let bad = || Syntax::Quoted(written.to_owned());
    let mut rest = written.get(1..).ok_or_else(bad)?;
    let unit = unescape(&mut rest, '\'').ok_or_else(bad)?;
    match (rest, unit) {
        ("'", Unit::Byte(byte)) => Ok(Number::Int(byte.into())),
        ("'", Unit::Char(c)) => Ok(Number::Int(u32::from(c).into())),
        _ => Err(bad()),
    }
}

/// A number; its spelling says which type it has.
pub(super) fn number(written: &str) -> Result<Number, Syntax> {
    let bad = || Syntax::Number(written.to_owned());
    let is_hex = written.starts_with("0x") || written.starts_with("0X");
    let is_hex = is_hex && !written.contains(['p', 'P']);
    let looks_float = !is_hex && written.contains(['.', 'e', 'E', 'p', 'P']);
    match whole(written) {
        Some(Number::Int(value)) if looks_float => Ok(Number::Float(value as f64)),
        Some(Number::TooLarge(value)) if looks_float => Ok(Number::Float(value as f64)),
        Some(number) => Ok(number),
        None if looks_float => float(written).map(Number::Float).ok_or_else(bad),
        None => Err(bad()),
    }
}

/// One character of a text, or one byte of it.
enum Unit {
    Byte(u8),
    Char(char),
}

fn unescape(rest: &mut &str, quote: char) -> Option<Unit> {
    let first = take(rest)?;
    if first != '\\' {
        return (first != quote).then_some(Unit::Char(first));
    }
    let control = |byte: u8| Some(Unit::Byte(byte));
    match take(rest)? {
        'a' => control(7),
        'b' => control(8),
        'f' => control(12),
        'n' => control(b'\n'),
        'r' => control(b'\r'),
        't' => control(b'\t'),
        'v' => control(11),
        '\\' => control(b'\\'),
        same if same == quote => Some(Unit::Char(same)),
        'x' => digits(rest, 2, 16)?.try_into().ok().map(Unit::Byte),
        'u' => char::from_u32(digits(rest, 4, 16)?).map(Unit::Char),
        'U' => char::from_u32(digits(rest, 8, 16)?).map(Unit::Char),
        octal @ '0'..='7' => {
            let high = octal.to_digit(8)? * 64;
            let value = high + digits(rest, 2, 8)?;
            value.try_into().ok().map(Unit::Byte)
        }
        _ => None,
    }
}

fn take(rest: &mut &str) -> Option<char> {
    let mut characters = rest.chars();
    let first = characters.next()?;
    *rest = characters.as_str();
    Some(first)
}

fn digits(rest: &mut &str, count: u32, base: u32) -> Option<u32> {
    (0..count).try_fold(0u32, |value, _| {
        let digit = take(rest)?.to_digit(base)?;
        value.checked_mul(base)?.checked_add(digit)
    })
}

/// A whole number, where it is spelled as one.
fn whole(written: &str) -> Option<Number> {
    let unsigned = written.strip_prefix(['+', '-']).unwrap_or(written);
    let lower = unsigned.to_ascii_lowercase();
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8)];
    let found = prefixes
        .into_iter()
        .find_map(|(prefix, base)| Some((lower.strip_prefix(prefix)?, base)));
    let (digits, base) = match found {
        Some(("", 8)) if lower == "0" => ("0", 10),
        Some(found) => found,
        None => (lower.as_str(), 10),
    };
    if digits.starts_with(['+', '-']) || !separates_digits(&lower) {
        return None;
    }
    let value = u64::from_str_radix(&digits.replace('_', ""), base).ok()?;
    signed(value, written)
}

fn signed(value: u64, written: &str) -> Option<Number> {
    if written.starts_with('-') {
        return 0i64.checked_sub_unsigned(value).map(Number::Int);
    }
    match i64::try_from(value) {
        Ok(value) => Some(Number::Int(value)),
        // Go's unsigned numbers have no sign.
        Err(_) if written.starts_with('+') => None,
        Err(_) => Some(Number::TooLarge(value)),
    }
}

/// Underscores stand between digits, or behind the prefix of a base.
fn separates_digits(lower: &str) -> bool {
    let bytes = lower.as_bytes();
    let prefixed = ["0x", "0o", "0b"].iter().any(|p| lower.starts_with(p));
    let hex = lower.starts_with("0x");
    let is_digit = |byte: u8| byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
    let good = |(index, _): (usize, &u8)| {
        let before = index.checked_sub(1).and_then(|index| bytes.get(index));
        let before = before.is_some_and(|byte| is_digit(*byte)) || (prefixed && index == 2);
        before && bytes.get(index + 1).is_some_and(|byte| is_digit(*byte))
    };
    let mut marks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    marks.all(good)
}

fn float(written: &str) -> Option<f64> {
    let unsigned = written.strip_prefix(['+', '-']).unwrap_or(written);
    let lower = unsigned.to_ascii_lowercase();
    if !separates_digits(&lower) {
        return None;
    }
    let plain = lower.replace('_', "");
    let value = match plain.strip_prefix("0x") {
        Some(hex) => hex_float(hex)?,
        None => plain.parse::<f64>().ok()?,
    };
    let value = if written.starts_with('-') {
        -value
    } else {
        value
    };
    value.is_finite().then_some(value)
}

/// `1.8p3`: hexadecimal digits and a power of two.
fn hex_float(hex: &str) -> Option<f64> {
    let (mantissa, exponent) = hex.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{behind}");
    if digits.is_empty() || digits.len() > 30 {
        return None;
    }
    let value = u128::from_str_radix(&digits, 16).ok()? as f64;
    let shift = 4 * i32::try_from(behind.len()).ok()?;
    Some(value * 2f64.powi(exponent.checked_sub(shift)?))
}
