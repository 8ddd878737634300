//! The review as it comes over the wire: whatever the bytes are, the answer is an AdmissionReview
//! with the review's uid, and no longer than it needs to be.

use admission::{
    Call, Evaluate, EvaluateError, Finding, MatchRule, Matching, Patch, Phase, Policy, PolicySet,
    Request, ReviewError, Severity, Verdict, admit, parse_json, parse_review, respond,
    respond_error,
};
use serde_json::{Value, json};

use crate::answer;

/// Bytes that the refusal of a body may have beside its uid.
const REFUSAL: usize = 4_096;
/// Bytes that one byte of a text can become in JSON: `\u0000`.
const ESCAPED: usize = 6;
/// Characters of the object that the policy quotes.
const QUOTED: usize = 300;

/// Checks a request's body.
///
/// # Panics
/// When something doesn't hold for it.
pub fn check(body: &[u8]) {
    match parse_review(body) {
        Ok(request) => {
            assert!(
                !request.uid.is_empty(),
                "a review without a uid is no review"
            );
            for phase in [Phase::Mutate, Phase::Validate] {
                check_decided(&request, phase);
            }
        }
        Err(error) => check_refused(body, &error),
    }
}

fn check_decided(request: &Request, phase: Phase) {
    let policies = PolicySet(vec![policy("quotes/odd name"), policy("quotes")]);
    let decision = admit(request, phase, &policies, &Quotes);
    let answer = answer::read(&respond(&request.uid, &decision, phase));
    assert_eq!(answer.uid, request.uid);
    assert_eq!(answer.allowed, decision.allowed);
    assert!(phase == Phase::Mutate || answer.patch.0.is_empty());
}

fn check_refused(body: &[u8], error: &ReviewError) {
    let bytes = respond_error(error);
    let answer = answer::read(&bytes);
    assert!(!answer.allowed);
    assert_eq!(answer.uid, error.uid.clone().unwrap_or_default());
    let most = REFUSAL + ESCAPED * answer.uid.len();
    assert!(bytes.len() <= most, "a refusal of {} bytes", bytes.len());
    // Where the body is JSON in which no member stands twice, there is one answer to what its uid is.
    let uid = parse_json(body).ok();
    let uid = uid
        .as_ref()
        .and_then(|review| review.pointer("/request/uid"));
    if let Some(uid) = uid.and_then(Value::as_str) {
        assert_eq!(answer.uid, uid, "{error}");
    }
}

fn policy(name: &str) -> Policy {
    let everything = MatchRule {
        resources: vec!["*/*".to_owned()],
        ..MatchRule::default()
    };
    Policy::new(name, Matching::of_rules(vec![everything]), json!({}))
}

/// Says of an object what stands in it, as our own policies do: a denial of each that says `deny`,
/// and an annotation where there is none.
struct Quotes;

impl Evaluate for Quotes {
    fn evaluate(&self, _: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        let text = String::from_utf8_lossy(call.object_json);
        let object: Value = serde_json::from_slice(call.object_json).expect("a policy gets JSON");
        let severity = match text.contains("deny") {
            true => Severity::Deny,
            false => Severity::Warn,
        };
        let finding = |at: usize| Finding {
            code: "ABC001".to_owned(),
            severity,
            policy: String::new(),
            path: format!("/{at}"),
            message: text.chars().skip(at).take(QUOTED).collect(),
            fix: String::new(),
        };
        let missing = object.get("metadata").is_some_and(Value::is_object)
            && object.pointer("/metadata/annotations").is_none();
        let patch = json!([{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}]);
        Ok(Verdict {
            findings: (0..call.object_json.len() % 40).map(finding).collect(),
            patch: match missing {
                true => serde_json::from_value(patch).expect("a patch"),
                false => Patch::default(),
            },
        })
    }
}
