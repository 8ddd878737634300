//! `topology`, against an API server that answers from a file.

use crate::api::Api;
use crate::run::{Ended, sax};

const WAITING: &str = include_str!("../fixtures/placement/waiting.json");

fn topology(api: &Api, more: &[&str]) -> Ended {
    sax(&[&["topology"], &api.flags()[..], more].concat(), "")
}

#[test]
fn pools_nodes_and_groups_are_drawn() {
    let api = Api::of(WAITING);
    insta::assert_snapshot!("topology", topology(&api, &[]));
    insta::assert_snapshot!("topology-color", topology(&api, &["--color", "always"]));
    insta::assert_snapshot!("topology-json", topology(&api, &["-o", "json"]));
    insta::assert_snapshot!("topology-svg", topology(&api, &["-o", "svg"]));
}

#[test]
fn a_selector_leaves_out_other_nodes() {
    let api = Api::of(WAITING);
    let some = ["-l", "cloud.google.com/gke-nodepool=tpu1"];
    insta::assert_snapshot!("topology-selected", topology(&api, &some));
    let none = ["-l", "cloud.google.com/gke-nodepool=tpu7"];
    insta::assert_snapshot!("topology-nothing", topology(&api, &none));
}

#[test]
fn a_missing_permission_is_named() {
    let api = Api::refusing(WAITING, &["nodes", "jobsets"]);
    insta::assert_snapshot!("topology-forbidden", topology(&api, &[]));
}
