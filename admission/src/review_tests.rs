//! What the wire can bring.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn review(request: &Value) -> Vec<u8> {
    let review = json!({"apiVersion": API_VERSION, "kind": KIND, "request": request});
    review.to_string().into_bytes()
}

fn create() -> Value {
    json!({
        "uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "namespace": "default",
        "object": {"kind": "Pod"},
        "oldObject": null,
        "options": {"kind": "CreateOptions"},
        "dryRun": true,
    })
}

fn with(member: &str, value: Value) -> Vec<u8> {
    let mut request = create();
    request[member] = value;
    review(&request)
}

#[test]
fn a_creation_is_read() {
    let request = parse_review(&review(&create())).unwrap();
    assert_eq!(request.uid, "u-1");
    assert_eq!(request.name, "", "generateName leaves the name empty");
    assert!(request.dry_run);
    assert!(request.old_object.is_none());
}

#[test]
fn the_uid_is_recovered_from_what_can_not_be_used() {
    let deep = format!(
        r#"{{"request":{{"object":{}{},"uid":"u-1"}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let twice = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","kind":{"version":"v1","kind":"Pod"},"resource":{"version":"v1","resource":"pods"},"operation":"CREATE","object":{"a":1,"a":2}}}"#;
    let mut invalid_utf8 = review(&create());
    let at = invalid_utf8
        .windows(3)
        .position(|bytes| bytes == b"Pod")
        .unwrap();
    invalid_utf8[at] = 0xff;
    let truncated = br#"{"request":{"uid":"u-1","object":{"#.to_vec();
    for body in [
        deep.into_bytes(),
        twice.as_bytes().to_vec(),
        invalid_utf8,
        truncated,
        with("object", json!([])),
        with("object", Value::Null),
        with("operation", json!("PATCH")),
        with("operation", json!("UPDATE")),
        with("operation", json!("DELETE")),
        with("name", json!({})),
    ] {
        let error = parse_review(&body).unwrap_err();
        assert_eq!(error.uid.as_deref(), Some("u-1"), "{error}");
    }
}

#[test]
fn other_versions_and_kinds_are_refused_by_name() {
    let body = br#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}"#;
    let error = parse_review(&with_request(body)).unwrap_err();
    assert!(
        matches!(error.fault, ReviewFault::OtherKind { ref found } if found.contains("v1beta1"))
    );
    let error = parse_review(br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#);
    assert_eq!(error.unwrap_err().fault, ReviewFault::NoRequest);
}

#[test]
fn a_refusal_is_short_however_long_what_it_refuses_is() {
    let long = "\u{1}".repeat(100_000);
    let kind = json!({"apiVersion": API_VERSION, "kind": long}).to_string();
    for body in [kind.into_bytes(), with("operation", json!(long))] {
        let error = parse_review(&body).unwrap_err();
        let answer = crate::respond::respond_error(&error);
        assert!(answer.len() < 8_000, "{} bytes", answer.len());
    }
}

/// The body with a whole request in place of its own.
fn with_request(body: &[u8]) -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(body).unwrap();
    review["request"] = create();
    review.to_string().into_bytes()
}

#[test]
fn what_is_no_json_at_all_has_no_uid() {
    for body in [&b""[..], b"\xff", b"[]", b"\"x\"", b"{\"request\":1}"] {
        assert_eq!(parse_review(body).unwrap_err().uid, None);
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(parse_review(&body).is_err());
    }

    /// Bytes of a real review, a few of them changed.
    #[test]
    fn damaged_reviews_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut body = review(&create());
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Err(error) = parse_review(&body) {
            let answer = crate::respond::respond_error(&error);
            prop_assert!(serde_json::from_slice::<Value>(&answer).is_ok());
        }
    }
}
