//! Answers that can't be taken.

use admission::EvaluateError;
use runtime::Limits;

use crate::guest::{Finding, Guest};
use crate::{error_of, pod};

/// The object adds a little to the limit.
fn is_too_large(error: &EvaluateError) -> bool {
    let least = Limits::default().output_bytes;
    matches!(error, EvaluateError::OutputTooLarge { limit } if (least..least + 1_000).contains(limit))
}

#[test]
fn a_huge_verdict_is_too_large() {
    let mut guest = Guest::default().with_pages(160);
    let [at, _] = guest.words(&[0, 0, 200_000, 0, 0]);
    let guest = guest.reviewed_by(&format!("i32.const {at}"));
    assert!(is_too_large(&error_of(guest)));
}

/// The same long text again and again: small in the guest, huge in the host.
#[test]
fn a_verdict_that_multiplies_one_text_is_too_large() {
    let message = "x".repeat(50_000);
    let mut guest = Guest::default();
    let message = guest.text(message.as_bytes());
    let finding = [
        message[0], 6, 0, message[0], 1, message[0], message[1], message[0], message[1],
    ];
    let [findings, _] = guest.words(&finding.repeat(100));
    let [at, _] = guest.words(&[0, findings, 100, 0, 0]);
    let guest = guest.reviewed_by(&format!("i32.const {at}"));
    assert!(is_too_large(&error_of(guest)));
}

fn is_invalid(error: &EvaluateError, about: &str) -> bool {
    matches!(error, EvaluateError::InvalidVerdict { reason } if reason.contains(about))
}

#[test]
fn a_verdict_that_makes_no_sense_is_invalid() {
    let finding = |finding| error_of(Guest::answering(&[finding], &[]));
    let patch = |operation| error_of(Guest::answering(&[], &[operation]));
    let unknown = Finding {
        code: b"BAD009",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(unknown), "BAD009"));
    let too_bad = Finding {
        code: b"BAD002",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(too_bad), "warning"));
    let no_text = Finding {
        code: b"\xff\xfeBAD",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(no_text), "read"));
    let no_path = Finding {
        path: "spec",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(no_path), "pointer"));
    assert!(is_invalid(&patch((0, "/spec/x", "{")), "no JSON"));
    assert!(is_invalid(
        &patch((0, "/spec/x", r#"{"a":1,"a":2}"#)),
        "twice"
    ));
    assert!(is_invalid(&patch((2, "/spec/~2", "")), "pointer"));
    let deep = "[".repeat(1_000) + &"]".repeat(1_000);
    assert!(is_invalid(&patch((0, "/spec/x", &deep)), "recursion"));
}

#[test]
fn too_many_findings_are_invalid() {
    let findings: Vec<Finding> = (0..300).map(|_| Finding::default()).collect();
    assert!(is_invalid(
        &error_of(Guest::answering(&findings, &[])),
        "300 findings"
    ));
}

#[test]
fn too_long_a_patch_is_told_with_the_objects_size_and_the_limit() {
    let mut guest = Guest::default();
    let [path, length] = guest.text(b"/spec/x");
    let [patch, _] = guest.words(&[2, path, length, 0, 0].repeat(4_200));
    let [at, _] = guest.words(&[0, 0, 0, patch, 4_200]);
    let object_bytes = pod().object.unwrap().to_string().len();
    let too_long = EvaluateError::PatchTooLong {
        found: 4_200,
        object_bytes,
        limit: 4_096 + object_bytes / 32,
    };
    assert_eq!(
        error_of(guest.reviewed_by(&format!("i32.const {at}"))),
        too_long
    );
}

#[test]
fn pointers_outside_of_the_memory_harm_the_guest_only() {
    for address in ["-4", "999999999"] {
        let error = error_of(Guest::reviewing(&format!("i32.const {address}")));
        let typed = matches!(
            error,
            EvaluateError::Trapped { .. } | EvaluateError::InvalidVerdict { .. }
        );
        assert!(typed, "{error:?}");
    }
}

#[test]
fn a_policy_may_fail_in_its_own_words() {
    let reason = "no idea".to_owned();
    assert_eq!(
        error_of(Guest::failing("no idea")),
        EvaluateError::Failed { reason }
    );
}
