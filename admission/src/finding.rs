//! One thing that is wrong with an object, and its one-line text.

use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The object can't work: it is refused.
    Deny,
    /// The object works, but is unwise or unfinished.
    Warn,
}

/// One thing that is wrong with the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable and explained, such as `TPU004`.
    pub code: String,
    /// What follows from it.
    pub severity: Severity,
    /// Who found it; for engine codes the policy that is to blame. Empty where there is none.
    pub policy: String,
    /// RFC 6901 pointer into the object; for something missing, where it would stand.
    pub path: String,
    /// What was found and what is expected, with the numbers.
    pub message: String,
    /// One action that mends it.
    pub fix: String,
}

/// The one-line text form, the same in `lint`, warnings and denials:
/// `[TPU007] /spec/parallelism: found 7, expected 8 (8 VMs = 32 chips / 4). fix: set it to 8`.
///
/// Control characters become spaces: values that users wrote end up in messages, the API server
/// drops warnings that hold one, and terminals obey them.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.line();
        if text.contains(char::is_control) {
            f.write_str(&without_control_characters(&text))
        } else {
            f.write_str(&text)
        }
    }
}

impl Finding {
    fn line(&self) -> String {
        let Self {
            code,
            path,
            message,
            ..
        } = self;
        let mut line = if path.is_empty() {
            format!("[{code}] {message}")
        } else {
            format!("[{code}] {path}: {message}")
        };
        if !self.fix.is_empty() {
            line.push_str(". fix: ");
            line.push_str(&self.fix);
        }
        line
    }
}

/// `text` with a space for each control character.
pub(crate) fn without_control_characters(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding {
            code: "TPU007".into(),
            severity: Severity::Deny,
            policy: "tpu-shape".into(),
            path: "/spec/parallelism".into(),
            message: "found 7, expected 8".into(),
            fix: "set it to 8".into(),
        }
    }

    #[test]
    fn a_finding_is_one_line_with_code_path_message_and_fix() {
        let line = "[TPU007] /spec/parallelism: found 7, expected 8. fix: set it to 8";
        assert_eq!(finding().to_string(), line);
    }

    #[test]
    fn escape_sequences_and_newlines_do_not_reach_the_reader() {
        let message = "found \u{1b}[31mred\n".into();
        let hostile = Finding {
            message,
            ..finding()
        };
        assert!(!hostile.to_string().contains(char::is_control));
    }
}
