//! Whole numbers: `%d`, `%b`, `%o`, `%O`, `%x`, `%X`, and as characters `%c`, `%q`, `%U`.

use super::printer::Printer;
use super::quote;

/// A number in the base of its verb.
pub(super) fn write(printer: &mut Printer<'_>, number: i64, verb: char) {
    let flags = printer.flags;
    let magnitude = number.unsigned_abs();
    if flags.precision == Some(0) && magnitude == 0 {
        return printer.pad_with_blanks(b"");
    }
    let digits = digits(magnitude, verb);
    let signed = number < 0 || flags.plus || flags.space;
    let zeros = match (flags.precision, flags.width) {
        (Some(precision), _) => precision,
        (None, Some(width)) if flags.zero && !flags.minus => {
            width - usize::from(signed && width > 0)
        }
        _ => 0,
    };
    let mut text = String::new();
    text.push_str(sign(number, flags.plus, flags.space));
    let filled = zeros.saturating_sub(digits.len());
    text.push_str(prefix(
        flags.sharp,
        verb,
        filled > 0 || digits.starts_with('0'),
    ));
    text.extend(std::iter::repeat_n('0', filled));
    text.push_str(&digits);
    printer.pad_with_blanks(text.as_bytes());
}

/// `%#v` of Go's `uint8`.
pub(super) fn write_go_byte(printer: &mut Printer<'_>, number: i64) {
    let sharp = std::mem::replace(&mut printer.flags.sharp, true);
    write(printer, number, 'x');
    printer.flags.sharp = sharp;
}

/// A number as the character that it stands for.
pub(super) fn write_char(printer: &mut Printer<'_>, number: i64, verb: char) {
    let c = u32::try_from(number).ok().and_then(char::from_u32);
    let shown = c.unwrap_or(char::REPLACEMENT_CHARACTER);
    match verb {
        'c' => printer.pad(shown.to_string().as_bytes()),
        'q' => {
            let quoted = quote::character(shown, printer.flags.plus);
            printer.pad(quoted.as_bytes());
        }
        _ => write_unicode(printer, number, c),
    }
}

fn write_unicode(printer: &mut Printer<'_>, number: i64, c: Option<char>) {
    let digits = printer.flags.precision.unwrap_or(0).max(4);
    let hex = format!("{number:X}");
    let zeros = "0".repeat(digits.saturating_sub(hex.len()));
    let mut text = format!("U+{zeros}{hex}");
    if let Some(c) = c.filter(|c| printer.flags.sharp && quote::is_printable(*c)) {
        text.push_str(&format!(" '{c}'"));
    }
    printer.pad_with_blanks(text.as_bytes());
}

fn digits(magnitude: u64, verb: char) -> String {
    match verb {
        'b' => format!("{magnitude:b}"),
        'o' | 'O' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        _ => magnitude.to_string(),
    }
}

fn sign(number: i64, plus: bool, space: bool) -> &'static str {
    match () {
        () if number < 0 => "-",
        () if plus => "+",
        () if space => " ",
        () => "",
    }
}

fn prefix(sharp: bool, verb: char, begins_with_zero: bool) -> &'static str {
    match verb {
        'O' if sharp && !begins_with_zero => "0o0",
        'O' => "0o",
        'b' if sharp => "0b",
        'o' if sharp && !begins_with_zero => "0",
        'x' if sharp => "0x",
        'X' if sharp => "0X",
        _ => "",
    }
}
