//! What a policy says: findings and a patch.

use std::cell::RefCell;

use crate::patch::Patch;

/// The code of a field whose type is not the one that Kubernetes gives it.
pub const WRONG_TYPE: &str = "OBJ001";

/// How many findings the host takes from one verdict.
const MOST_FINDINGS: usize = 256;
/// How many bytes the host takes of each text of a finding.
const MOST_TEXT: usize = 4_096;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The object can't work: it is refused.
    Deny,
    /// The object works, but is unwise or unfinished.
    Warn,
}

/// One thing that is wrong with the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A code that [`crate::Description`] explains.
    pub code: String,
    /// Refuse, or only tell.
    pub severity: Severity,
    /// RFC 6901 pointer; for something missing, where it would stand.
    pub path: String,
    /// What was found and what is expected, with the numbers.
    pub message: String,
    /// One action that mends it.
    pub fix: String,
}

/// Fields of a wrong type that were met while reading; shared by all nodes of a review.
pub(crate) type WrongTypes = RefCell<Vec<Finding>>;

/// Collects the findings and the patch of one review.
#[derive(Debug, Default)]
pub struct Verdict {
    findings: Vec<Finding>,
    /// The patch, applied in order to the object under review.
    pub patch: Patch,
}

impl Verdict {
    /// The object can't work because of this.
    pub fn deny(
        &mut self,
        code: &str,
        path: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.find(Severity::Deny, code, path, message, fix);
    }

    /// The object works, but the user should know this.
    pub fn warn(
        &mut self,
        code: &str,
        path: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.find(Severity::Warn, code, path, message, fix);
    }

    /// A finding whose severity depends on the object.
    pub fn find(
        &mut self,
        severity: Severity,
        code: &str,
        path: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.findings.push(Finding {
            code: code.to_owned(),
            severity,
            path: path.into(),
            message: message.into(),
            fix: fix.into(),
        });
    }

    /// Turns denials at the paths that `is_mild` names into warnings.
    pub fn soften(&mut self, is_mild: impl Fn(&str) -> bool) {
        for finding in &mut self.findings {
            if is_mild(&finding.path) {
                finding.severity = Severity::Warn;
            }
        }
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Lets the fields of a wrong type speak first. What was concluded from reading such a field
    /// as absent is dropped, and nothing is patched into an object that is not understood.
    pub(crate) fn settle(mut self, wrong: Vec<Finding>) -> (Vec<Finding>, Patch) {
        if wrong.is_empty() {
            return (fit(self.findings), self.patch);
        }
        self.findings
            .retain(|finding| !wrong.iter().any(|w| w.path == finding.path));
        let mut findings = wrong;
        findings.append(&mut self.findings);
        (fit(findings), Patch::default())
    }
}

/// As much as the host takes: an object with a thousand faults, or with a value of megabytes that
/// a message repeats, must not look like a fault of the policy. Denials go before warnings.
fn fit(mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(MOST_FINDINGS);
    if more > 0 {
        let (mut denials, warnings): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.severity == Severity::Deny);
        denials.extend(warnings);
        denials.truncate(MOST_FINDINGS);
        findings = denials;
    }
    for finding in &mut findings {
        clip(&mut finding.message);
        clip(&mut finding.fix);
        if finding.path.len() > MOST_TEXT {
            finding.path = place_above(&finding.path);
        }
    }
    if let (Some(last), 1..) = (findings.last_mut(), more) {
        last.message
            .truncate(last.message.floor_char_boundary(MOST_TEXT / 2));
        last.message += &format!(" (and {more} more findings)");
    }
    findings
}

fn clip(text: &mut String) {
    if text.len() > MOST_TEXT {
        text.truncate(text.floor_char_boundary(MOST_TEXT - '…'.len_utf8()));
        text.push('…');
    }
}

/// The nearest place above `path` that can be told.
fn place_above(path: &str) -> String {
    let told = &path[..path.floor_char_boundary(MOST_TEXT)];
    told.rsplit_once('/')
        .map_or("", |(above, _)| above)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(deny: usize, warn: usize, text: &str) -> Vec<Finding> {
        let mut verdict = Verdict::default();
        for at in 0..warn {
            verdict.warn("AAA002", format!("/{at}"), text, text);
        }
        for at in 0..deny {
            verdict.deny("AAA001", format!("/{at}"), text, text);
        }
        verdict.settle(Vec::new()).0
    }

    #[test]
    fn more_findings_than_the_host_takes_are_counted_and_denials_come_first() {
        assert_eq!(found(3, 253, "m").len(), 256);
        let many = found(3, 300, "m");
        assert_eq!(many.len(), 256);
        assert_eq!(many[2].severity, Severity::Deny);
        assert_eq!(many[255].message, "m (and 47 more findings)");
    }

    #[test]
    fn texts_that_the_host_would_not_take_are_cut() {
        let long = "é".repeat(3_000);
        for finding in found(1, 300, &long) {
            assert!(finding.message.len() <= MOST_TEXT && finding.fix.len() <= MOST_TEXT);
        }
        let mut verdict = Verdict::default();
        verdict.deny("AAA001", format!("/spec/{long}/a"), "m", "f");
        assert_eq!(verdict.settle(Vec::new()).0[0].path, "/spec");
    }
}
