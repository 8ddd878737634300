//! Texts in quotes as Go writes them, and what counts as a character of a text.

use super::printer::Printer;

/// A text in quotes: `%q`, or a text of `%#v`.
pub(super) fn write(printer: &mut Printer<'_>, text: &[u8]) {
    let flags = printer.flags;
    let text = printer.cut(text);
    if let Some(raw) = std::str::from_utf8(text).ok().filter(|_| flags.sharp)
        && raw.chars().all(may_stand_in_backquotes)
    {
        return printer.pad(format!("`{raw}`").as_bytes());
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            push(&mut quoted, c, '"', flags.plus);
        }
        for byte in chunk.invalid() {
            quoted.push_str(&format!("\\x{byte:02x}"));
        }
    }
    quoted.push('"');
    printer.pad(quoted.as_bytes());
}

/// A character in quotes.
pub(super) fn character(c: char, ascii: bool) -> String {
    let mut quoted = "'".to_owned();
    push(&mut quoted, c, '\'', ascii);
    quoted.push('\'');
    quoted
}

/// Does it have ink, or is it a plain blank? By the categories of Unicode, as Go has it.
pub(crate) fn is_printable(c: char) -> bool {
    // Rust's own table has the same categories. Combining characters are escaped only in front.
    let behind = ['a', c].iter().collect::<String>();
    matches!(c, '"' | '\'' | '\\') || behind.escape_debug().count() == 2
}

/// How many characters there are; each byte that is no UTF-8 is one.
pub(super) fn count(text: &[u8]) -> usize {
    let counts = text.utf8_chunks();
    let counts = counts.map(|chunk| chunk.valid().chars().count() + chunk.invalid().len());
    counts.sum()
}

/// The bytes of the first so many characters.
pub(super) fn length_of(text: &[u8], characters: usize) -> usize {
    let lengths = text.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().map(char::len_utf8);
        valid.chain(chunk.invalid().iter().map(|_| 1))
    });
    lengths.take(characters).sum()
}

fn push(quoted: &mut String, c: char, quote: char, ascii: bool) {
    let escape = match c {
        '\\' => "\\\\".to_owned(),
        _ if c == quote => format!("\\{c}"),
        _ if (c.is_ascii() || !ascii) && is_printable(c) => c.to_string(),
        '\x07' => "\\a".to_owned(),
        '\x08' => "\\b".to_owned(),
        '\x0c' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\x0b' => "\\v".to_owned(),
        _ if c.is_ascii() => format!("\\x{:02x}", u32::from(c)),
        '\u{80}'..='\u{ffff}' => format!("\\u{:04x}", u32::from(c)),
        _ => format!("\\U{:08x}", u32::from(c)),
    };
    quoted.push_str(&escape);
}

fn may_stand_in_backquotes(c: char) -> bool {
    c == '\t' || !matches!(c, '\0'..' ' | '`' | '\x7f' | '\u{feff}')
}
