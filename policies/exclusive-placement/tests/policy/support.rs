//! Objects out of the case files, and the policy applied to them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use exclusive_placement::{ExclusivePlacement, Settings};
use sdk::Finding;
use serde_json::Value;

/// The objects of all cases that create something, with their files.
pub(crate) static OBJECTS: LazyLock<Vec<(PathBuf, Value)>> = LazyLock::new(read);

/// What the policy says of the creation of `object`, and the object as patched.
pub(crate) fn create(object: &Value) -> (Vec<Finding>, Value) {
    let said = sdk::testing::review::<ExclusivePlacement>(object, &Settings::default(), &[]);
    let (findings, patch) = said.unwrap();
    let patch: json_patch::Patch = serde_json::from_value(patch.to_json()).unwrap();
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &patch).unwrap();
    (findings, patched)
}

fn read() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut found = Vec::new();
    for topic in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(topic.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let case: Value = serde_saphyr::from_str(&text).unwrap();
            if case.get("oldObject").is_none() {
                found.push((path, case["object"].clone()));
            }
        }
    }
    assert!(!found.is_empty(), "there are no cases");
    found
}
