//! The case files, which also run as Wasm, over HTTPS and against an API server.

use std::path::Path;

use exclusive_placement::ExclusivePlacement;
use sdk::Policy;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");
const CHOICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/choices");

#[test]
fn every_case_gives_its_verdict() {
    sdk::testing::check_cases::<ExclusivePlacement>(CASES);
}

#[test]
fn every_choice_gives_its_order() {
    sdk::testing::check_choices::<ExclusivePlacement>(CHOICES);
}

#[test]
fn every_code_has_a_case_that_fires_it_and_a_near_miss() {
    for code in ExclusivePlacement::describe().codes {
        let files = std::fs::read_dir(Path::new(CASES).join(&code.code));
        let files = files.unwrap_or_else(|_| panic!("no cases of {}", code.code));
        let names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let has = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
        assert!(has("denied-") || has("warned-"), "{}: {names:?}", code.code);
        assert!(has("allowed-"), "{}: {names:?}", code.code);
    }
}

#[test]
fn every_code_is_explained_with_what_to_do() {
    for code in ExclusivePlacement::describe().codes.iter().skip(1) {
        assert!(code.text.contains("**What to do.**"), "{}", code.code);
    }
}

#[test]
fn the_settings_schema_is_json_and_knows_every_setting() {
    let schema = ExclusivePlacement::describe().settings_schema;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let settings = schema["properties"].as_object().unwrap();
    let names: Vec<&str> = settings.keys().map(String::as_str).collect();
    assert_eq!(names, ["order", "preferReservations", "jobSetVersion"]);
}
