//! Fractions: `%g`, `%e`, `%f`. The digits are Rust's, which are the shortest that are exact, or
//! correctly rounded, as Go's are.

use super::binary;
use super::printer::{Flags, Printer};

/// No float has more digits than this that aren't zero.
const MAX_DIGITS: usize = 1100;

/// Digits without zeros at the end, and the place of the point among them.
struct Decimal {
    digits: String,
    point: i32,
}

/// A float by its verb.
pub(super) fn write(printer: &mut Printer<'_>, number: f64, verb: char) {
    let flags = printer.flags;
    let default = matches!(verb, 'e' | 'E' | 'f' | 'F').then_some(6);
    let precision = flags.precision.or(default);
    let mut text = if number.is_finite() {
        magnitude(number.abs(), verb, precision)
    } else {
        "Inf".to_owned()
    };
    if flags.sharp && verb != 'b' {
        text = with_point(&text, verb, precision);
    }
    let sign = match () {
        () if number.is_sign_negative() => "-",
        () if flags.plus => "+",
        () if flags.space => " ",
        () => "",
    };
    pad(printer, sign, &text, flags);
}

/// Zeros stand behind the sign.
fn pad(printer: &mut Printer<'_>, sign: &str, text: &str, flags: Flags) {
    let length = sign.len() + text.len();
    let width = flags.width.unwrap_or(0);
    if !sign.is_empty() && flags.zero && !flags.minus && width > length {
        printer.push(sign.as_bytes());
        printer.blanks(width - length);
        printer.push(text.as_bytes());
    } else {
        printer.pad(format!("{sign}{text}").as_bytes());
    }
}

fn magnitude(number: f64, verb: char, precision: Option<usize>) -> String {
    match (verb, precision) {
        ('e' | 'E', precision) => {
            let precision = precision.unwrap_or(6);
            let decimal = decimal(number, Some(precision.saturating_add(1)));
            exponential(&decimal, precision, verb)
        }
        ('f' | 'F', precision) => fixed(number, precision.unwrap_or(6)),
        ('b', _) => binary::binary(number),
        ('x' | 'X', precision) => binary::hexadecimal(number, verb, precision),
        (_, precision) => general(number, verb, precision.map(|digits| digits.max(1))),
    }
}

fn general(number: f64, verb: char, precision: Option<usize>) -> String {
    let decimal = decimal(number, precision);
    let count = decimal.digits.len();
    let point = usize::try_from(decimal.point).unwrap_or(0);
    let large = match precision {
        None => 6,
        Some(precision) if precision > count && count >= point => count,
        Some(precision) => precision,
    };
    let exponent = decimal.point - 1;
    let is_large = usize::try_from(exponent).is_ok_and(|exponent| exponent >= large);
    if exponent < -4 || is_large {
        let behind = precision.unwrap_or(count).min(count).saturating_sub(1);
        let letter = if verb == 'G' { 'E' } else { 'e' };
        return exponential(&decimal, behind, letter);
    }
    plain(&decimal)
}

/// The shortest digits, or so many.
fn decimal(number: f64, digits: Option<usize>) -> Decimal {
    let written = match digits {
        None => format!("{number:e}"),
        Some(digits) => format!("{:.*e}", digits.clamp(1, MAX_DIGITS) - 1, number),
    };
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0').to_owned();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let point = if digits.is_empty() { 0 } else { exponent + 1 };
    Decimal { digits, point }
}

/// `1.5e+06`
fn exponential(decimal: &Decimal, behind: usize, letter: char) -> String {
    let first = decimal.digits.get(..1).unwrap_or("0");
    let rest = decimal.digits.get(1..).unwrap_or_default();
    let mut text = first.to_owned();
    if behind > 0 {
        text.push('.');
        text.push_str(rest.get(..behind).unwrap_or(rest));
        text.extend(std::iter::repeat_n('0', behind.saturating_sub(rest.len())));
    }
    let exponent = if decimal.digits.is_empty() {
        0
    } else {
        decimal.point - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("{letter}{sign}{:02}", exponent.abs()));
    text
}

/// `1500`, `0.0015`: all digits and no more.
fn plain(decimal: &Decimal) -> String {
    let Decimal { digits, point } = decimal;
    let before = usize::try_from(*point).unwrap_or(0);
    let zeros = "0".repeat(usize::try_from(-point).unwrap_or(0));
    match digits.get(before..) {
        _ if digits.is_empty() => "0".to_owned(),
        None | Some("") => format!("{digits}{}", "0".repeat(before - digits.len())),
        Some(rest) if before == 0 => format!("0.{zeros}{rest}"),
        Some(rest) => format!("{}.{rest}", &digits[..before]),
    }
}

fn fixed(number: f64, precision: usize) -> String {
    let exact = precision.min(MAX_DIGITS);
    let mut text = format!("{number:.exact$}");
    text.extend(std::iter::repeat_n('0', precision - exact));
    text
}

/// `#`: a point in any case, and the zeros that `%g` leaves out.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let marks: &[char] = match verb {
        'x' | 'X' => &['p', 'P'],
        _ => &['e', 'E'],
    };
    let split = text.find(marks).unwrap_or(text.len());
    let (number, exponent) = text.split_at(split);
    let mut number = number.to_owned();
    let wanted = match verb {
        'v' | 'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    // Go counts the x of 0x, too.
    let significant = number.trim_start_matches(['0', '.']);
    let mut found = significant.chars().filter(|c| *c != '.').count();
    if !number.contains('.') {
        found += usize::from(number == "0");
        number.push('.');
    }
    number.extend(std::iter::repeat_n('0', wanted.saturating_sub(found)));
    number + exponent
}
