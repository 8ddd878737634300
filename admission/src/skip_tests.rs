//! Who is skipped, and how a workload's word reaches its Pods.

use serde_json::json;

use super::*;
use crate::matching::Matching;

fn policies() -> [Policy; 2] {
    let policy = |name| Policy::new(name, Matching::default(), json!({}));
    let mut open = policy("open");
    open.skippable = true;
    [open, policy("strict")]
}

fn skipping(object: &Value) -> [bool; 2] {
    policies().map(|policy| is_skipped(&policy, object))
}

fn jobset(word: Option<&str>, templates: [Option<&str>; 2]) -> Value {
    let metadata = |word: Option<&str>| match word {
        Some(word) => json!({"annotations": {SKIP: word}}),
        None => json!({}),
    };
    let job = |word| json!({"template": {"spec": {"template": {"metadata": metadata(word)}}}});
    json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": metadata(word),
        "spec": {"replicatedJobs": templates.map(job)},
    })
}

fn deployment(word: Option<&str>, template: Option<&str>) -> Value {
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": {}},
        "spec": {"template": {"metadata": {"annotations": {}}, "spec": {}}},
    });
    for (path, word) in [("", word), ("/spec/template", template)] {
        if let Some(word) = word {
            let holder = object.pointer_mut(path).unwrap();
            holder["metadata"]["annotations"][SKIP] = json!(word);
        }
    }
    object
}

fn carried(object: &Value, old: Option<&Value>) -> Option<Value> {
    let request = Request::from_manifest(object.clone(), "default").unwrap();
    let request = match old {
        Some(old) => request.updating(old.clone()),
        None => request,
    };
    let policies = policies();
    let policies: Vec<&Policy> = policies.iter().collect();
    let (patch, carried) = carry(&request, object, &policies)?;
    assert_eq!(patch::apply(object, &patch).unwrap(), carried);
    let again = Request {
        object: Some(carried.clone()),
        ..request
    };
    assert_eq!(carry(&again, &carried, &policies), None);
    Some(carried)
}

/// What stands in each template, outer ones first.
fn words(object: &Value) -> Vec<Option<&str>> {
    let templates = templates(object);
    let words = templates.iter();
    words
        .map(|path| object.pointer(path).and_then(said))
        .collect()
}

#[test]
fn only_a_skippable_policy_is_skipped_and_only_by_its_name() {
    let named = |word: &str| skipping(&json!({"metadata": {"annotations": {SKIP: word}}}));
    assert_eq!(named("other, open,strict"), [true, false]);
    assert_eq!(named("opened"), [false, false]);
    assert_eq!(named(""), [false, false]);
    assert_eq!(skipping(&json!({})), [false, false]);
}

#[test]
fn all_pod_templates_speak_for_their_workload_and_one_of_them_does_not() {
    let (all, one) = ([Some("open"), Some("x,open")], [Some("open"), None]);
    assert_eq!(skipping(&jobset(None, all)), [true, false]);
    assert_eq!(skipping(&jobset(None, one)), [false, false]);
}

#[test]
fn a_new_jobsets_word_is_written_into_every_template_that_has_none() {
    let carried = carried(&jobset(Some("open"), [None, Some("mine")]), None).unwrap();
    let expected = [Some("open"), Some("open"), Some("open"), Some("mine")];
    assert_eq!(words(&carried), expected);
}

#[test]
fn every_kind_with_templates_carries_the_word() {
    let spec =
        json!({"template": {}, "leaderWorkerTemplate": {"workerTemplate": {"metadata": null}}});
    for (api_version, kind) in [
        ("batch/v1", "Job"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"),
    ] {
        let metadata = json!({"annotations": {SKIP: "open"}});
        let object = json!({
            "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec,
        });
        let carried = carried(&object, None).unwrap();
        assert_eq!(words(&carried), [Some("open")], "{kind}");
    }
}

#[test]
fn what_may_not_be_skipped_is_carried_nowhere() {
    for word in ["strict", "unknown", " "] {
        assert_eq!(carried(&jobset(Some(word), [None, None]), None), None);
    }
    assert_eq!(carried(&jobset(None, [None, None]), None), None);
}

#[test]
fn what_is_no_template_is_left_alone() {
    for template in [
        json!(null),
        json!("x"),
        json!({"metadata": {"annotations": []}}),
    ] {
        let mut object = deployment(Some("open"), None);
        object["spec"]["template"] = template;
        assert_eq!(carried(&object, None), None);
    }
}

#[test]
fn a_word_that_comes_later_starts_no_rollout() {
    let (old, new) = (deployment(None, None), deployment(Some("open"), None));
    assert_eq!(carried(&new, Some(&old)), None);
}

#[test]
fn a_manifest_that_is_applied_again_keeps_what_was_written_into_its_templates() {
    let new = jobset(Some("open"), [None, None]);
    let old = carried(&new, None).unwrap();
    assert_eq!(carried(&new, Some(&old)), Some(old));
}

#[test]
fn a_word_that_is_taken_back_leaves_the_templates_that_may_change() {
    let old = deployment(Some("open"), Some("open"));
    let kept = deployment(None, Some("open"));
    assert_eq!(words(&carried(&kept, Some(&old)).unwrap()), [None]);
    let own = deployment(Some("open"), Some("mine"));
    assert_eq!(carried(&deployment(None, Some("mine")), Some(&own)), None);
    let fixed = carried(&jobset(Some("open"), [None, None]), None).unwrap();
    let mut without = fixed.clone();
    without["metadata"] = json!({});
    assert_eq!(carried(&without, Some(&fixed)), None);
}
