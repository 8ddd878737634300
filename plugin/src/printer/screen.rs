//! Data that is drawn anew in its own place, as often as it changes.

use std::io;

use super::Printer;

/// The place of such data.
pub(crate) struct Screen<'a> {
    printer: &'a Printer,
    /// How many lines of the terminal the last text took.
    rows: usize,
}

impl<'a> Screen<'a> {
    /// Where the cursor is now.
    pub(crate) fn new(printer: &'a Printer) -> Self {
        Self { printer, rows: 0 }
    }

    /// In the place of the text before: on a terminal that one is taken away, and nothing of what
    /// stood above it; elsewhere the new text follows. Both are whole lines.
    pub(crate) fn draw(&mut self, text: &str) -> io::Result<()> {
        let Some((width, height)) = self.printer.size() else {
            return self.printer.data(text);
        };
        let clear = clear(self.rows, height);
        self.rows = rows(text, width);
        self.printer.data(&(clear + text))
    }
}

/// Takes lines away, above which the cursor stands at the begin of the next.
fn clear(rows: usize, height: usize) -> String {
    match rows {
        0 => String::new(),
        rows if rows < height => format!("\u{1b}[{rows}A\u{1b}[J"),
        // Its first lines have scrolled away, and stay where they are.
        _ => "\u{1b}[H\u{1b}[J".to_owned(),
    }
}

/// How many lines of a terminal a text takes.
fn rows(text: &str, width: usize) -> usize {
    let rows = |line| columns(line).div_ceil(width.max(1)).max(1);
    text.lines().map(rows).sum()
}

/// How many columns of a terminal a line takes: colours take none.
pub(crate) fn columns(line: &str) -> usize {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().chars().count();
    let rest = parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text));
    first + rest.map(|text| text.chars().count()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::{clear, rows};

    #[test]
    fn long_lines_take_several_and_colours_none() {
        assert_eq!(rows("", 10), 0);
        assert_eq!(rows("\n", 10), 1);
        assert_eq!(rows("0123456789\n", 10), 1);
        assert_eq!(rows("0123456789a\nb\n", 10), 3);
        assert_eq!(rows("\u{1b}[31m01234\u{1b}[0m56789\n", 10), 1);
        assert_eq!(rows("a\n", 0), 1);
    }

    #[test]
    fn only_what_was_drawn_is_taken_away() {
        assert_eq!(clear(0, 24), "");
        assert_eq!(clear(23, 24), "\u{1b}[23A\u{1b}[J");
        assert_eq!(clear(24, 24), "\u{1b}[H\u{1b}[J");
    }
}
