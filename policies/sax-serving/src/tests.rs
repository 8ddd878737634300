//! Every case gives its verdict, every code has its cases, and no input makes the policy panic.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use sdk::{Policy, Severity};
use serde_json::Value;

use crate::{SaxServing, Settings};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");

#[test]
fn every_case_gives_its_verdict() {
    sdk::testing::check_cases::<SaxServing>(CASES);
}

#[test]
fn every_code_has_a_case_that_fires_it_and_a_near_miss() {
    for code in SaxServing::describe().codes {
        let names = names_in(&Path::new(CASES).join(&code.code));
        let begins = |beginning: &str| names.iter().any(|name| name.starts_with(beginning));
        assert!(begins("allowed-"), "{} has no near miss", code.code);
        match code.severity {
            Severity::Deny => assert!(begins("denied-"), "{} denies nothing", code.code),
            Severity::Warn => assert!(begins("warned-"), "{} warns of nothing", code.code),
        }
    }
}

#[test]
fn every_code_is_explained() {
    for code in SaxServing::describe().codes {
        assert!(code.text.len() > 80, "{} has no page", code.code);
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The objects of all cases: starting points of mutations.
static OBJECTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folders = std::fs::read_dir(CASES).expect("the cases must be there");
    let files = folders.flatten().flat_map(|folder| {
        let names = names_in(&folder.path()).into_iter();
        names.map(move |name| folder.path().join(name))
    });
    files.map(|file| object_in(&file)).collect()
});

fn object_in(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).expect("a case must be readable");
    let case: Value = serde_saphyr::from_str(&text).expect("a case must be YAML");
    case["object"].clone()
}

/// Puts `value` in place of the `choice`th of all places in `object`.
fn replace_somewhere(object: &mut Value, choice: usize, value: Value) {
    let mut paths = Vec::new();
    collect(object, String::new(), &mut paths);
    let path = &paths[choice % paths.len()];
    let is_identity = ["/apiVersion", "/kind"].contains(&path.as_str());
    if let Some(place) = object.pointer_mut(path).filter(|_| !is_identity) {
        *place = value;
    }
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, member)| collect(member, sdk::join(&path, key), paths)),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, element)| collect(element, format!("{path}/{index}"), paths)),
        _ => (),
    }
    if !path.is_empty() {
        paths.push(path);
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "(--)?(port|sax_cell|models|platform_chip)=[/$()A-Za-z0-9é,]{0,20}".prop_map(Value::from),
        "gs:/{0,3}[a-zé<>$()/_]{0,10}".prop_map(Value::from),
        Just(serde_json::json!([])),
        Just(serde_json::json!({"name": [{}]})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_object_makes_the_policy_panic(
        start in any::<prop::sample::Index>(),
        mutations in prop::collection::vec((any::<usize>(), any_value()), 1..6),
    ) {
        let mut object = start.get(&OBJECTS).clone();
        for (choice, value) in mutations {
            replace_somewhere(&mut object, choice, value);
        }
        let context = &OBJECTS[..20];
        let judged = sdk::testing::review::<SaxServing>(&object, &Settings::default(), context);
        let (findings, patch) = judged.expect("apiVersion and kind are never replaced");
        prop_assert!(patch.operations().is_empty());
        for finding in findings {
            prop_assert!(finding.path.is_empty() || finding.path.starts_with('/'));
            prop_assert!(finding.message.len() + finding.fix.len() < 2048, "{finding:?}");
        }
    }
}
