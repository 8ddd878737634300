//! Long lines on a narrow terminal: broken between words, below where their text begins. A
//! command in backticks stays in one piece, so that it can be copied.

use crate::printer::columns;

/// The least room for text that is worth breaking lines for.
const ROOM: usize = 16;

/// A line as several of at most `width` characters; as it is where the width isn't known.
pub(super) fn wrapped(line: &str, width: Option<usize>) -> String {
    let hang = hang(line);
    let indent = hang.chars().count();
    match width {
        Some(width) if columns(line) > width && indent + ROOM <= width => {
            broken(line, &hang, width)
        }
        _ => line.to_owned(),
    }
}

/// [`wrapped`] below the column at which the line's last cell begins.
pub(super) fn wrapped_cell(line: &str, column: usize, width: Option<usize>) -> String {
    match width {
        Some(width) if columns(line) > width && column + ROOM <= width => {
            broken(line, &" ".repeat(column), width)
        }
        _ => line.to_owned(),
    }
}

fn broken(line: &str, hang: &str, width: usize) -> String {
    let indent = hang.chars().count();
    let (begin, text) = line.split_at(at(line, indent));
    let (mut out, mut column) = (begin.to_owned(), indent);
    for word in words(text) {
        let length = columns(&word);
        if column > indent && column + 1 + length > width {
            out += &format!("\n{hang}");
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out += &word;
        column += length;
    }
    out
}

/// What stands before the text in the lines that follow: the branches of a tree go on, the name
/// of a column doesn't.
fn hang(line: &str) -> String {
    let is_branch = |c: &char| matches!(c, ' ' | '│');
    let branches: String = line.chars().take_while(is_branch).collect();
    let rest = &line[branches.len()..];
    let column = rest.find("  ").map_or(0, |end| {
        let text = rest[end..].trim_start();
        columns(&rest[..rest.len() - text.len()])
    });
    branches + &" ".repeat(column)
}

/// The byte at which what stands in a column begins: colours stand in none.
fn at(line: &str, column: usize) -> usize {
    let (mut seen, mut coloring) = (0, false);
    for (at, letter) in line.char_indices() {
        match (coloring, letter) {
            (true, letter) => coloring = letter != 'm',
            (false, '\u{1b}') => coloring = true,
            (false, _) if seen == column => return at,
            (false, _) => seen += 1,
        }
    }
    line.len()
}

/// Words, of which a text in backticks is one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quoted = false;
    for word in text.split(' ') {
        match words.last_mut() {
            Some(last) if quoted => *last += &format!(" {word}"),
            _ => words.push(word.to_owned()),
        }
        quoted ^= word.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{wrapped, wrapped_cell};

    const LINE: &str =
        "│     tpu2   7 of 8 Pods fit; node tpu2-3 is cordoned (`kubectl uncordon a`)";

    #[test]
    fn a_long_line_goes_on_below_its_text_and_commands_stay_whole() {
        let expected = "\
│     tpu2   7 of 8 Pods fit; node
│            tpu2-3 is cordoned
│            (`kubectl uncordon a`)";
        assert_eq!(wrapped(LINE, Some(36)), expected);
    }

    #[test]
    fn a_long_last_cell_goes_on_in_its_column() {
        let line = "v6e   no: Saxml has no chip of that name";
        let expected = "v6e   no: Saxml has no\n      chip of that name";
        assert_eq!(wrapped_cell(line, 6, Some(24)), expected);
        for width in [None, Some(80), Some(10)] {
            assert_eq!(wrapped_cell(line, 6, width), line, "{width:?}");
        }
    }

    #[test]
    fn colours_change_nothing_about_where_a_line_breaks() {
        let colored = LINE.replace("tpu2 ", "\u{1b}[31mtpu2\u{1b}[0m ");
        let plain = |text: &str| text.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
        for width in 0..80 {
            let broken = wrapped(&colored, Some(width));
            assert_eq!(plain(&broken), wrapped(LINE, Some(width)), "{width}");
            let cell = wrapped_cell(&colored, 13, Some(width));
            assert_eq!(plain(&cell), wrapped_cell(LINE, 13, Some(width)), "{width}");
        }
    }

    #[test]
    fn what_fits_or_has_no_room_stays_as_it_is() {
        for width in [None, Some(76), Some(20), Some(0)] {
            assert_eq!(wrapped(LINE, width), LINE, "{width:?}");
        }
    }

    #[test]
    fn no_width_loses_or_adds_a_word() {
        let plain = |text: &str| -> Vec<String> {
            let words = text.split_whitespace().filter(|word| *word != "│");
            words.map(str::to_owned).collect()
        };
        for width in 0..80 {
            assert_eq!(plain(&wrapped(LINE, Some(width))), plain(LINE), "{width}");
        }
    }
}
