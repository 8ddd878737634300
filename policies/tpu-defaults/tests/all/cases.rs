//! The case files, which also run as Wasm, over HTTPS and against an API server.

use std::path::Path;

use sdk::Policy;
use tpu_defaults::TpuDefaults;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");

#[test]
fn every_case_gives_its_verdict() {
    sdk::testing::check_cases::<TpuDefaults>(CASES);
}

#[test]
fn every_code_has_a_case_that_fires_it_and_a_near_miss() {
    for code in TpuDefaults::describe().codes {
        if code.code == sdk::WRONG_TYPE {
            continue;
        }
        let folder = Path::new(CASES).join(&code.code);
        let files =
            std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no cases of {}", code.code));
        let names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let has = |prefixes: &[&str]| {
            names
                .iter()
                .any(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
        };
        assert!(has(&["denied-", "warned-"]), "{}: {names:?}", code.code);
        assert!(has(&["allowed-"]), "{}: {names:?}", code.code);
    }
}

#[test]
fn every_code_is_explained_with_what_to_do() {
    for code in TpuDefaults::describe().codes.iter().skip(1) {
        assert!(code.text.contains("**What to do.**"), "{}", code.code);
    }
}
