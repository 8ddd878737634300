//! The pipeline's promises, with policies as closures.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::evaluate::Verdict;
use crate::matching::{MatchRule, Matching};
use crate::policy::Mode;

type Said = Result<Verdict, EvaluateError>;
type Behaviour = Box<dyn Fn(&Value) -> Said>;

/// Policies as functions of the object, by slot.
#[derive(Default)]
struct Played {
    set: PolicySet,
    behaviours: Vec<Behaviour>,
}

impl Played {
    fn with(mut self, name: &str, behaviour: impl Fn(&Value) -> Said + 'static) -> Self {
        let matching = Matching::of_rules(vec![MatchRule::default()]);
        let mut policy = Policy::new(name, matching, json!({}));
        policy.slot = self.behaviours.len();
        self.set.0.push(policy);
        self.behaviours.push(Box::new(behaviour));
        self
    }

    /// Changes the policy that was added last.
    fn but(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(self.set.0.last_mut().unwrap());
        self
    }

    fn mutate(&self, object: Value) -> Decision {
        self.decide(&request(object), Phase::Mutate)
    }

    fn decide(&self, request: &Request, phase: Phase) -> Decision {
        admit(request, phase, &self.set, self)
    }
}

impl Evaluate for Played {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Said {
        let object = serde_json::from_slice(call.object_json).unwrap();
        self.behaviours[policy.slot](&object)
    }
}

fn request(mut object: Value) -> Request {
    object["apiVersion"] = json!("v1");
    object["kind"] = json!("Pod");
    Request::from_manifest(object, "default").unwrap()
}

fn finds(code: &str, severity: Severity, path: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        policy: String::new(),
        path: path.to_owned(),
        message: "m".to_owned(),
        fix: "f".to_owned(),
    }
}

fn denies(code: &'static str) -> impl Fn(&Value) -> Said {
    move |_| {
        Ok(Verdict {
            findings: vec![finds(code, Severity::Deny, "/spec")],
            ..Verdict::default()
        })
    }
}

/// Sets a member where it is absent.
fn completes(member: &'static str) -> impl Fn(&Value) -> Said {
    move |object| match object.get(member) {
        Some(_) => Ok(Verdict::default()),
        None => patches(json!([{"op": "add", "path": format!("/{member}"), "value": 1}])),
    }
}

fn patches(patch: Value) -> Said {
    Ok(Verdict {
        patch: serde_json::from_value(patch).unwrap(),
        ..Verdict::default()
    })
}

fn codes_of(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings
        .iter()
        .map(|finding| (finding.policy.as_str(), finding.code.as_str()))
        .collect()
}

#[test]
fn an_object_that_no_policy_matches_is_answered_without_asking() {
    let set = Played::default().with("a", denies("AAA001")).but(|policy| {
        policy.matching.exclude_namespaces.push("default".into());
    });
    let decision = set.mutate(json!({}));
    assert!(decision.allowed && decision.policies.is_empty());
    assert_eq!(decision.passes, 0);
}

#[test]
fn all_findings_are_reported_in_policy_order() {
    let set = Played::default()
        .with("b", denies("BBB001"))
        .with("a", denies("AAA001"));
    let decision = set.mutate(json!({}));
    assert!(!decision.allowed);
    assert_eq!(
        codes_of(&decision.denials),
        [("b", "BBB001"), ("a", "AAA001")]
    );
    assert_eq!(decision.policies, ["b", "a"]);
}

#[test]
fn each_policy_sees_the_object_as_patched_so_far() {
    let set = Played::default()
        .with("first", completes("x"))
        .with("second", |object| match object.get("x") {
            Some(_) => completes("y")(object),
            None => denies("AAA001")(object),
        });
    let decision = set.mutate(json!({}));
    assert!(decision.allowed);
    let object = decision.object.unwrap();
    assert_eq!((&object["x"], &object["y"]), (&json!(1), &json!(1)));
    assert_eq!(decision.passes, 2);
}

#[test]
fn findings_are_those_of_the_patched_object() {
    let set = Played::default()
        .with("shape", |object| match object.get("x") {
            Some(_) => Ok(Verdict::default()),
            None => denies("AAA001")(object),
        })
        .with("defaults", completes("x"));
    let decision = set.mutate(json!({}));
    assert!(decision.allowed, "{:?}", decision.denials);
}

#[test]
fn a_policy_that_patches_its_own_result_is_named() {
    let endless = |_: &Value| patches(json!([{"op": "add", "path": "/x", "value": 1}]));
    let set = Played::default()
        .with("good", completes("y"))
        .with("endless", endless);
    let decision = set.mutate(json!({}));
    assert_eq!(codes_of(&decision.denials), [("endless", "POL002")]);
    assert_eq!(decision.denials[0].path, "/x");
}

#[test]
fn a_refused_object_is_not_patched() {
    let set = Played::default()
        .with("defaults", completes("x"))
        .with("shape", denies("AAA001"));
    let decision = set.mutate(json!({}));
    assert!(decision.patch.0.is_empty());
    assert_eq!(decision.object, request(json!({})).object);
}

#[test]
fn a_patch_that_does_not_apply_blames_its_policy_and_the_others_go_on() {
    let set = Played::default()
        .with("bad", |_| {
            patches(json!([{"op": "remove", "path": "/gone"}]))
        })
        .but(|policy| policy.on_error = OnError::Allow)
        .with("good", completes("x"));
    let decision = set.mutate(json!({}));
    assert!(decision.allowed);
    assert_eq!(codes_of(&decision.warnings), [("bad", "POL003")]);
    assert_eq!(decision.patch.0.len(), 1);
}

#[test]
fn nothing_is_patched_on_delete() {
    let mut set = Played::default().with("a", completes("x"));
    set.set.0[0].matching = Matching::of_rules(vec![MatchRule::default()]);
    let mut deletion = request(json!({}));
    deletion.operation = Operation::Delete;
    deletion.old_object = deletion.object.take();
    let decision = set.decide(&deletion, Phase::Mutate);
    assert_eq!(codes_of(&decision.denials), [("a", "POL003")]);
}

#[test]
fn a_patch_when_validating_means_that_a_later_webhook_undid_us() {
    let set = Played::default().with("defaults", completes("x"));
    let decision = set.decide(&request(json!({})), Phase::Validate);
    assert_eq!(codes_of(&decision.denials), [("defaults", "POL004")]);
    assert_eq!((decision.passes, decision.patch.0.len()), (1, 0));
    let complete = set.decide(&request(json!({"x": 1})), Phase::Validate);
    assert!(complete.allowed);
}

#[test]
fn a_policy_that_fails_is_told_with_its_limit_and_the_others_answer() {
    let fails = |_: &Value| Err(EvaluateError::OutOfFuel { limit: 42 });
    let set = Played::default()
        .with("strict", fails)
        .with("lenient", fails)
        .but(|policy| policy.on_error = OnError::Allow)
        .with("shape", denies("AAA001"));
    let decision = set.mutate(json!({}));
    assert_eq!(
        codes_of(&decision.denials),
        [("strict", "POL001"), ("shape", "AAA001")]
    );
    assert_eq!(codes_of(&decision.warnings), [("lenient", "POL001")]);
    assert!(decision.denials[0].message.contains("strict"));
    assert!(decision.denials[0].message.contains("42"));
}

#[test]
fn a_policy_in_warn_mode_patches_and_never_denies() {
    let set = Played::default()
        .with("a", |object| {
            let verdict = completes("x")(object)?;
            let findings = vec![finds("AAA001", Severity::Deny, "")];
            Ok(Verdict {
                findings,
                ..verdict
            })
        })
        .but(|policy| policy.mode = Mode::Warn);
    let decision = set.mutate(json!({}));
    assert_eq!(codes_of(&decision.warnings), [("a", "AAA001")]);
    assert_eq!(decision.patch.0.len(), 1);
}

#[test]
fn a_policy_in_audit_mode_neither_tells_nor_patches() {
    let set = Played::default()
        .with("a", |object| {
            let verdict = completes("x")(object)?;
            let findings = vec![finds("AAA001", Severity::Deny, "")];
            Ok(Verdict {
                findings,
                ..verdict
            })
        })
        .but(|policy| policy.mode = Mode::Audit);
    let decision = set.mutate(json!({}));
    assert!(decision.allowed && decision.warnings.is_empty());
    assert_eq!(codes_of(&decision.audits), [("a", "AAA001")]);
    assert!(decision.patch.0.is_empty());
    let beside = set.with("other", completes("y"));
    assert_eq!(
        codes_of(&beside.mutate(json!({})).audits),
        [("a", "AAA001")]
    );
}

#[test]
fn what_two_policies_find_at_one_place_is_told_once() {
    let set = Played::default()
        .with("a", denies("OBJ001"))
        .with("b", denies("OBJ001"));
    assert_eq!(codes_of(&set.mutate(json!({})).denials), [("a", "OBJ001")]);
}

#[test]
fn what_is_controlled_is_completed_and_warned_and_never_denied() {
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "controller": true});
    let pod = json!({"metadata": {"ownerReferences": [owner]}});
    let set = Played::default()
        .with("shape", denies("AAA001"))
        .with("defaults", completes("x"));
    let decision = set.mutate(pod.clone());
    assert!(decision.allowed);
    assert_eq!(codes_of(&decision.warnings), [("shape", "AAA001")]);
    assert_eq!(decision.patch.0.len(), 1);
    let broken = set.with("broken", |_| Err(EvaluateError::StackOverflow));
    assert_eq!(
        codes_of(&broken.mutate(pod).denials),
        [("broken", "POL001")]
    );
}

#[test]
fn an_object_may_skip_what_is_skippable_only() {
    let object = json!({"metadata": {"annotations": {"kubectl-sax.dev/skip": "a,b"}}});
    let set = Played::default()
        .with("a", denies("AAA001"))
        .but(|policy| policy.skippable = true)
        .with("b", denies("BBB001"));
    let decision = set.mutate(object);
    assert_eq!(codes_of(&decision.denials), [("b", "BBB001")]);
    assert_eq!(decision.policies, ["b"]);
}

#[test]
fn what_a_workload_skips_is_patched_into_its_templates_before_any_policy_is_asked() {
    let set = Played::default()
        .with("a", denies("AAA001"))
        .but(|policy| policy.skippable = true)
        .with("b", |object| {
            let template = object.pointer("/spec/template/metadata/annotations");
            assert!(template.is_some());
            Ok(Verdict::default())
        });
    let object = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"annotations": {"kubectl-sax.dev/skip": "a"}},
        "spec": {"template": {}},
    });
    let request = Request::from_manifest(object, "default").unwrap();
    let decision = set.decide(&request, Phase::Mutate);
    assert!(decision.allowed);
    let expected = json!([{
        "op": "add",
        "path": "/spec/template/metadata",
        "value": {"annotations": {"kubectl-sax.dev/skip": "a"}},
    }]);
    assert_eq!(json!(decision.patch), expected);
    let stored = Request {
        object: decision.object.clone(),
        ..request
    };
    for phase in [Phase::Mutate, Phase::Validate] {
        assert_eq!(set.decide(&stored, phase).patch, Patch::default());
    }
}

proptest! {
    /// The composed patch leads where applying each policy's patch in turn leads.
    #[test]
    fn the_composed_patch_is_the_sequence_of_patches(members in prop::collection::vec(0..6usize, 0..8)) {
        const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let mut set = Played::default();
        let mut expected = request(json!({})).object.unwrap();
        for (index, &member) in members.iter().enumerate() {
            set = set.with(&format!("p{index}"), completes(NAMES[member]));
            expected[NAMES[member]] = json!(1);
        }
        let decision = set.mutate(json!({}));
        prop_assert_eq!(decision.object.as_ref(), Some(&expected));
        let patched = patch::apply(&request(json!({})).object.unwrap(), &decision.patch);
        prop_assert_eq!(patched.unwrap(), expected.clone());
        let again = set.mutate(expected);
        prop_assert!(again.patch.0.is_empty());
    }

    /// Where the members of an object stand changes nothing that is found or patched.
    #[test]
    fn the_order_of_members_does_not_matter(order in Just(vec!["x", "y", "z"]).prop_shuffle()) {
        let set = Played::default().with("a", completes("w")).with("b", denies("BBB001"));
        let object = |names: &[&str]| {
            names.iter().map(|name| ((*name).to_owned(), json!(1))).collect::<serde_json::Map<_, _>>()
        };
        let one = set.mutate(Value::Object(object(&["x", "y", "z"])));
        let other = set.mutate(Value::Object(object(&order)));
        prop_assert_eq!(one.denials, other.denials);
        prop_assert_eq!(one.patch, other.patch);
    }
}
