//! The AdmissionReview that goes back, read as the API server reads it.

use admission::Patch;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Characters that the API server shows of all warnings together.
const WARNINGS: usize = 4_096;
/// Characters of a qualified name's last part.
const KEY: usize = 63;

/// What an answer says.
pub(crate) struct Answer {
    pub(crate) uid: String,
    pub(crate) allowed: bool,
    /// Empty where none is sent.
    pub(crate) patch: Patch,
}

/// Reads an answer, which must be one that the API server takes as it is.
pub(crate) fn read(bytes: &[u8]) -> Answer {
    let review: Value = serde_json::from_slice(bytes).expect("an answer is JSON");
    assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(review["kind"], "AdmissionReview");
    let response = &review["response"];
    let allowed = response["allowed"].as_bool().expect("allowed is a boolean");
    check_status(response, allowed);
    check_warnings(response);
    check_annotations(response);
    let patch = patch(response);
    assert!(allowed || patch.0.is_empty(), "a refusal carries a patch");
    Answer {
        uid: response["uid"].as_str().expect("uid is a text").to_owned(),
        allowed,
        patch,
    }
}

fn check_status(response: &Value, allowed: bool) {
    let Some(status) = response.get("status") else {
        assert!(allowed, "a refusal says why");
        return;
    };
    assert!(!allowed, "what is allowed has no failure");
    let code = status["code"].as_u64().expect("code is a number");
    assert!(matches!(code, 400 | 403), "{code}");
    let message = status["message"].as_str().expect("message is a text");
    assert!(!message.is_empty() && !message.contains(char::is_control));
}

fn check_warnings(response: &Value) {
    let warnings = response.get("warnings").and_then(Value::as_array);
    let warnings = warnings.into_iter().flatten();
    let texts: Vec<&str> = warnings
        .map(|text| text.as_str().expect("a text"))
        .collect();
    assert!(texts.iter().all(|text| !text.contains(char::is_control)));
    let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
    assert!(
        characters <= WARNINGS,
        "{characters} characters of warnings"
    );
}

fn check_annotations(response: &Value) {
    let annotations = response.get("auditAnnotations").and_then(Value::as_object);
    for (key, value) in annotations.into_iter().flatten() {
        assert!(value.is_string());
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(
            !key.is_empty() && key.len() <= KEY && key.bytes().all(inner),
            "{key}"
        );
    }
}

fn patch(response: &Value) -> Patch {
    let Some(patch) = response.get("patch") else {
        assert!(response.get("patchType").is_none());
        return Patch::default();
    };
    assert_eq!(response["patchType"], "JSONPatch");
    let text = STANDARD.decode(patch.as_str().expect("patch is a text"));
    serde_json::from_slice(&text.expect("patch is base64")).expect("patch is a JSON patch")
}
