//! The file form of a policy set.

use super::*;

const WHOLE: &str = "
apiVersion: kubectl-sax.dev/v1alpha1
kind: WasmPolicy
metadata:
  name: shape
  labels: {team: ml}
spec:
  module: {builtin: tpu-shape}
  order: 20
  mode: warn
  onError: allow
  skippable: true
  settings: {strict: true}
  match: {excludeNamespaces: [legacy], labels: {a: b}}
  grants: [{apiVersion: v1, kind: Namespace}]
  limits: {fuel: 10, deadlineMilliseconds: 5}
";

const SHORT: &str = "
apiVersion: kubectl-sax.dev/v1alpha1
kind: WasmPolicy
metadata: {name: mine}
spec: {module: {file: mine.wasm}}
";

fn parse(text: &str) -> Result<Vec<WasmPolicy>, LoadError> {
    WasmPolicy::parse(text, Path::new("set.yaml"))
}

#[test]
fn every_field_is_read() {
    let entry = parse(WHOLE).unwrap().remove(0);
    assert_eq!(entry.module, Module::Builtin("tpu-shape".into()));
    assert_eq!(
        (entry.order, entry.mode, entry.on_error),
        (20, Mode::Warn, OnError::Allow)
    );
    assert_eq!(entry.matching.exclude_namespaces, ["legacy"]);
    assert!(entry.grants.covers("v1", "Namespace"));
    assert_eq!(
        (entry.limits.fuel, entry.limits.deadline),
        (10, Duration::from_millis(5))
    );
    assert_eq!(entry.settings, serde_json::json!({"strict": true}));
    assert!(entry.skippable);
}

#[test]
fn a_name_and_a_module_are_enough() {
    let entry = parse(SHORT).unwrap().remove(0);
    assert_eq!(entry.module, Module::File("mine.wasm".into()));
    assert_eq!(
        (entry.order, entry.mode, entry.on_error),
        (100, Mode::Enforce, OnError::Deny)
    );
    assert_eq!(entry.limits, Limits::default());
    assert_eq!(entry.matching, Matching::default());
}

#[test]
fn a_file_may_hold_several_documents() {
    let names = parse(&format!("{SHORT}---{WHOLE}")).unwrap();
    let names: Vec<&str> = names.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["mine", "shape"]);
}

#[test]
fn what_is_no_entry_is_refused_with_the_file() {
    for (text, told) in [
        (
            SHORT.replace("WasmPolicy", "Policy"),
            "expected kubectl-sax.dev/v1alpha1 WasmPolicy",
        ),
        (SHORT.replace("mine}", "No_Label}"), "No_Label"),
        (SHORT.replace("file:", "image:"), "image"),
        (SHORT.replace("spec: {", "spec: {ordre: 1, "), "ordre"),
        ("[".to_owned(), "set.yaml"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(matches!(error, LoadError::NotADocument { .. }));
        assert!(error.to_string().contains(told), "{error}");
    }
}
