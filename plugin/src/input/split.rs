//! A YAML stream cut into its documents, so that a broken one doesn't hide the others.
//!
//! YAML forbids a line that begins with `---` or `...` inside any scalar, so cutting at these
//! lines is exact.

/// One document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    /// The text, the `---` line included.
    pub(super) text: &'a str,
    /// The line of the stream on which the text begins, counted from 1.
    pub(super) first_line: usize,
}

/// The documents of a stream in order, empty ones included. Comments and directives before the
/// first `---` belong to the document that it begins.
pub(super) fn documents(stream: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let mut open = Open::at(0, 1);
    let mut offset = 0;
    for (index, line) in stream.split_inclusive('\n').enumerate() {
        let number = index + 1;
        if is_marker(line, "---") && open.begun {
            chunks.push(open.close(stream, offset));
            open = Open::at(offset, number);
        }
        let ends = is_marker(line, "...");
        open.begun |= !ends && !is_prefix(line);
        offset += line.len();
        if ends && open.begun {
            chunks.push(open.close(stream, offset));
            open = Open::at(offset, number + 1);
        }
    }
    if open.begun {
        chunks.push(open.close(stream, offset));
    }
    chunks
}

struct Open {
    start: usize,
    first_line: usize,
    begun: bool,
}

impl Open {
    fn at(start: usize, first_line: usize) -> Self {
        Self {
            start,
            first_line,
            begun: false,
        }
    }

    fn close<'a>(&self, stream: &'a str, end: usize) -> Chunk<'a> {
        Chunk {
            text: stream.get(self.start..end).unwrap_or_default(),
            first_line: self.first_line,
        }
    }
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Blank lines, comments and directives begin no document of their own.
fn is_prefix(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with('#') || line.starts_with('%')
}

#[cfg(test)]
mod tests {
    use super::documents;

    fn lines(stream: &str) -> Vec<(usize, &str)> {
        documents(stream)
            .into_iter()
            .map(|chunk| (chunk.first_line, chunk.text))
            .collect()
    }

    #[test]
    fn a_leading_marker_begins_document_zero() {
        assert_eq!(lines("---\na: 1\n"), [(1, "---\na: 1\n")]);
    }

    #[test]
    fn comments_before_the_first_marker_are_no_document() {
        assert_eq!(lines("# c\n\n---\na: 1\n"), [(1, "# c\n\n---\na: 1\n")]);
    }

    #[test]
    fn empty_documents_between_markers_count() {
        assert_eq!(
            lines("a: 1\n---\n---\nb: 2\n"),
            [(1, "a: 1\n"), (2, "---\n"), (3, "---\nb: 2\n")]
        );
    }

    #[test]
    fn an_end_marker_ends_a_document() {
        assert_eq!(
            lines("a: 1\n...\nb: 2\n...\n---\nc: 3"),
            [(1, "a: 1\n...\n"), (3, "b: 2\n...\n"), (5, "---\nc: 3")]
        );
    }

    #[test]
    fn dashes_inside_a_line_or_without_a_blank_are_text() {
        assert_eq!(lines("a: |\n  ---\n").len(), 1);
        assert_eq!(lines("---a: 1\n---b\n").len(), 1);
    }

    #[test]
    fn windows_line_ends_are_markers_too() {
        assert_eq!(lines("a: 1\r\n---\r\nb: 2\r\n").len(), 2);
    }

    #[test]
    fn nothing_has_no_documents() {
        assert_eq!(lines(""), []);
        assert_eq!(lines("\n# only a comment\n"), []);
    }
}
