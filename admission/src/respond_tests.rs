//! What the API server demands of a response.

use proptest::prelude::*;
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

proptest! {
    /// Whatever policies say, the API server can read the answer.
    #[test]
    fn every_response_can_be_read(
        texts in prop::collection::vec(any::<(String, String, String, bool)>(), 0..40),
        uid in any::<String>(),
    ) {
        let finding = |(path, message, fix, denies): (String, String, String, bool)| Finding {
            severity: if denies { Severity::Deny } else { Severity::Warn },
            path,
            message: message.repeat(20),
            fix,
            ..finding("TPU001", Severity::Warn)
        };
        let (denials, warnings): (Vec<_>, Vec<_>) = texts
            .into_iter()
            .map(finding)
            .partition(|finding| finding.severity == Severity::Deny);
        let decision = Decision { allowed: denials.is_empty(), denials, warnings, ..allowed() };
        let answer = response(&respond(&uid, &decision, Phase::Mutate));
        prop_assert_eq!(&answer["uid"], &json!(uid));
        let warnings = answer.get("warnings").and_then(Value::as_array).cloned().unwrap_or_default();
        let texts: Vec<&str> = warnings.iter().map(|text| text.as_str().unwrap()).collect();
        prop_assert!(texts.iter().map(|text| text.chars().count()).sum::<usize>() <= 4096);
        prop_assert!(!texts.concat().contains(char::is_control));
    }
}
