//! What a hostile guest hands over: whatever lies in its memory, it is a verdict within the contract
//! or a typed error, and no decision that it leads to breaks a promise.
//!
//! The guest is a real one in its sandbox. An input that begins with an even byte is the memory that
//! its verdict points into; another becomes a statement, which the guest makes by the rules of the
//! canonical ABI, so that what is taken can be compared with what was said.

use admission::json_patch::PatchOperation;
use admission::{
    Call, Evaluate, EvaluateError, Finding, MatchRule, Matching, Phase, Policy, PolicySet, Request,
    Severity, Verdict, admit,
};
use arbitrary::Unstructured;
use serde_json::{Value, json};

use crate::image::{Done, Said, Statement, value};
use crate::patch::check_decision;
use crate::relay::{DENIES, RELAY, ROOM, WARNS};

/// Findings that a policy may have.
const FINDINGS: usize = 256;
/// Operations that a patch of a small object may have.
const OPERATIONS: usize = 4_096 + 64;
/// Bytes of a finding's text.
const TEXT: usize = 4_096;
/// Bytes that an error may say.
const ERROR: usize = 8_192;

/// Checks what a guest hands over.
///
/// # Panics
/// When something doesn't hold for it.
pub fn check(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    if first % 2 == 0 {
        // Whether it is taken or not, it was checked.
        check_image(&rest[..rest.len().min(ROOM)]).ok();
    } else if let Ok(statement) = Statement::any(&mut Unstructured::new(rest)) {
        check_statement(&statement);
    }
}

fn check_statement(statement: &Statement) {
    let Some(image) = statement.image() else {
        return;
    };
    match check_image(&image) {
        Ok(verdict) => {
            assert!(statement.is_legal(), "{statement:?} is taken");
            check_told(statement, &verdict);
        }
        Err(error) => assert!(!statement.is_legal(), "{error}: {statement:?}"),
    }
}

/// What is heard is what was said.
fn check_told(statement: &Statement, verdict: &Verdict) {
    let same = |(said, finding): (&Said, &Finding)| {
        said.code == finding.code.as_bytes()
            && said.denies == (finding.severity == Severity::Deny)
            && said.path == finding.path.as_bytes()
            && said.message == finding.message.as_bytes()
            && said.fix == finding.fix.as_bytes()
    };
    assert_eq!(statement.findings.len(), verdict.findings.len());
    assert!(statement.findings.iter().zip(&verdict.findings).all(same));
    let same = |(done, operation): (&Done, &PatchOperation)| {
        let (what, held) = match operation {
            PatchOperation::Add(add) => (0, Some(add.value.clone())),
            PatchOperation::Replace(replace) => (1, Some(replace.value.clone())),
            _ => (2, None),
        };
        let path = operation.path().to_string();
        done.what == what
            && done.path == path.as_bytes()
            && (what == 2 || value(&done.value) == held)
    };
    assert_eq!(statement.operations.len(), verdict.patch.0.len());
    assert!(statement.operations.iter().zip(&verdict.patch.0).all(same));
}

fn check_image(image: &[u8]) -> Result<Verdict, EvaluateError> {
    let object = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"items": [1, {}]},
    });
    let request = Request::from_manifest(object.clone(), "default").expect("it is a Pod");
    let relayed = Relayed(image);
    let json = object.to_string();
    let said = relayed.ask(&request, json.as_bytes());
    match &said {
        Ok(verdict) => check_verdict(verdict),
        Err(error) => check_error(error),
    }
    let matching = Matching::of_rules(vec![MatchRule::default()]);
    let policies = PolicySet(vec![Policy::new("relay", matching, Value::Null)]);
    for phase in [Phase::Mutate, Phase::Validate] {
        let decision = admit(&request, phase, &policies, &relayed);
        check_decision(&object, &decision, phase);
        assert!(
            said.is_ok() || !decision.allowed,
            "a policy that fails denies"
        );
    }
    said
}

fn check_verdict(verdict: &Verdict) {
    assert!(verdict.findings.len() <= FINDINGS);
    for finding in &verdict.findings {
        let code = finding.code.as_str();
        let is_warning = code == WARNS && finding.severity == Severity::Warn;
        assert!(code == DENIES || is_warning, "{finding:?}");
        let texts = [&finding.message, &finding.fix, &finding.path];
        assert!(texts.iter().all(|text| text.len() <= TEXT));
    }
    assert!(verdict.patch.0.len() <= OPERATIONS);
    for operation in &verdict.patch.0 {
        let is_known = matches!(
            operation,
            PatchOperation::Add(_) | PatchOperation::Replace(_) | PatchOperation::Remove(_)
        );
        assert!(is_known, "{operation:?}");
    }
}

/// The guest runs a few instructions, so only its answer can be at fault.
fn check_error(error: &EvaluateError) {
    let is_about_the_answer = matches!(
        error,
        EvaluateError::InvalidVerdict { .. }
            | EvaluateError::OutputTooLarge { .. }
            | EvaluateError::PatchTooLong { .. }
            | EvaluateError::Failed { .. }
    );
    assert!(is_about_the_answer, "{error:?}");
    let text = error.to_string();
    assert!(text.len() <= ERROR, "an error of {} bytes", text.len());
}

/// The guest that hands these bytes over.
struct Relayed<'a>(&'a [u8]);

impl Relayed<'_> {
    fn ask(&self, request: &Request, object_json: &[u8]) -> Result<Verdict, EvaluateError> {
        let call = Call {
            request,
            object_json,
            old_object_json: None,
            settings_json: self.0,
        };
        let answer = RELAY.review(&call, None, None);
        answer.map(|answer| answer.verdict)
    }
}

impl Evaluate for Relayed<'_> {
    fn evaluate(&self, _: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        self.ask(call.request, call.object_json)
    }
}
