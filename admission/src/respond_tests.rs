//! What the API server demands of a response.

use serde_json::{Value, json};

use super::*;
use crate::finding::Severity;
use crate::review::ReviewFault;

fn finding(code: &str, severity: Severity) -> Finding {
    Finding {
        code: code.into(),
        severity,
        policy: "tpu-shape".into(),
        path: "/spec".into(),
        message: "found 7, expected 8".into(),
        fix: "set 8".into(),
    }
}

fn allowed() -> Decision {
    let patch = json!([{"op": "add", "path": "/spec/a", "value": 1}]);
    Decision {
        allowed: true,
        patch: serde_json::from_value(patch).unwrap(),
        policies: vec!["tpu-defaults".into(), "tpu-shape".into()],
        warnings: vec![finding("TPU010", Severity::Warn)],
        ..Decision::default()
    }
}

fn response(bytes: &[u8]) -> Value {
    let review: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(review["kind"], "AdmissionReview");
    review["response"].clone()
}

#[test]
fn patch_and_patch_type_come_together_and_only_when_mutating() {
    let mutate = response(&respond("u-1", &allowed(), Phase::Mutate));
    assert_eq!(
        (&mutate["uid"], &mutate["patchType"]),
        (&json!("u-1"), &json!("JSONPatch"))
    );
    let patch = STANDARD.decode(mutate["patch"].as_str().unwrap()).unwrap();
    let patch: Value = serde_json::from_slice(&patch).unwrap();
    assert_eq!(patch[0]["path"], "/spec/a");
    let validate = response(&respond("u-1", &allowed(), Phase::Validate));
    assert_eq!(
        (validate.get("patch"), validate.get("patchType")),
        (None, None)
    );
}

#[test]
fn an_empty_patch_is_not_sent() {
    let decision = Decision {
        patch: Default::default(),
        ..allowed()
    };
    let mutate = response(&respond("u-1", &decision, Phase::Mutate));
    assert_eq!((mutate.get("patch"), mutate.get("patchType")), (None, None));
}

#[test]
fn a_denial_carries_code_message_and_causes() {
    let denials = vec![
        finding("TPU004", Severity::Deny),
        finding("TPU007", Severity::Deny),
    ];
    let decision = Decision {
        allowed: false,
        denials,
        ..allowed()
    };
    let denied = response(&respond("u-1", &decision, Phase::Mutate));
    assert_eq!(denied["status"]["code"], 403);
    let message = "[TPU004] /spec: found 7, expected 8. fix: set 8; [TPU007] /spec: found 7, expected 8. fix: set 8";
    assert_eq!(denied["status"]["message"], message);
    let cause =
        json!({"reason": "TPU007", "field": "/spec", "message": "found 7, expected 8. fix: set 8"});
    assert_eq!(denied["status"]["details"]["causes"][1], cause);
    assert_eq!(denied.get("patch"), None);
}

#[test]
fn audit_annotations_say_of_each_policy_what_it_found() {
    let annotations =
        response(&respond("u", &allowed(), Phase::Mutate))["auditAnnotations"].clone();
    assert_eq!(
        annotations,
        json!({"tpu-defaults": "allowed", "tpu-shape": "warned TPU010"})
    );
}

#[test]
fn audit_keys_are_qualified_names() {
    assert_eq!(qualified("a b/é-"), "a-b");
    assert_eq!(qualified("///"), "policy");
    assert!(qualified(&"x".repeat(100)).len() <= MAX_KEY);
}

#[test]
fn an_unusable_review_is_refused_with_its_uid() {
    let fault = ReviewFault::NoRequest;
    let error = ReviewError {
        uid: Some("u-1".into()),
        fault,
    };
    let refused = response(&respond_error(&error));
    assert_eq!(
        (&refused["uid"], &refused["allowed"]),
        (&json!("u-1"), &json!(false))
    );
    assert_eq!(
        refused["status"]["details"]["causes"][0]["reason"],
        "POL005"
    );
}
