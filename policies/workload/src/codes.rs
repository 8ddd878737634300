//! The pages of a policy's codes, which stand as Markdown in `codes/` beside the file that lists them.

use sdk::{Description, Severity};

/// One code with its explanation.
pub struct Page {
    /// Such as `TPU101`.
    pub code: &'static str,
    /// The worst severity that the code comes with.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// Why it matters and what to do: Markdown.
    pub text: &'static str,
}

/// A [`Page`] whose text is `codes/<CODE>.md`.
#[macro_export]
macro_rules! page {
    ($code:literal, $severity:ident, $title:literal) => {
        $crate::Page {
            code: $code,
            severity: ::sdk::Severity::$severity,
            title: $title,
            text: include_str!(concat!("codes/", $code, ".md")),
        }
    };
}

/// Adds all pages to a policy's description.
#[must_use]
pub fn explain(pages: &[Page], description: Description) -> Description {
    pages.iter().fold(description, |description, page| {
        description.code(page.code, page.severity, page.title, page.text)
    })
}
