//! From bytes to bytes: parse, admit, respond, count, log. The rules are all in `admission`.

use std::sync::Arc;
use std::time::Instant;

use admission::{
    Call, Decision, Evaluate, EvaluateError, Finding, Phase, Policy, PolicySet, Request, Verdict,
};

use runtime::Objects;

use crate::budget::Budget;
use crate::metrics::{Metrics, Outcome};
use crate::policies::Live;
use crate::reads::Mirror;

/// The kinds that have a label of their own; a peer can send any other kind, but no new label.
const KINDS: [&str; 7] = [
    "JobSet",
    "Job",
    "Pod",
    "Deployment",
    "StatefulSet",
    "LeaderWorkerSet",
    "Service",
];

/// Decides reviews: the policies in the product, something simpler in tests of the HTTP side.
pub(crate) trait Reviewer: Send + Sync + 'static {
    /// Decides the review in `body`; policies that are not done within `budget` have failed.
    fn review(&self, phase: Phase, body: &[u8], budget: &Budget) -> Reviewed;
}

/// A decided review.
pub(crate) struct Reviewed {
    /// The AdmissionReview for the API server.
    pub(crate) body: Vec<u8>,
    /// One of the kinds that we register for, or `other`.
    pub(crate) kind: &'static str,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

/// Policies in force, and what runs them.
pub(crate) trait Policies: Send + Sync + 'static {
    /// In the order of evaluation.
    fn set(&self) -> &PolicySet;

    /// Asks one policy, within what it may use.
    fn evaluate(
        &self,
        policy: &Policy,
        call: &Call<'_>,
        means: Means<'_>,
    ) -> Result<Verdict, EvaluateError>;
}

/// What a policy may use to answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means<'a> {
    /// It has failed when it has not answered by then.
    pub(crate) until: Instant,
    /// What it may read where it is granted to: the cluster as it was when the review began.
    pub(crate) objects: Option<&'a Arc<Objects>>,
}

/// Decides with the policies in force.
pub(crate) struct PolicyReviewer<P> {
    /// The policies: those in force when a review begins judge all of it.
    pub(crate) policies: Arc<Live<P>>,
    /// What they may read of the cluster, where there is one.
    pub(crate) mirror: Option<Arc<Mirror>>,
    /// Counts findings and failures.
    pub(crate) metrics: Arc<Metrics>,
}

/// The phase as a label.
pub(crate) fn phase_label(phase: Phase) -> &'static str {
    match phase {
        Phase::Mutate => "mutate",
        Phase::Validate => "validate",
    }
}

impl<P: Policies> Reviewer for PolicyReviewer<P> {
    fn review(&self, phase: Phase, body: &[u8], budget: &Budget) -> Reviewed {
        let request = match admission::parse_review(body) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(uid = ?error.uid, %error, "unusable review");
                return Reviewed {
                    body: admission::respond_error(&error),
                    kind: "unknown",
                    outcome: Outcome::Unusable,
                };
            }
        };
        let policies = self.policies.now();
        let objects = self.mirror.as_ref().map(|mirror| mirror.now());
        let evaluator = Watched {
            policies: policies.as_ref(),
            metrics: &self.metrics,
            budget,
            objects: objects.as_ref(),
        };
        let decision = admission::admit(&request, phase, policies.set(), &evaluator);
        self.count(&decision);
        if !decision.allowed {
            log_denial(phase, &request, &decision);
        }
        Reviewed {
            body: admission::respond(&request.uid, &decision, phase),
            kind: kind_label(&request.kind.kind),
            outcome: outcome(&decision),
        }
    }
}

impl<P> PolicyReviewer<P> {
    fn count(&self, decision: &Decision) {
        for (findings, severity) in [
            (&decision.denials, "deny"),
            (&decision.warnings, "warn"),
            (&decision.audits, "audit"),
        ] {
            for finding in findings {
                self.metrics.found(&finding.policy, &finding.code, severity);
            }
        }
    }
}

/// Counts the failures of policies, and asks none when the review's time is over.
struct Watched<'a, P> {
    policies: &'a P,
    metrics: &'a Metrics,
    budget: &'a Budget,
    objects: Option<&'a Arc<Objects>>,
}

impl<P: Policies> Evaluate for Watched<'_, P> {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        let began = Instant::now();
        let means = Means {
            until: self.budget.evaluate_until,
            objects: self.objects,
        };
        let verdict = match began < means.until {
            true => self.policies.evaluate(policy, call, means),
            false => Err(EvaluateError::DeadlineExceeded {
                limit: self.budget.usable_milliseconds(),
            }),
        };
        self.metrics.asked(&policy.name, began.elapsed());
        if let Err(error) = &verdict {
            let limit = limit_label(error);
            self.metrics.policy_failed(&policy.name, limit);
            tracing::warn!(policy = policy.name, limit, "policy failed");
        }
        verdict
    }
}

fn kind_label(kind: &str) -> &'static str {
    let known = KINDS.into_iter().find(|known| *known == kind);
    known.unwrap_or("other")
}

fn outcome(decision: &Decision) -> Outcome {
    match decision {
        Decision { allowed: false, .. } => Outcome::Denied,
        Decision { patch, .. } if patch.0.is_empty() => Outcome::Allowed,
        Decision { .. } => Outcome::Patched,
    }
}

fn limit_label(error: &EvaluateError) -> &'static str {
    match error {
        EvaluateError::OutOfFuel { .. } => "fuel",
        EvaluateError::OutOfMemory { .. } => "memory",
        EvaluateError::OutputTooLarge { .. } => "output",
        EvaluateError::DeadlineExceeded { .. } => "deadline",
        EvaluateError::StackOverflow => "stack",
        EvaluateError::Trapped { .. } => "trap",
        EvaluateError::HostCalls { .. } => "host_calls",
        EvaluateError::PatchTooLong { .. } => "patch_operations",
        EvaluateError::Failed { .. } => "failed",
        EvaluateError::InvalidVerdict { .. } => "invalid_verdict",
        EvaluateError::Overloaded { .. } => "instances",
        EvaluateError::NotLoaded => "not_loaded",
    }
}

/// One line a denial. Names come from the peer, so they are written escaped.
fn log_denial(phase: Phase, request: &Request, decision: &Decision) {
    let codes: Vec<&str> = decision.denials.iter().map(code).collect();
    tracing::info!(
        phase = phase_label(phase),
        uid = ?request.uid,
        kind = ?request.kind.kind,
        namespace = ?request.namespace.as_deref().unwrap_or_default(),
        name = ?request.name,
        codes = codes.join(","),
        "review denied"
    );
}

fn code(finding: &Finding) -> &str {
    &finding.code
}

#[cfg(test)]
#[path = "reviewer_tests.rs"]
mod tests;
