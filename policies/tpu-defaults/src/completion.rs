//! A verdict under way: findings always, operations only where something may be filled in.

use sdk::{Node, Severity, Verdict};
use serde_json::Value;

/// A verdict under way.
pub(crate) struct Completion<'v> {
    verdict: &'v mut Verdict,
    /// Whether something may be filled in: not into what is stored and can't change.
    injects: bool,
}

impl<'v> Completion<'v> {
    /// Collects in `verdict`; without `injects` findings only.
    pub(crate) fn new(verdict: &'v mut Verdict, injects: bool) -> Self {
        Self { verdict, injects }
    }

    /// Whether something may be filled in.
    pub(crate) fn injects(&self) -> bool {
        self.injects
    }

    /// Adds members to the object at `node`.
    pub(crate) fn add_members<'k>(
        &mut self,
        node: &Node<'_>,
        members: impl IntoIterator<Item = (&'k str, Value)>,
    ) {
        if self.injects {
            self.verdict.patch.add_members(node, members);
        }
    }

    /// Appends elements to the list at `node`.
    pub(crate) fn append(&mut self, node: &Node<'_>, elements: impl IntoIterator<Item = Value>) {
        if self.injects {
            self.verdict.patch.append(node, elements);
        }
    }

    /// Sets what stands at `node`, or is missing there.
    pub(crate) fn set(&mut self, node: &Node<'_>, value: impl Into<Value>) {
        if !self.injects {
            return;
        }
        if node.is_present() {
            self.verdict.patch.replace(node.path(), value);
        } else {
            self.verdict.patch.add_missing(node, value.into());
        }
    }

    /// Notes that the object can't work.
    pub(crate) fn deny(&mut self, code: &str, path: &str, message: String, fix: String) {
        self.find(Severity::Deny, code, path, message, fix);
    }

    /// Notes what the user should know.
    pub(crate) fn warn(&mut self, code: &str, path: &str, message: String, fix: String) {
        self.find(Severity::Warn, code, path, message, fix);
    }

    /// Notes a finding, once: an annotation on the workload speaks for several groups.
    fn find(&mut self, severity: Severity, code: &str, path: &str, message: String, fix: String) {
        let known = |known: &sdk::Finding| {
            known.code == code && known.path == path && known.message == message
        };
        if !self.verdict.findings().iter().any(known) {
            self.verdict.find(severity, code, path, message, fix);
        }
    }
}
