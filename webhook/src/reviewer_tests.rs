//! Claims about what is counted and answered, with policies that are functions.

use admission::json_patch::{AddOperation, Patch, PatchOperation, jsonptr::PointerBuf};
use admission::{MatchRule, Matching, OnError, Severity};
use serde_json::{Value, json};

use super::*;

/// Every policy says what the function says.
struct Says<F>(PolicySet, F);

impl<F> Policies for Says<F>
where
    F: Fn(&str) -> Result<Verdict, EvaluateError> + Send + Sync + 'static,
{
    fn set(&self) -> &PolicySet {
        &self.0
    }

    fn evaluate(
        &self,
        policy: &Policy,
        _: &Call<'_>,
        _: Means<'_>,
    ) -> Result<Verdict, EvaluateError> {
        (self.1)(&policy.name)
    }
}

fn reviewer<F>(says: F) -> PolicyReviewer<Says<F>>
where
    F: Fn(&str) -> Result<Verdict, EvaluateError> + Send + Sync + 'static,
{
    let matching = Matching::of_rules(vec![MatchRule::default()]);
    let policy = |name| Policy::new(name, matching.clone(), json!({}));
    let mut lenient = policy("lenient");
    lenient.on_error = OnError::Allow;
    let says = Says(PolicySet(vec![policy("strict"), lenient]), says);
    PolicyReviewer {
        policies: Arc::new(Live::new(says)),
        mirror: None,
        metrics: Arc::new(Metrics::new()),
    }
}

fn review(uid: &str) -> Vec<u8> {
    let review = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "operation": "CREATE",
            "name": "p",
            "namespace": "default",
            "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}},
        },
    });
    review.to_string().into_bytes()
}

fn budget() -> Budget {
    Budget::new(Instant::now(), None)
}

fn response(reviewed: &Reviewed) -> Value {
    let answer: Value = serde_json::from_slice(&reviewed.body).unwrap();
    answer["response"].clone()
}

#[test]
fn an_object_that_all_policies_like_is_allowed_under_its_uid() {
    let reviewed =
        reviewer(|_| Ok(Verdict::default())).review(Phase::Mutate, &review("u1"), &budget());
    assert_eq!(response(&reviewed)["uid"], "u1");
    assert_eq!((reviewed.kind, reviewed.outcome), ("Pod", Outcome::Allowed));
}

#[test]
fn a_body_that_is_no_review_is_answered_with_the_uid_that_it_has() {
    let reviewer = reviewer(|_| Ok(Verdict::default()));
    let broken = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u2","object":"#;
    let reviewed = reviewer.review(Phase::Validate, broken, &budget());
    assert_eq!(response(&reviewed)["uid"], "u2");
    assert_eq!(response(&reviewed)["allowed"], false);
    assert_eq!(reviewed.outcome, Outcome::Unusable);
}

#[test]
fn a_patch_makes_a_mutation_patched() {
    let mark = |_: &str| {
        let operation = AddOperation {
            path: PointerBuf::parse("/metadata/labels").unwrap(),
            value: json!({"a": "b"}),
        };
        let patch = Patch(vec![PatchOperation::Add(operation)]);
        Ok(Verdict {
            findings: vec![],
            patch,
        })
    };
    // It patches in the second pass as well: a fault, and the fault's on-error is deny.
    let reviewed = reviewer(mark).review(Phase::Mutate, &review("u3"), &budget());
    assert_eq!(reviewed.outcome, Outcome::Denied);
}

#[test]
fn a_broken_limit_is_counted_by_policy_and_limit() {
    let reviewer = reviewer(|name| match name {
        "strict" => Err(EvaluateError::OutOfFuel { limit: 7 }),
        _ => Ok(Verdict::default()),
    });
    let reviewed = reviewer.review(Phase::Mutate, &review("u4"), &budget());
    assert_eq!(reviewed.outcome, Outcome::Denied);
    let text = reviewer.metrics.text().unwrap();
    let line = "policy_errors_total{policy=\"strict\",limit=\"fuel\"} 1";
    assert!(text.contains(line), "{text}");
}

#[test]
fn with_no_time_left_each_policys_on_error_answers_and_none_is_asked() {
    let reviewer =
        reviewer(|name| -> Result<Verdict, EvaluateError> { panic!("{name} was asked") });
    let reviewed = reviewer.review(Phase::Mutate, &review("u5"), &budget().over());
    let answer = response(&reviewed);
    assert_eq!(
        (&answer["uid"], &answer["allowed"]),
        (&json!("u5"), &json!(false))
    );
    let message = answer["status"]["message"].as_str().unwrap();
    assert!(
        message.contains("strict") && message.contains("9750 ms"),
        "{message}"
    );
    assert!(
        answer["warnings"][0].as_str().unwrap().contains("lenient"),
        "{answer}"
    );
}

#[test]
fn findings_are_counted_by_policy_and_code() {
    let reviewer = reviewer(|_| {
        let finding = Finding {
            code: "TPU007".into(),
            severity: Severity::Warn,
            policy: String::new(),
            path: "/spec".into(),
            message: "odd".into(),
            fix: String::new(),
        };
        Ok(Verdict {
            findings: vec![finding],
            patch: Patch::default(),
        })
    });
    reviewer.review(Phase::Validate, &review("u6"), &budget());
    let text = reviewer.metrics.text().unwrap();
    let line = "findings_total{policy=\"strict\",code=\"TPU007\",severity=\"warn\"} 1";
    assert!(text.contains(line), "{text}");
}
