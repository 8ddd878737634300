//! A report as Markdown: headings of ours, and what was read of a cluster in fences, where it can be
//! no markup.

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chapter {
    /// Its heading.
    pub(crate) title: &'static str,
    /// What is said before the text, of ours.
    pub(crate) remark: Option<String>,
    /// What was read; nothing where it is empty.
    pub(crate) text: String,
}

impl Chapter {
    /// A chapter of what was read.
    pub(crate) fn new(title: &'static str, text: impl Into<String>) -> Self {
        Self {
            title,
            remark: None,
            text: text.into(),
        }
    }

    /// The same with a remark.
    pub(crate) fn remarked(self, remark: impl Into<String>) -> Self {
        let remark = Some(remark.into());
        Self { remark, ..self }
    }
}

/// The whole report.
pub(crate) fn markdown(title: &str, preface: &str, chapters: &[Chapter]) -> String {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!("# {title}\n\n{preface}\n");
    for chapter in chapters {
        text += &format!("\n## {}\n", chapter.title);
        if let Some(remark) = &chapter.remark {
            text += &format!("\n{remark}\n");
        }
        let body = chapter.text.trim_end();
        if !body.is_empty() {
            let fence = fence(body);
            text += &format!("\n{fence}text\n{body}\n{fence}\n");
        }
    }
    text
}

/// More backticks than stand in a row anywhere in the text.
fn fence(text: &str) -> String {
    let runs = text.split(|letter| letter != '`').map(str::len);
    "`".repeat(runs.max().unwrap_or(0).max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::{Chapter, markdown};

    #[test]
    fn what_was_read_can_end_no_fence_and_make_no_heading() {
        let hostile = "a\n```\n# not a heading\n````\n";
        let chapters = [Chapter::new("One", hostile).remarked("Of ours.")];
        let text = markdown("Report on\n# x", "Before.", &chapters);
        let expected = "# Report on # x\n\nBefore.\n\n## One\n\nOf ours.\n\n`````text\na\n```\n\
                        # not a heading\n````\n`````\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_chapter_of_which_nothing_was_read_has_no_fence() {
        let chapters = [Chapter::new("Events", "").remarked("None.")];
        assert_eq!(
            markdown("R", "P", &chapters),
            "# R\n\nP\n\n## Events\n\nNone.\n"
        );
    }
}
