//! A patch and the object that it is for: it is applied as RFC 6902 says or not at all, the object
//! stays the same object, and what is sent makes of it exactly what the policies were shown.

use std::cell::RefCell;

use admission::json_patch::PatchOperation;
use admission::{
    Call, Decision, Evaluate, EvaluateError, MAX_DEPTH, MatchRule, Matching, Patch, Phase, Policy,
    PolicySet, Request, Verdict, admit, apply, respond,
};
use serde_json::{Value, json};

use crate::{answer, rfc6902};

/// What makes an object another one.
const IDENTITY: [&str; 6] = [
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/generateName",
    "/metadata/namespace",
    "/metadata/uid",
];

/// Checks two JSON texts, one after the other: an object and a patch.
///
/// # Panics
/// When something doesn't hold for them.
pub fn check(bytes: &[u8]) {
    let Some((object, patch)) = read(bytes) else {
        return;
    };
    check_applied(&object, &patch);
    if let Ok(request) = Request::from_manifest(object, "default") {
        check_admitted(&request, &patch, Phase::Mutate);
        check_admitted(&request, &patch, Phase::Validate);
    }
}

/// Holds for every decision on an object: what is sent makes of the one that was submitted the one
/// that the pipeline believes in, which is the same object.
pub(crate) fn check_decision(submitted: &Value, decision: &Decision, phase: Phase) {
    let answer = answer::read(&respond("u-1", decision, phase));
    assert_eq!(answer.allowed, decision.allowed);
    let believed = decision.object.as_ref().expect("an object was submitted");
    let stored = rfc6902::apply(submitted, &answer.patch.0).expect("a patch that is sent applies");
    assert_eq!(&stored, believed);
    check_identity(submitted, believed);
}

fn read(bytes: &[u8]) -> Option<(Value, Patch)> {
    let mut texts = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let object = texts.next()?.ok()?;
    let patch = serde_json::from_value(texts.next()?.ok()?).ok()?;
    Some((object, patch))
}

fn check_applied(object: &Value, patch: &Patch) {
    match (apply(object, patch), rfc6902::apply(object, &patch.0)) {
        (Ok(applied), Ok(expected)) => {
            assert_eq!(applied, expected);
            check_identity(object, &applied);
            assert!(depth(&applied) <= depth(object).max(MAX_DEPTH));
        }
        (Ok(_), Err(_)) => panic!("it applies, and RFC 6902 says that it doesn't"),
        (Err(error), Ok(expected)) => {
            assert!(is_refused(object, patch, &expected), "{error}");
        }
        (Err(_), Err(_)) => {}
    }
}

/// Whether we refuse what RFC 6902 would take.
fn is_refused(object: &Value, patch: &Patch, patched: &Value) -> bool {
    let is_deep = |operation: &PatchOperation| {
        let below = match operation {
            PatchOperation::Add(add) => depth(&add.value),
            PatchOperation::Replace(replace) => depth(&replace.value),
            _ => 0,
        };
        operation.path().tokens().count() + below > MAX_DEPTH
    };
    let changes = |path: &&str| object.pointer(path) != patched.pointer(path);
    patch.0.iter().any(is_deep) || IDENTITY.iter().any(changes)
}

/// The patch, its first half from one policy and the rest from another.
fn check_admitted(request: &Request, patch: &Patch, phase: Phase) {
    let (first, second) = patch.0.split_at(patch.0.len() / 2);
    let halves = Halves(RefCell::new(vec![second.to_vec(), first.to_vec()]));
    let policies = PolicySet(vec![policy("first"), policy("second")]);
    let decision = admit(request, phase, &policies, &halves);
    let submitted = request.object.as_ref().expect("a manifest has an object");
    check_decision(submitted, &decision, phase);
    if phase == Phase::Validate {
        assert!(decision.patch.0.is_empty() || !decision.allowed);
    }
}

fn check_identity(before: &Value, after: &Value) {
    for path in IDENTITY {
        assert_eq!(before.pointer(path), after.pointer(path), "{path}");
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn policy(name: &str) -> Policy {
    let matching = Matching::of_rules(vec![MatchRule::default()]);
    Policy::new(name, matching, json!({}))
}

/// Policies that patch when they are asked first, and then have nothing left to do.
struct Halves(RefCell<Vec<Vec<PatchOperation>>>);

impl Evaluate for Halves {
    fn evaluate(&self, _: &Policy, _: &Call<'_>) -> Result<Verdict, EvaluateError> {
        Ok(Verdict {
            findings: Vec::new(),
            patch: Patch(self.0.borrow_mut().pop().unwrap_or_default()),
        })
    }
}
