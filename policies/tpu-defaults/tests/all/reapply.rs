//! Updates of stored JobSets and Jobs: the author's own manifest can be applied again.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    Outcome, client_side_applied, create, remember, remove, server_side_applied, stored, tutorial,
    update,
};

const PODS: &str = "/spec/replicatedJobs/0/template/spec/template/spec";

fn jobs(object: &Value) -> &Value {
    &object["spec"]["replicatedJobs"]
}

/// The tutorial with the slice annotation in place of what we fill in.
fn short() -> Value {
    let mut jobset = tutorial();
    jobset["metadata"]["annotations"]["kubectl-sax.dev/slice"] = json!("v5e:4x8");
    for part in ["nodeSelector", "hostNetwork", "dnsPolicy"] {
        remove(&mut jobset, &format!("{PODS}/{part}"));
    }
    for part in ["env/1", "ports/1", "resources/requests"] {
        remove(&mut jobset, &format!("{PODS}/containers/0/{part}"));
    }
    jobset
}

/// What is stored once `manifest` was created under `settings`.
fn created(manifest: &Value, settings: &Value) -> Value {
    let mut manifest = manifest.clone();
    let plain = manifest.clone();
    remember(&mut manifest, &plain);
    stored(create(&manifest, settings).object)
}

#[track_caller]
fn assert_unchanged(outcome: &Outcome, old: &Value) {
    assert!(outcome.is_allowed(), "{:?}", outcome.findings);
    assert_eq!(jobs(&outcome.object), jobs(old));
}

fn assert_second_pass_is_empty(old: &Value, outcome: &Outcome, settings: &Value) {
    let second = update(old, &outcome.object, settings);
    assert!(second.is_untouched(), "{}", second.patch);
    assert_eq!(second.findings, outcome.findings);
}

#[test]
fn the_authors_manifest_can_be_applied_again_both_ways_and_after_other_settings() {
    for manifest in [tutorial(), short()] {
        let old = created(&manifest, &json!({}));
        for settings in [
            json!({}),
            json!({"hostNetwork": "off", "servingVector": "num-slices"}),
            json!({"defaultAccelerator": "v6e", "exclusiveTopology": "kubernetes.io/hostname"}),
        ] {
            for new in [
                client_side_applied(&old, &manifest),
                server_side_applied(&old, &manifest),
                old.clone(),
            ] {
                let outcome = update(&old, &new, &settings);
                assert_eq!(outcome.findings, []);
                assert_unchanged(&outcome, &old);
                assert_second_pass_is_empty(&old, &outcome, &settings);
            }
        }
    }
}

#[test]
fn nothing_outside_the_template_is_touched() {
    let old = created(&tutorial(), &json!({}));
    let mut new = client_side_applied(&old, &tutorial());
    new["metadata"]["labels"] = json!({"team": "serving"});
    new["metadata"]["annotations"] = json!({"note": "only this"});
    let outcome = update(
        &old,
        &new,
        &json!({"exclusiveTopology": "kubernetes.io/hostname"}),
    );
    assert_eq!(outcome.object["metadata"], new["metadata"]);
    assert_unchanged(&outcome, &old);
}

#[test]
fn what_was_stored_before_us_gets_nothing_new_and_can_be_labelled() {
    let mut manifest = short();
    manifest["metadata"]["annotations"]["kubectl-sax.dev/slice"] = json!("v6e:4x8");
    let pods = manifest.pointer_mut(PODS).unwrap();
    pods["nodeSelector"] = json!({"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice"});
    pods["containers"][0]["env"] = json!([{"name": "MEGASCALE_NUM_SLICES", "value": "7"}]);
    let old = stored(manifest);
    let mut new = old.clone();
    new["metadata"]["labels"] = json!({"team": "serving"});
    let outcome = update(&old, &new, &json!({}));
    assert!(outcome.is_untouched(), "{}", outcome.patch);
    assert_eq!(outcome.codes(), ["TPU101"]);
    assert!(outcome.is_allowed());
}

#[test]
fn each_explicit_change_is_named_at_its_own_field() {
    let old = created(&tutorial(), &json!({}));
    let job = "/spec/replicatedJobs/0";
    for (path, value, was) in [
        (format!("{job}/replicas"), json!(3), "2"),
        (format!("{job}/template/spec/parallelism"), json!(16), "8"),
        (format!("{PODS}/hostNetwork"), json!(false), "true"),
        (format!("{PODS}/containers/0/image"), json!("x"), "v1.1.0"),
        (
            format!("{PODS}/containers/0/args/1"),
            json!("--sax_cell=/sax/b"),
            "/sax/test",
        ),
        (
            format!("{PODS}/containers/0/ports/1/containerPort"),
            json!(8472),
            "8471",
        ),
        (
            format!("{PODS}/containers/0/resources/limits/google.com~1tpu"),
            json!(8),
            "4",
        ),
        (
            format!("{PODS}/nodeSelector/cloud.google.com~1gke-tpu-topology"),
            json!("8x8"),
            "4x8",
        ),
    ] {
        let mut manifest = tutorial();
        *manifest.pointer_mut(&path).unwrap() = value;
        let outcome = update(&old, &client_side_applied(&old, &manifest), &json!({}));
        let found: Vec<_> = outcome
            .findings
            .iter()
            .filter(|finding| finding.code == "TPU113")
            .map(|finding| (finding.path.as_str(), finding.message.contains(was)))
            .collect();
        assert_eq!(found, [(path.as_str(), true)], "{:?}", outcome.findings);
        assert!(!outcome.is_allowed(), "{path}");
        assert_second_pass_is_empty(&old, &outcome, &json!({}));
    }
}

#[test]
fn a_new_variable_and_another_order_are_changes() {
    let old = created(&tutorial(), &json!({}));
    let mut more = tutorial();
    let env = format!("{PODS}/containers/0/env");
    let variables = more.pointer_mut(&env).unwrap().as_array_mut().unwrap();
    variables.push(json!({"name": "FOO", "value": "1"}));
    let outcome = update(&old, &client_side_applied(&old, &more), &json!({}));
    assert_eq!(outcome.codes(), ["TPU113"]);
    assert_eq!(outcome.findings[0].path, format!("{env}/2"));

    let mut turned = tutorial();
    turned
        .pointer_mut(&env)
        .unwrap()
        .as_array_mut()
        .unwrap()
        .reverse();
    let outcome = update(&old, &client_side_applied(&old, &turned), &json!({}));
    assert_eq!(outcome.codes(), ["TPU113"]);
    assert_eq!(outcome.findings[0].path, env);
}

#[test]
fn what_is_taken_out_of_the_manifest_stays_with_a_warning() {
    let old = created(&tutorial(), &json!({}));
    let mut manifest = tutorial();
    remove(
        &mut manifest,
        &format!("{PODS}/containers/0/securityContext"),
    );
    remove(&mut manifest, &format!("{PODS}/containers/0/env/0"));
    let outcome = update(&old, &client_side_applied(&old, &manifest), &json!({}));
    assert_eq!(outcome.codes(), ["TPU114", "TPU114"]);
    assert_unchanged(&outcome, &old);
    assert_second_pass_is_empty(&old, &outcome, &json!({}));
}

#[test]
fn while_suspended_the_free_fields_are_left_alone() {
    let mut manifest = tutorial();
    manifest["spec"]["suspend"] = json!(true);
    let mut old = created(&manifest, &json!({}));
    old.pointer_mut(&format!("{PODS}/nodeSelector")).unwrap()["flavour"] = json!("a");
    old.pointer_mut(PODS).unwrap()["tolerations"] = json!([{"operator": "Exists"}]);
    let template = "/spec/replicatedJobs/0/template/spec/template";
    old.pointer_mut(template).unwrap()["metadata"] = json!({"labels": {"queue": "a"}});
    let new = client_side_applied(&old, &manifest);
    let outcome = update(&old, &new, &json!({}));
    assert_eq!(outcome.findings, []);
    let at = |object: &Value, path: &str| object.pointer(path).cloned();
    for path in [
        format!("{PODS}/nodeSelector"),
        format!("{PODS}/tolerations"),
        format!("{template}/metadata"),
    ] {
        assert_eq!(at(&outcome.object, &path), at(&new, &path), "{path}");
    }
    let env = format!("{PODS}/containers/0/env");
    assert_eq!(at(&outcome.object, &env), at(&old, &env));
    assert_second_pass_is_empty(&old, &outcome, &json!({}));
}

#[test]
fn a_variable_that_stands_twice_is_restored_twice() {
    let mut manifest = tutorial();
    let env = manifest
        .pointer_mut(&format!("{PODS}/containers/0/env"))
        .unwrap();
    let twin = env[1].clone();
    env.as_array_mut().unwrap().push(twin);
    let old = created(&manifest, &json!({}));
    let outcome = update(&old, &client_side_applied(&old, &manifest), &json!({}));
    assert_eq!(outcome.codes(), ["TPU111"]);
    assert_unchanged(&outcome, &old);
}

#[test]
fn quantities_that_are_stored_in_other_words_are_no_change() {
    let mut manifest = tutorial();
    let path = format!("{PODS}/containers/0/resources/limits");
    manifest.pointer_mut(&path).unwrap()["memory"] = json!("1024Mi");
    let mut old = created(&manifest, &json!({}));
    old.pointer_mut(&path).unwrap()["memory"] = json!("1Gi");
    let outcome = update(&old, &client_side_applied(&old, &manifest), &json!({}));
    assert_eq!(outcome.findings, []);
    assert_unchanged(&outcome, &old);
}

#[test]
fn a_job_is_restored_like_a_jobset() {
    let spec = tutorial()["spec"]["replicatedJobs"][0]["template"]["spec"].clone();
    let metadata = json!({"name": "server"});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec});
    let mut old = create(&job, &json!({})).object;
    old["spec"]["template"]["metadata"] = json!({"labels": {"controller-uid": "1"}});
    let outcome = update(&old, &job, &json!({}));
    assert_eq!(outcome.findings, []);
    assert_eq!(outcome.object["spec"]["template"], old["spec"]["template"]);
    // What may change in a Job is not ours.
    let mut more = old.clone();
    more["spec"]["parallelism"] = json!(4);
    assert!(update(&old, &more, &json!({})).is_untouched());
}

#[test]
fn a_new_label_starts_no_rollout_and_a_new_template_is_completed() {
    let template = tutorial()["spec"]["replicatedJobs"][0]["template"]["spec"]["template"].clone();
    let old = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "server"}, "spec": {"template": template},
    });
    let mut labelled = old.clone();
    labelled["metadata"]["labels"] = json!({"team": "serving"});
    assert!(update(&old, &labelled, &json!({})).is_untouched());
    let mut changed = old.clone();
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = json!("sax-model-server:2");
    assert!(!update(&old, &changed, &json!({})).is_untouched());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is left out of the immutable part comes back as it was, except for elements of
    /// lists without keys, which are changes.
    #[test]
    fn whatever_is_left_out_comes_back(picks in prop::collection::vec(0_usize..10_000, 1..5)) {
        let old = created(&tutorial(), &json!({}));
        let mut new = old.clone();
        for pick in picks {
            let below = sdk::testing::pointers(jobs(&new)).into_iter();
            let mut all: Vec<String> = below
                .map(|path| format!("/spec/replicatedJobs{path}"))
                .collect();
            let is_key = |path: &String| {
                path.contains("/args/") || path.ends_with("/name") || path.ends_with("/containerPort")
            };
            all.retain(|path| !is_key(path));
            if let Some(path) = all.get(pick % all.len().max(1)) {
                remove(&mut new, path);
            }
        }
        let outcome = update(&old, &new, &json!({}));
        prop_assert_eq!(&outcome.findings, &[]);
        prop_assert_eq!(jobs(&outcome.object), jobs(&old));
        let second = update(&old, &outcome.object, &json!({}));
        prop_assert!(second.is_untouched(), "{}", second.patch);
    }
}
