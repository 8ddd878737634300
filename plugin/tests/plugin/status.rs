//! `status`, against an API server that answers from a file.

use crate::api::Api;
use crate::recorded::World;
use crate::run::{Ended, sax};

const WAITING: &str = include_str!("../fixtures/placement/waiting.json");

fn status(api: &Api, more: &[&str]) -> Ended {
    sax(&[&["status"], &api.flags()[..], more].concat(), "")
}

#[test]
fn workloads_slices_and_reasons_are_told() {
    let api = Api::of(WAITING);
    insta::assert_snapshot!("status", status(&api, &[]));
    insta::assert_snapshot!("status-all", status(&api, &["-A"]));
    insta::assert_snapshot!("status-wide", status(&api, &["-A", "-o", "wide"]));
    insta::assert_snapshot!("status-name", status(&api, &["-A", "-o", "name"]));
    insta::assert_snapshot!("status-color", status(&api, &["--color", "always"]));
}

#[test]
fn json_and_yaml_say_the_same() {
    let api = Api::of(WAITING);
    let json = status(&api, &["-o", "json", "-n", "research", "tuner"]);
    let yaml = status(&api, &["-o", "yaml", "-n", "research", "tuner"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("it must be JSON");
    let read: serde_json::Value = serde_saphyr::from_str(&yaml.stdout).expect("it must be YAML");
    assert_eq!(read, json);
    let mut json = json;
    for pointer in ["/workloads/0/created", "/workloads/0/slices/0/created"] {
        *json.pointer_mut(pointer).expect("it must have an age") = "TIME".into();
    }
    let text = serde_json::to_string_pretty(&json).expect("it must be JSON");
    insta::assert_snapshot!("status-json", text);
}

#[test]
fn a_name_chooses_and_what_has_failed_for_good_is_exit_125() {
    let api = Api::of(WAITING);
    let chosen = status(&api, &["jobset/tuner", "-n", "research"]);
    assert_eq!(chosen.status, Some(0), "{chosen}");
    assert!(chosen.stdout.contains("jobset/tuner"), "{chosen}");
    assert!(!chosen.stdout.contains("broken"), "{chosen}");
    insta::assert_snapshot!("status-failed", status(&api, &["broken", "-n", "research"]));
}

#[test]
fn a_name_that_is_not_there_gets_what_was_probably_meant() {
    let api = Api::of(WAITING);
    insta::assert_snapshot!("status-elsewhere", status(&api, &["tuner"]));
    insta::assert_snapshot!("status-misspelt", status(&api, &["lm157b"]));
    insta::assert_snapshot!("status-unknown", status(&api, &["something"]));
    insta::assert_snapshot!("status-empty", status(&api, &["-n", "empty"]));
}

#[test]
fn a_missing_permission_is_named() {
    let api = Api::refusing(WAITING, &["nodes", "leases"]);
    insta::assert_snapshot!("status-forbidden", status(&api, &[]));
}

#[test]
fn watching_ends_with_what_has_failed_for_good() {
    let api = Api::of(WAITING);
    let ended = status(&api, &["broken", "-n", "research", "-w"]);
    assert_eq!(ended.status, Some(125), "{ended}");
}

#[test]
fn labels_select_and_templates_print() {
    let api = Api::of(WAITING);
    let name = "jsonpath={range .workloads[*]}{.name}{\"\\n\"}{end}";
    let all = status(&api, &["-A", "-o", name]);
    assert!(all.stdout.lines().count() > 1, "{all}");
    let chosen = status(&api, &["-A", "-l", "app=notebook", "-o", name]);
    assert_eq!(chosen.stdout, "notebook\n");
    let columns = "custom-columns=NAME:.name,PHASE:.phase";
    let table = status(&api, &["-A", "-l", "app in (notebook)", "-o", columns]);
    assert!(
        table.stdout.starts_with("NAME       PHASE\nnotebook   "),
        "{table}"
    );
    let wrong = status(&api, &["-l", "a b"]);
    assert_eq!(wrong.status, Some(1));
    assert!(wrong.stderr.contains("expected a label's key"), "{wrong}");
    let go = "go-template={{range .workloads}}{{.name}}{{end}}";
    let chosen = status(&api, &["-A", "-l", "app=notebook", "-o", go]);
    assert_eq!(chosen.stdout, "notebook", "{chosen}");
    let unread = status(&api, &["-o", "go-template={{range .x}}{{.y}}"]);
    insta::assert_snapshot!("status-go-template-unread", unread);
    let unfit = status(
        &api,
        &["-o", "go-template={{range .workloads}}{{.name.x}}{{end}}"],
    );
    insta::assert_snapshot!("status-go-template-unfit", unfit);
}

#[test]
fn a_cell_that_can_not_be_asked_is_one_line_and_changes_no_exit_status() {
    let api = World::healthy().serve();
    let ended = status(&api, &["sax", "-n", "default"]);
    assert_eq!(ended.status, Some(0), "{ended}");
    let line = ended.stdout.lines().last().unwrap_or_default();
    assert!(line.starts_with("cell "), "{ended}");
    assert!(line.contains("what its models do isn't known"), "{ended}");
    let json = status(&api, &["sax", "-n", "default", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("it must be JSON");
    assert!(json["cells"][0]["message"].is_string(), "{json:#}");
    assert_eq!(json["workloads"][0]["phase"], "Running");
    // Other namespaces' cells aren't asked.
    let all = status(&api, &["-A"]);
    assert!(!all.stdout.contains("cell "), "{all}");
}
