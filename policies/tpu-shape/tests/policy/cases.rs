//! The case files.

use std::path::{Path, PathBuf};

use sdk::Policy;
use tpu_shape::TpuShape;

use crate::tutorial::{JobSet, findings};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

#[test]
fn every_case_gives_its_verdict() {
    sdk::testing::check_cases::<TpuShape>(folder());
}

#[test]
fn every_code_has_a_case_that_fires_it_and_a_near_miss() {
    for code in TpuShape::describe().codes {
        let files: Vec<String> = std::fs::read_dir(folder().join(&code.code))
            .unwrap_or_else(|error| panic!("{}: {error}", code.code))
            .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        let has = |claim: &str| files.iter().any(|file| file.starts_with(claim));
        assert!(has("allowed-"), "{} has no near miss", code.code);
        assert!(
            has("denied-") || has("warned-"),
            "{} is never found",
            code.code
        );
    }
}

#[test]
fn every_code_has_a_title_and_a_text() {
    for code in TpuShape::describe().codes {
        assert!(!code.title.is_empty(), "{}", code.code);
        assert!(!code.title.contains('\n'), "{}", code.code);
        assert!(code.text.len() > 100, "{}", code.code);
    }
}

#[test]
fn the_settings_schema_is_json_and_knows_every_setting() {
    let schema: serde_json::Value =
        serde_json::from_str(&TpuShape::describe().settings_schema).unwrap();
    let settings = schema["properties"].as_object().unwrap();
    let names: Vec<&str> = settings.keys().map(String::as_str).collect();
    assert_eq!(names, ["unknownAccelerators", "unpublishedTopologies"]);
}

#[test]
fn the_tutorial_has_no_finding() {
    assert_eq!(findings(&JobSet::tutorial().object), []);
}
