//! `policy`.

use std::fs;
use std::path::Path;

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
    assert!(
        imports.iter().all(|import| import
            .as_str()
            .is_some_and(|name| name.starts_with("sax:policy/"))),
        "{imports:?}"
    );
    assert!(!imports.is_empty());
}
