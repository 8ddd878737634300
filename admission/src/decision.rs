//! The answer to one review.

use std::collections::HashSet;

use json_patch::Patch;
use serde_json::Value;

use crate::finding::{Finding, Severity};
use crate::policy::{Mode, Policy};

/// What is answered to one review.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// False if there is a denial.
    pub allowed: bool,
    /// Why the object is refused, in policy order.
    pub denials: Vec<Finding>,
    /// What the user should know, in policy order.
    pub warnings: Vec<Finding>,
    /// What policies in audit mode found: for the audit log only.
    pub audits: Vec<Finding>,
    /// What `/mutate` sends: empty where the object is refused, and when validating.
    pub patch: Patch,
    /// The object as submitted with `patch` applied; none where the review carries none.
    pub object: Option<Value>,
    /// How often the policies were asked: 0 where none matches, 2 where one patched.
    pub passes: u8,
    /// The names of the policies that were asked, in order.
    pub policies: Vec<String>,
}

/// Findings by what follows from them, each once.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    denials: Vec<Finding>,
    warnings: Vec<Finding>,
    audits: Vec<Finding>,
    seen: HashSet<(String, String, Severity, String)>,
}

impl Decision {
    /// An object that is nobody's business.
    pub(crate) fn untouched(object: Option<&Value>) -> Self {
        Self {
            allowed: true,
            object: object.cloned(),
            ..Self::default()
        }
    }

    /// A refusal that no policy has part in.
    pub(crate) fn refused(finding: Finding) -> Self {
        Self {
            denials: vec![finding],
            ..Self::default()
        }
    }
}

impl Findings {
    /// Takes a finding of `policy` by its mode. The same code at the same path is told once,
    /// whoever finds it: several policies may read one field. Faults are told of each policy.
    pub(crate) fn take(&mut self, policy: &Policy, mut finding: Finding, is_fault: bool) {
        finding.policy.clone_from(&policy.name);
        if policy.mode == Mode::Warn {
            finding.severity = Severity::Warn;
        }
        let is_audit = policy.mode == Mode::Audit;
        let whose = match is_fault || is_audit {
            true => finding.policy.clone(),
            false => String::new(),
        };
        let key = (
            finding.code.clone(),
            finding.path.clone(),
            finding.severity,
            whose,
        );
        if !self.seen.insert(key) {
            return;
        }
        match finding.severity {
            _ if is_audit => self.audits.push(finding),
            Severity::Deny => self.denials.push(finding),
            Severity::Warn => self.warnings.push(finding),
        }
    }

    /// Forms the decision: what is refused is not patched.
    pub(crate) fn decide(
        self,
        submitted: Option<&Value>,
        patch: Patch,
        patched: Option<Value>,
    ) -> Decision {
        let allowed = self.denials.is_empty();
        let is_patched = allowed && !patch.0.is_empty();
        Decision {
            allowed,
            denials: self.denials,
            warnings: self.warnings,
            audits: self.audits,
            patch: if is_patched { patch } else { Patch::default() },
            object: match patched {
                Some(patched) if is_patched => Some(patched),
                _ => submitted.cloned(),
            },
            passes: 0,
            policies: Vec::new(),
        }
    }
}
