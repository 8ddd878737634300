//! What a policy says: findings and a patch.

use std::cell::RefCell;

use crate::patch::Patch;

/// The code of a field whose type is not the one that Kubernetes gives it.
pub const WRONG_TYPE: &str = "OBJ001";

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
            return (self.findings, self.patch);
        }
        self.findings
            .retain(|finding| !wrong.iter().any(|w| w.path == finding.path));
        let mut findings = wrong;
        findings.append(&mut self.findings);
        (findings, Patch::default())
    }
}
