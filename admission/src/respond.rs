//! The AdmissionReview that the API server gets.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::admit::{Phase, unusable};
use crate::decision::Decision;
use crate::finding::{Finding, without_control_characters};
use crate::review::{API_VERSION, KIND, ReviewError};
use crate::warnings::fit_warnings;

/// Characters of a qualified name's last part.
const MAX_KEY: usize = 63;

/// The answer to the review `uid`. Validation never carries a patch: the API server takes that
/// for a broken webhook.
#[must_use]
pub fn respond(uid: &str, decision: &Decision, phase: Phase) -> Vec<u8> {
    let status = (!decision.allowed).then(|| Status::forbidden(&decision.denials));
    write(uid, decision, phase, status)
}

/// The refusal of a body that is no usable review.
#[must_use]
pub fn respond_error(error: &ReviewError) -> Vec<u8> {
    let decision = Decision::refused(unusable(&error.to_string()));
    let status = Status::unusable(&decision.denials);
    let uid = error.uid.as_deref().unwrap_or_default();
    write(uid, &decision, Phase::Validate, Some(status))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'static str,
    code: u16,
    reason: &'static str,
    message: String,
    details: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    causes: Vec<Cause<'a>>,
}

#[derive(Serialize)]
struct Cause<'a> {
    reason: &'a str,
    field: &'a str,
    message: String,
}

impl<'a> Status<'a> {
    fn forbidden(denials: &'a [Finding]) -> Self {
        Self::of(403, "Forbidden", denials)
    }

    fn unusable(denials: &'a [Finding]) -> Self {
        Self::of(400, "BadRequest", denials)
    }

    fn of(code: u16, reason: &'static str, denials: &'a [Finding]) -> Self {
        let lines: Vec<String> = denials.iter().map(ToString::to_string).collect();
        Self {
            status: "Failure",
            code,
            reason,
            message: lines.join("; "),
            details: Details {
                causes: denials.iter().map(Cause::of).collect(),
            },
        }
    }
}

impl<'a> Cause<'a> {
    fn of(finding: &'a Finding) -> Self {
        let Finding { message, fix, .. } = finding;
        let message = match fix.is_empty() {
            true => message.clone(),
            false => format!("{message}. fix: {fix}"),
        };
        Self {
            reason: &finding.code,
            field: &finding.path,
            message: without_control_characters(&message),
        }
    }
}

fn write(uid: &str, decision: &Decision, phase: Phase, status: Option<Status<'_>>) -> Vec<u8> {
    let sends_patch = phase == Phase::Mutate && decision.allowed && !decision.patch.0.is_empty();
    let review = Review {
        api_version: API_VERSION,
        kind: KIND,
        response: Response {
            uid,
            allowed: decision.allowed,
            status,
            patch: sends_patch.then(|| STANDARD.encode(decision.patch.to_string())),
            patch_type: sends_patch.then_some("JSONPatch"),
            warnings: fit_warnings(&decision.warnings),
            audit_annotations: audit_annotations(decision),
        },
    };
    serde_json::to_vec(&review).expect("a response must serialise: its keys are strings")
}

/// Who was asked, and what each found: `allowed`, or such as `denied TPU004,TPU007; warned TPU010`.
fn audit_annotations(decision: &Decision) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    for policy in &decision.policies {
        annotations.insert(qualified(policy), summary(decision, policy));
    }
    annotations
}

fn summary(decision: &Decision, policy: &str) -> String {
    let parts: Vec<String> = [
        ("denied", &decision.denials),
        ("warned", &decision.warnings),
        ("audited", &decision.audits),
    ]
    .into_iter()
    .filter_map(|(verb, findings)| {
        let of_policy = findings.iter().filter(|finding| finding.policy == policy);
        let mut codes: Vec<&str> = of_policy.map(|finding| finding.code.as_str()).collect();
        codes.dedup();
        (!codes.is_empty()).then(|| format!("{verb} {}", codes.join(",")))
    })
    .collect();
    match parts.is_empty() {
        true => "allowed".to_owned(),
        false => parts.join("; "),
    }
}

/// A key that the API server takes as the last part of a qualified name; others it drops.
fn qualified(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let safe: String = name
        .chars()
        .take(MAX_KEY)
        .map(|c| if allowed(c) { c } else { '-' })
        .collect();
    let safe = safe.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    match safe.is_empty() {
        true => "policy".to_owned(),
        false => safe.to_owned(),
    }
}

#[cfg(test)]
#[path = "respond_tests.rs"]
mod tests;
