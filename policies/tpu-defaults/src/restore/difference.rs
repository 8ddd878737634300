//! What a new object says differently of what can't change.

use serde_json::Value;
use workload::WorkloadKind;

/// The longest excerpt of a value in a message, in characters.
const EXCERPT: usize = 80;

/// One field that differs, with its place in the new object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// Another value than before.
    Changed {
        path: String,
        found: String,
        was: String,
    },
    /// A value where nothing was.
    Added { path: String, found: String },
    /// The elements of a list in another order, by their keys.
    Reordered {
        path: String,
        found: String,
        was: String,
    },
    /// The author took it out of the manifest; the old value is restored.
    Removed { path: String, was: String },
}

impl Difference {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Changed { path, .. }
            | Self::Added { path, .. }
            | Self::Reordered { path, .. }
            | Self::Removed { path, .. } => path,
        }
    }

    /// What was found, what it was, and why it can't be.
    pub(super) fn explain(&self, kind: WorkloadKind) -> String {
        let part = match kind {
            WorkloadKind::JobSet => "the replicatedJobs of a JobSet",
            _ => "the template of a Job",
        };
        match self {
            Self::Changed { found, was, .. } => {
                format!("found {found}, it was {was}, and {part} can't change")
            }
            Self::Added { found, .. } => {
                format!("found {found} where nothing was, and {part} can't change")
            }
            Self::Reordered { found, was, .. } => {
                format!("found the order {found}, it was {was}, and {part} can't change")
            }
            Self::Removed { was, .. } => format!(
                "found it gone from the applied manifest, but {part} can't change: it stays {was}"
            ),
        }
    }
}

/// A value as JSON, shortened.
pub(super) fn excerpt(value: &Value) -> String {
    shorten(value.to_string())
}

/// A text, shortened.
pub(super) fn shorten(text: String) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
