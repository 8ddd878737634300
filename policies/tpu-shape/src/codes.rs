//! The codes of this policy. Each explanation is a Markdown file: its title, then why it matters
//! and what to do.

use sdk::{Description, Severity};

use Severity::{Deny, Warn};

/// Adds every code to `description`.
pub(crate) fn explain(description: Description) -> Description {
    CODES.iter().fold(description, |description, page| {
        let (code, severity, page) = page;
        let (title, text) = page.split_once('\n').unwrap_or((page, ""));
        description.code(code, *severity, title.trim_start_matches("# "), text.trim())
    })
}

/// Code, worst severity, page.
const CODES: &[(&str, Severity, &str)] = &[
    ("TPU001", Deny, include_str!("codes/TPU001.md")),
    ("TPU002", Deny, include_str!("codes/TPU002.md")),
    ("TPU003", Deny, include_str!("codes/TPU003.md")),
    ("TPU004", Deny, include_str!("codes/TPU004.md")),
    ("TPU005", Deny, include_str!("codes/TPU005.md")),
    ("TPU006", Deny, include_str!("codes/TPU006.md")),
    ("TPU007", Deny, include_str!("codes/TPU007.md")),
    ("TPU008", Deny, include_str!("codes/TPU008.md")),
    ("TPU009", Deny, include_str!("codes/TPU009.md")),
    ("TPU010", Deny, include_str!("codes/TPU010.md")),
    ("TPU011", Warn, include_str!("codes/TPU011.md")),
    ("TPU012", Deny, include_str!("codes/TPU012.md")),
    ("TPU013", Deny, include_str!("codes/TPU013.md")),
    ("TPU014", Deny, include_str!("codes/TPU014.md")),
    ("TPU015", Deny, include_str!("codes/TPU015.md")),
    ("TPU016", Deny, include_str!("codes/TPU016.md")),
    ("TPU017", Deny, include_str!("codes/TPU017.md")),
    ("TPU018", Deny, include_str!("codes/TPU018.md")),
    ("TPU019", Deny, include_str!("codes/TPU019.md")),
    ("TPU020", Deny, include_str!("codes/TPU020.md")),
    ("TPU021", Deny, include_str!("codes/TPU021.md")),
    ("TPU022", Deny, include_str!("codes/TPU022.md")),
    ("TPU023", Deny, include_str!("codes/TPU023.md")),
];
