//! The pipeline. Every rule about who is asked, in which order, and what follows stands here.

use std::borrow::Cow;

use json_patch::{Patch, PatchOperation};
use serde_json::Value;

use crate::codes;
use crate::decision::{Decision, Findings};
use crate::evaluate::{Call, Evaluate, EvaluateError};
use crate::finding::{Finding, Severity};
use crate::owner::is_spared;
use crate::patch;
use crate::policy::{Mode, OnError, Policy, PolicySet};
use crate::request::{Operation, Request};
use crate::skip::{self, is_skipped};

/// Which of the two webhooks asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// May patch.
    Mutate,
    /// Sees what is about to be stored, after all mutation, and may not patch.
    Validate,
}

/// Asks every policy that matches, in order, each about the object as patched so far.
///
/// If any patched, all are asked once more about the result; what they find then is the answer.
#[must_use]
pub fn admit(
    request: &Request,
    phase: Phase,
    policies: &PolicySet,
    evaluator: &impl Evaluate,
) -> Decision {
    let mut matched: Vec<&Policy> = policies.0.iter().collect();
    matched.retain(|policy| policy.matching.matches(request));
    if matched.is_empty() {
        return Decision::untouched(request.object.as_ref());
    }
    let Some(subject) = request.subject() else {
        return Decision::refused(unusable("the review carries no object"));
    };
    let carried = skip::carry(request, subject, &matched).filter(|_| phase == Phase::Mutate);
    let (patch, subject) = match carried {
        Some((patch, subject)) => (patch, Cow::Owned(subject)),
        None => (Patch::default(), Cow::Borrowed(subject)),
    };
    matched.retain(|policy| !is_skipped(policy, &subject));
    let pipeline = Pipeline {
        request,
        phase,
        policies: &matched,
        evaluator,
        old_object_json: old_object_json(request),
    };
    let mut decision = pipeline.run(&subject, patch);
    decision.policies = matched.iter().map(|policy| policy.name.clone()).collect();
    decision
}

/// The finding of a review that can't be judged.
pub(crate) fn unusable(message: &str) -> Finding {
    Finding {
        code: codes::UNUSABLE.to_owned(),
        severity: Severity::Deny,
        policy: String::new(),
        path: String::new(),
        message: message.to_owned(),
        fix: "send an admission.k8s.io/v1 AdmissionReview with an object".to_owned(),
    }
}

struct Pipeline<'a, E> {
    request: &'a Request,
    phase: Phase,
    policies: &'a [&'a Policy],
    evaluator: &'a E,
    old_object_json: Option<Vec<u8>>,
}

/// What one pass over all policies gave, by policy.
#[derive(Default)]
struct Pass<'a> {
    /// What policies say of the object.
    findings: Vec<(&'a Policy, Finding)>,
    /// What the engine says of policies.
    faults: Vec<(&'a Policy, Finding)>,
    patch: Vec<PatchOperation>,
}

/// The object as patched so far, and its JSON, which is written again only after a patch.
struct Subject<'a> {
    object: Cow<'a, Value>,
    json: Vec<u8>,
}

impl<'a, E: Evaluate> Pipeline<'a, E> {
    /// Asks about `submitted`, to which `carried` has been applied already.
    fn run(&self, submitted: &Value, carried: Patch) -> Decision {
        let mut subject = Subject::new(submitted);
        let first = self.pass(&mut subject, 1);
        let (last, passes) = match first.patch.is_empty() {
            true => (None, 1),
            false => (Some(self.pass(&mut subject, 2)), 2),
        };
        let findings = self.collect(&first, last.as_ref(), is_spared(submitted));
        let patched = subject.object.into_owned();
        let patch = Patch([carried.0, first.patch].concat());
        let submitted = self.request.object.as_ref();
        let mut decision = findings.decide(submitted, patch, Some(patched));
        decision.passes = passes;
        decision
    }

    /// Asks each policy once. Only the first pass of a mutation applies patches.
    fn pass(&self, subject: &mut Subject<'_>, number: u8) -> Pass<'a> {
        let mut pass = Pass::default();
        for &policy in self.policies {
            let call = Call {
                request: self.request,
                object_json: &subject.json,
                old_object_json: self.old_object_json.as_deref(),
                settings_json: policy.settings_json(),
            };
            match self.evaluator.evaluate(policy, &call) {
                Err(error) => pass.faults.push((policy, failed(policy, &error))),
                Ok(verdict) => {
                    let found = verdict.findings.into_iter();
                    pass.findings.extend(found.map(|finding| (policy, finding)));
                    let fault = self.take_patch(policy, verdict.patch, subject, number, &mut pass);
                    pass.faults.extend(fault.map(|fault| (policy, fault)));
                }
            }
        }
        pass
    }

    /// Applies a policy's patch, or says why not.
    fn take_patch(
        &self,
        policy: &Policy,
        patch: Patch,
        subject: &mut Subject<'_>,
        number: u8,
        pass: &mut Pass<'_>,
    ) -> Option<Finding> {
        let first = patch.0.first()?.path().to_string();
        match (self.request.operation, self.phase) {
            (Operation::Delete | Operation::Connect, _) => {
                let reason = "it patches an object that is not written";
                return Some(bad_patch(policy, reason));
            }
            // Its patch is never applied, so that it comes again says nothing.
            _ if policy.mode == Mode::Audit => {
                let error = patch::apply(&subject.object, &patch).err()?;
                return Some(bad_patch(policy, &error.to_string()));
            }
            (_, Phase::Validate) => return Some(undone(policy, first)),
            (_, Phase::Mutate) if number > 1 => return Some(not_idempotent(policy, first)),
            (_, Phase::Mutate) => {}
        }
        match patch::apply(&subject.object, &patch) {
            Err(error) => Some(bad_patch(policy, &error.to_string())),
            Ok(patched) => {
                subject.replace(patched);
                pass.patch.extend(patch.0);
                None
            }
        }
    }

    /// Findings of the last pass, and the first fault of each policy, in policy order.
    fn collect(&self, first: &Pass<'_>, last: Option<&Pass<'_>>, spared: bool) -> Findings {
        let mut findings = Findings::default();
        let judged = last.unwrap_or(first);
        for policy in self.policies {
            let of_policy = |(whose, _): &&(&Policy, Finding)| std::ptr::eq(*whose, *policy);
            for (_, finding) in judged.findings.iter().filter(of_policy) {
                findings.take(policy, softened(finding.clone(), spared), false);
            }
            let faults = first.faults.iter();
            let mut faults = faults.chain(last.iter().flat_map(|last| &last.faults));
            if let Some((_, fault)) = faults.find(of_policy) {
                let spared = spared && fault.code == codes::UNDONE;
                findings.take(policy, softened(fault.clone(), spared), true);
            }
        }
        findings
    }
}

impl<'a> Subject<'a> {
    fn new(object: &'a Value) -> Self {
        Self {
            json: to_json(object),
            object: Cow::Borrowed(object),
        }
    }

    fn replace(&mut self, object: Value) {
        self.json = to_json(&object);
        self.object = Cow::Owned(object);
    }
}

fn old_object_json(request: &Request) -> Option<Vec<u8>> {
    let old_object = request.old_object.as_ref();
    old_object
        .filter(|_| request.operation == Operation::Update)
        .map(to_json)
}

fn to_json(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("a JSON value must serialise: its keys are strings")
}

fn softened(mut finding: Finding, spared: bool) -> Finding {
    if spared {
        finding.severity = Severity::Warn;
    }
    finding
}

fn failed(policy: &Policy, error: &EvaluateError) -> Finding {
    let message = format!("policy {} {error}", policy.name);
    let fix = match error {
        EvaluateError::PatchTooLong { .. } => {
            "make it several objects, or write into it what the policy would complete".to_owned()
        }
        _ => format!("mend policy {} or raise its limit", policy.name),
    };
    fault(policy, codes::FAILED, String::new(), message, fix)
}

fn not_idempotent(policy: &Policy, path: String) -> Finding {
    let message = format!(
        "policy {} patches its own result a second time",
        policy.name
    );
    let fix = format!(
        "mend policy {} so that its patch leaves nothing to do",
        policy.name
    );
    fault(policy, codes::NOT_IDEMPOTENT, path, message, fix)
}

fn bad_patch(policy: &Policy, reason: &str) -> Finding {
    let message = format!("the patch of policy {} is not taken: {reason}", policy.name);
    let fix = format!("mend policy {}", policy.name);
    fault(policy, codes::BAD_PATCH, String::new(), message, fix)
}

/// What was undone is nobody's fault that `onError` could be about.
fn undone(policy: &Policy, path: String) -> Finding {
    let message = format!(
        "policy {} completed this at admission, and a later webhook undid it",
        policy.name
    );
    Finding {
        severity: Severity::Deny,
        ..fault(
            policy,
            codes::UNDONE,
            path,
            message,
            "exclude the object from the webhook that undoes it".to_owned(),
        )
    }
}

fn fault(policy: &Policy, code: &str, path: String, message: String, fix: String) -> Finding {
    Finding {
        code: code.to_owned(),
        severity: match policy.on_error {
            OnError::Deny => Severity::Deny,
            OnError::Allow => Severity::Warn,
        },
        policy: policy.name.clone(),
        path,
        message,
        fix,
    }
}

#[cfg(test)]
#[path = "admit_tests.rs"]
mod tests;
