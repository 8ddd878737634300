//! `policy`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{sax, sax_in};

const JOBSET: &str = include_str!("jobset.yaml");

#[test]
fn a_policys_own_cases_pass() {
    for policy in [
        "tpu-defaults",
        "tpu-shape",
        "sax-serving",
        "exclusive-placement",
    ] {
        let ended = sax(&["policy", "test", &format!("../policies/{policy}")], "");
        assert_eq!(ended.status, Some(0), "{ended}");
        assert!(ended.stdout.ends_with(" passed, 0 failed\n"), "{ended}");
    }
}

#[test]
fn a_case_that_fails_is_shown_with_what_was_expected_and_found() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let jobset = JOBSET.replace('\n', "\n  ");
    let case = format!(
        "object:\n  {jobset}\nexpect:\n  findings:\n  - {{code: TPU007, severity: deny, path: /spec}}\n"
    );
    fs::write(folder.path().join("denied-nothing.yaml"), case).expect("must write");
    fs::write(folder.path().join("broken.yaml"), "object: [").expect("must write");
    let cases = folder.path().to_string_lossy();
    let arguments = ["policy", "test", "tpu-shape", "--cases", &cases];
    let failing = sax(&[&arguments[..], &["--run", "denied"]].concat(), "");
    insta::assert_snapshot!("policy-test-fails", failing);
    assert_eq!(sax(&arguments, "").status, Some(1));
    let none = sax(
        &[&arguments[..], &["--run", "nothing-like-it"]].concat(),
        "",
    );
    assert_eq!(none.status, Some(1), "{none}");
}

#[test]
fn a_placement_policys_choices_are_run_beside_its_cases_and_told_apart() {
    let arguments = ["policy", "test", "../policies/exclusive-placement"];
    let choices = [&arguments[..], &["--run", "^choices/", "-o", "json"]].concat();
    let ended = sax(&choices, "");
    assert_eq!(ended.status, Some(0), "{ended}");
    let json: Value = serde_json::from_str(&ended.stdout).expect("must be JSON");
    let files = fs::read_dir("../policies/exclusive-placement/choices").expect("must be there");
    assert_eq!(json["passed"], files.count(), "{ended}");
    let cases = json["cases"].as_array().expect("must be a list");
    assert!(cases.iter().all(|case| case["kind"] == "choice"), "{ended}");
    let reviews = [&arguments[..], &["--run", "^EXC001/", "-o", "json"]].concat();
    let ended = sax(&reviews, "");
    assert!(ended.stdout.contains("\"kind\": \"review\""), "{ended}");
}

#[test]
fn a_choice_that_fails_is_shown_with_both_orders_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("must write");
    };
    let domains = "[{name: large, fits: 16}, {name: small, fits: 8}]";
    write(
        "denied.yaml",
        &format!("group: {{pods: 8}}\ndomains: {domains}\nexpect: [large, small]\n"),
    );
    let cases = folder.path().to_string_lossy();
    let test = |policy: &str, format: &str| {
        sax(
            &["policy", "test", policy, "--cases", &cases, "-o", format],
            "",
        )
    };
    insta::assert_snapshot!(
        "policy-test-choice-fails",
        test("exclusive-placement", "text")
    );
    for format in ["json", "junit"] {
        let ended = test("exclusive-placement", format);
        assert_eq!(ended.status, Some(2), "{ended}");
        assert!(ended.stdout.contains("found order"), "{ended}");
    }
    let none = test("tpu-shape", "text");
    assert_eq!(none.status, Some(1), "{none}");
    assert!(none.stdout.contains("exports no `choose`"), "{none}");
    write("denied.yaml", "group: {pod: 8}\ndomains: []\nexpect: []\n");
    let misspelt = test("exclusive-placement", "text");
    assert_eq!(misspelt.status, Some(1), "{misspelt}");
    assert!(misspelt.stdout.contains("pod"), "{misspelt}");
}

#[test]
fn a_folder_without_cases_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let cases = folder.path().to_string_lossy();
    let ended = sax(&["policy", "test", "tpu-shape", "--cases", &cases], "");
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.contains("no .yaml file below"), "{ended}");
}

#[test]
fn a_verdict_is_exit_2_when_it_denies() {
    let wrong = JOBSET.replace("parallelism: 8", "parallelism: 7");
    let ended = sax(&["policy", "run", "tpu-shape", "-f", "-"], &wrong);
    insta::assert_snapshot!("policy-run-denies", ended);
    let allowed = sax(&["policy", "run", "tpu-shape", "-f", "-"], JOBSET);
    assert_eq!(allowed.status, Some(0), "{allowed}");
}

#[test]
fn settings_are_checked_before_anything_is_judged() {
    let settings = ["--settings", "{\"no-such-setting\": 1}"];
    let ended = sax(
        &[&["policy", "run", "tpu-shape", "-f", "-"], &settings[..]].concat(),
        JOBSET,
    );
    assert_eq!(ended.status, Some(1), "{ended}");
    assert!(
        ended.stderr.contains("settings of policy tpu-shape"),
        "{ended}"
    );
}

#[test]
fn what_is_no_policy_is_named() {
    insta::assert_snapshot!(
        "policy-unknown",
        sax(&["policy", "inspect", "tpu-shap"], "")
    );
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    fs::write(folder.path().join("a.wasm"), "no wasm").expect("must write");
    let ended = sax_in(folder.path(), &["policy", "inspect", "a.wasm"], b"");
    assert_eq!(ended.status, Some(1), "{ended}");
    let ended = sax_in(Path::new("/"), &["policy", "inspect", "."], b"");
    assert_eq!(ended.status, Some(1), "{ended}");
}

#[test]
fn a_policy_says_what_it_is() {
    let ended = sax(&["policy", "inspect", "tpu-shape", "-o", "json"], "");
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).expect("must be JSON");
    assert_eq!(json["name"], "tpu-shape");
    assert!(
        json["digest"]
            .as_str()
            .is_some_and(|digest| digest.starts_with("sha256:"))
    );
    let imports = json["imports"].as_array().expect("must be a list");
    // Neither what it isn't granted nor what only placement policies have.
    assert!(!imports.is_empty());
    let known = ["types", "log", "cluster"].map(|name| format!("sax:policy/{name}@0.1.0"));
    assert!(
        imports
            .iter()
            .all(|import| known.iter().any(|name| import == name)),
        "{imports:?}"
    );
}

const DOCUMENT: &str = "
apiVersion: kubectl-sax.dev/v1alpha1
kind: WasmPolicy
metadata: {name: mine}
spec:
  module: {file: mine.wasm}
  grants: [{apiVersion: v1, kind: Namespace}]
";

/// A folder with the component of a built-in policy, and a document about it.
fn shipped() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let component = policies::builtin()[0].component;
    fs::write(folder.path().join("mine.wasm"), component).expect("must write");
    fs::write(folder.path().join("policy.yaml"), DOCUMENT).expect("must write");
    folder
}

/// What would be installed, as a List.
fn installed(policy: &Path, more: &[&str]) -> Value {
    let policy = policy.to_string_lossy();
    let install = [
        "policy",
        "install",
        &policy,
        "--dry-run=client",
        "-o",
        "json",
    ];
    let ended = sax(&[&install[..], more].concat(), "");
    assert_eq!(ended.status, Some(0), "{ended}");
    serde_json::from_str(&ended.stdout).expect("must be JSON")
}

#[test]
fn a_component_is_shipped_in_a_config_map_of_its_own_that_the_policy_names() {
    let folder = shipped();
    let more = ["--mode", "audit", "--name", "other"];
    let list = installed(folder.path(), &more);
    let [map, policy] = list["items"].as_array().expect("a List").as_slice() else {
        panic!("{list}");
    };
    let name = map["metadata"]["name"].as_str().expect("must be named");
    let digest = runtime::digest(policies::builtin()[0].component);
    assert_eq!(name, format!("other-{}", &digest["sha256:".len()..][..12]));
    assert_eq!(map["metadata"]["namespace"], "kubectl-sax-system");
    assert_eq!(map["immutable"], true);
    assert_eq!(policy["metadata"]["name"], "other");
    assert_eq!(
        policy["spec"]["module"],
        serde_json::json!({"configMap": {"name": name}})
    );
    assert_eq!(policy["spec"]["mode"], "audit");
    assert_eq!(policy["spec"]["grants"][0]["kind"], "Namespace");
}

#[test]
fn a_built_in_policy_is_installed_by_its_name_with_other_settings() {
    let list = installed(
        Path::new("tpu-shape"),
        &["--settings", "{\"unknownAccelerators\": \"deny\"}"],
    );
    let policy = &list["items"][0];
    assert_eq!(policy["spec"]["module"]["builtin"], "tpu-shape");
    assert_eq!(policy["spec"]["settings"]["unknownAccelerators"], "deny");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_the_webhook_would_refuse_is_refused_here_with_the_place_and_the_fix() {
    let refused = |policy: &str, more: &[&str]| {
        let install = ["policy", "install", policy, "--dry-run=client"];
        let ended = sax(&[&install[..], more].concat(), "");
        assert_eq!(ended.status, Some(1), "{ended}");
        ended.stderr
    };
    let settings = refused("tpu-shape", &["--settings", "{\"unknownAccelerators\": 1}"]);
    assert!(settings.contains("/unknownAccelerators"), "{settings}");
    let typo = refused("tpu-shap", &[]);
    assert!(typo.contains("write tpu-shape"), "{typo}");

    let folder = shipped();
    let file = folder.path().join("mine.wasm");
    let mut component = fs::read(&file).expect("must be readable");
    // A custom section of a little more than a MiB: id, length and name by the binary format.
    component.extend([0, 0x82, 0x80, 0x40, 1, b'x']);
    component.resize(component.len() + (1 << 20), 0);
    fs::write(&file, component).expect("must write");
    let large = refused(&folder.path().to_string_lossy(), &[]);
    assert!(large.contains("holds at most 1048576"), "{large}");
    assert!(large.contains("wasm-tools strip"), "{large}");

    fs::write(&file, b"\0asm").expect("must write");
    let broken = refused(&folder.path().to_string_lossy(), &[]);
    assert!(
        broken.contains("policy.yaml") && broken.contains("mine"),
        "{broken}"
    );
}
