//! `explain placement` and `plan --on-cluster`, against an API server that answers from a file.

use crate::api::Api;
use crate::run::{Ended, sax};

const WAITING: &str = include_str!("../fixtures/placement/waiting.json");

fn run(api: &Api, words: &[&str]) -> Ended {
    sax(&[words, &api.flags()[..]].concat(), "")
}

#[test]
fn the_whole_story_of_a_placement_is_told() {
    let api = Api::of(WAITING);
    let story = |words: &[&str]| run(&api, &[&["explain", "placement"], words].concat());
    insta::assert_snapshot!("explain-placement", story(&["lm175b"]));
    insta::assert_snapshot!("explain-placement-slice", story(&["lm175b-slice-1"]));
    insta::assert_snapshot!("explain-placement-missing", story(&["lm175c"]));
    let json = story(&["lm175b", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("it must be JSON");
    let slices = &json["placements"][0]["slices"];
    assert_eq!(
        slices[0]["claims"][0]["domain"]["value"], "tpu1",
        "{slices:#}"
    );
    assert_eq!(slices[1]["events"][0]["reason"], "Waiting", "{slices:#}");
    assert_eq!(slices[1]["events"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_plan_says_where_its_slices_would_go() {
    let api = Api::of(WAITING);
    let plan = |words: &[&str]| run(&api, &[&["plan", "--on-cluster"], words].concat());
    insta::assert_snapshot!("plan-waits", plan(&["--slice", "v5e:4x8"]));
    insta::assert_snapshot!("plan-no-hardware", plan(&["--slice", "v5e:4x4"]));
    let taint = r#",{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}"#;
    let free = WAITING
        .replace(r#","unschedulable":true"#, "")
        .replace(taint, "");
    assert!(!free.contains("unschedulable"), "the fixture has changed");
    let api = Api::of(&free);
    let plan = |words: &[&str]| run(&api, &[&["plan", "--on-cluster"], words].concat());
    insta::assert_snapshot!(
        "plan-behind-others",
        plan(&["--slice", "v5e:4x8", "--replicas", "2"])
    );
}

#[test]
fn slices_take_what_is_free_after_those_that_wait() {
    let mut list: serde_json::Value = serde_json::from_str(WAITING).expect("it must be JSON");
    let items = list["items"].as_array_mut().expect("it must be a List");
    items.retain(|item| item["metadata"]["namespace"] != "research");
    for node in items.iter_mut().filter(|item| item["kind"] == "Node") {
        node["spec"]["unschedulable"] = false.into();
        node["spec"]["taints"] = serde_json::json!([]);
        node["status"]["conditions"][0]["status"] = "True".into();
    }
    let api = Api::of(&list.to_string());
    let words = ["plan", "--on-cluster", "--slice", "v5e:4x8"];
    let one = run(&api, &words);
    assert_eq!(one.status, Some(0), "{one}");
    assert!(one.stdout.contains("all slices could start now"), "{one}");
    let two = run(&api, &[&words[..], &["--replicas", "2"]].concat());
    insta::assert_snapshot!("plan-places-one-of-two", two);
    let json = run(&api, &[&words[..], &["-o", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("it must be JSON");
    assert_ne!(json["onCluster"][0]["domain"], "tpu1");
    assert!(json["onCluster"][0]["domain"].is_string(), "{json:#}");
    let single = run(&api, &["plan", "--on-cluster", "--slice", "v5e:2x4"]);
    insta::assert_snapshot!("plan-places-a-single-host", single);
}
