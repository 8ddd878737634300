//! Every case file of every built-in policy, run as the component that both shells embed: the
//! same verdict as natively.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should say where"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use admission::{Call, Operation, Request, Severity, Verdict};
use runtime::{Engine, EngineOptions, LoadedPolicy, Objects, load_builtin};
use serde_json::{Value, json};

#[test]
fn every_case_gives_its_verdict_in_the_sandbox() {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let loaded = load_builtin(&engine).unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for (policy, module) in loaded.policies() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
        let cases = files(&folder.join(&policy.name).join("cases"));
        count += cases.len();
        let differences = cases.iter().filter_map(|case| difference(module, case));
        failures.extend(differences);
    }
    assert!(count > 0, "no case files");
    let failed = failures.len();
    assert!(
        failures.is_empty(),
        "{failed} of {count} differ:\n{}",
        failures.join("\n")
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn difference(module: &LoadedPolicy, path: &Path) -> Option<String> {
    let case: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let verdict = match review(module, &case) {
        Ok(verdict) => verdict,
        Err(error) => return Some(format!("{}: {error}", path.display())),
    };
    let mut differences = Vec::new();
    let expected: Vec<String> = list(&case["expect"]["findings"])
        .iter()
        .map(expected)
        .collect();
    let found: Vec<String> = verdict.findings.iter().map(found).collect();
    if expected != found {
        differences.push(format!("expected {expected:?}, found {found:?}"));
    }
    let patch = serde_json::to_value(&verdict.patch).unwrap();
    let expected = &case["expect"]["patch"];
    if Value::Array(list(expected)) != patch {
        differences.push(format!("expected patch {expected}, found {patch}"));
    }
    (!differences.is_empty()).then(|| format!("{}: {}", path.display(), differences.join("; ")))
}

fn review(module: &LoadedPolicy, case: &Value) -> Result<Verdict, String> {
    let mut request = Request::from_manifest(case["object"].clone(), "default").unwrap();
    request.operation = match case["operation"].as_str() {
        Some("UPDATE") => Operation::Update,
        Some("DELETE") => Operation::Delete,
        _ => Operation::Create,
    };
    let settings = case.get("settings").cloned().unwrap_or_else(|| json!({}));
    module
        .check_settings(&settings)
        .map_err(|error| error.to_string())?;
    let mut objects = Objects::default();
    for object in list(&case["context"]) {
        objects.insert(&object).unwrap();
    }
    let old_object = case
        .get("oldObject")
        .map(|old| old.to_string().into_bytes());
    let (object, settings_json) = (case["object"].to_string(), settings.to_string());
    let call = Call {
        request: &request,
        object_json: object.as_bytes(),
        old_object_json: old_object.as_deref(),
        settings_json: settings_json.as_bytes(),
    };
    let answer = module.review(&call, Some(&Arc::new(objects)), None);
    answer
        .map(|answer| answer.verdict)
        .map_err(|error| error.to_string())
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn expected(finding: &Value) -> String {
    let text = |member: &str| finding[member].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", text("code"), text("severity"), text("path"))
}

fn found(finding: &admission::Finding) -> String {
    let severity = match finding.severity {
        Severity::Deny => "deny",
        Severity::Warn => "warn",
    };
    format!("{} {severity} {}", finding.code, finding.path)
}
