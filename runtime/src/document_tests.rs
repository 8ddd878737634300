//! The file form of a policy set, and the same in a cluster.

use std::collections::BTreeSet;

use serde_json::json;

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
    assert_eq!(entry.grants.0[0].to_string(), "v1 Namespace");
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
        (SHORT.replace("file:", "url:"), "url"),
        (SHORT.replace("spec: {", "spec: {ordre: 1, "), "ordre"),
        ("[".to_owned(), "set.yaml"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(matches!(error, LoadError::NotADocument { .. }));
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn what_is_wrong_with_an_object_is_said_of_its_field_and_in_short() {
    let module = json!({"builtin": "tpu-shape"});
    for (spec, told) in [
        (
            json!({"module": module, "limits": {"fuel": "much"}}),
            "spec.limits.fuel",
        ),
        (
            json!({"module": module, "grants": [{"apiVersion": 1}]}),
            "spec.grants[0].apiVersion",
        ),
        (
            json!({"module": module, "mode": "x".repeat(100_000)}),
            "spec.mode",
        ),
        (json!({}), "missing field `module`"),
        (json!(null), "spec"),
    ] {
        let object = json!({"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "a"}, "spec": spec});
        let DocumentError { reason } = WasmPolicy::from_object(&object).unwrap_err();
        assert!(reason.contains(told) && reason.len() < 2_000, "{reason}");
    }
    let DocumentError { reason } = WasmPolicy::from_object(&json!([])).unwrap_err();
    assert!(
        reason.contains("expected an object with apiVersion"),
        "{reason}"
    );
}

/// The schema of `spec` in the CustomResourceDefinition.
fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../manifests/base/wasm-policy-crd.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let definition: Value = serde_saphyr::from_str(&text).unwrap();
    let version = &definition["spec"]["versions"][0];
    let schema = &version["schema"]["openAPIV3Schema"];
    assert_eq!(
        (&definition["spec"]["names"]["kind"], &version["name"]),
        (&json!(KIND), &json!("v1alpha1"))
    );
    schema["properties"]["spec"].clone()
}

/// The words in backquotes of what a reader says of an unknown one: all that it knows.
fn known<T: for<'a> Deserialize<'a>>(wrong: &Value) -> BTreeSet<String> {
    let refused = T::deserialize(wrong).err().unwrap().to_string();
    let (_, expected) = refused.split_once("expected").unwrap();
    let words = expected.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

/// All that a schema knows.
fn properties(schema: &Value) -> BTreeSet<String> {
    let members = schema["properties"].as_object().unwrap();
    members.keys().cloned().collect()
}

fn words(schema: &Value) -> BTreeSet<String> {
    let words = schema["enum"].as_array().unwrap().iter();
    words
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_clusters_schema_knows_the_fields_of_the_document_and_no_others() {
    let schema = schema();
    let of = |member: &str| &schema["properties"][member];
    let field = json!({"no-such-field": 1});
    assert_eq!(properties(&schema), known::<Spec>(&field));
    assert_eq!(properties(of("match")), known::<SpecMatch>(&field));
    assert_eq!(properties(of("limits")), known::<SpecLimits>(&field));
    assert_eq!(properties(&of("grants")["items"]), known::<Grant>(&field));
    let key = &of("module")["properties"]["configMap"];
    assert_eq!(properties(key), known::<ConfigMapKey>(&field));
    assert_eq!(words(of("mode")), known::<SpecMode>(&json!("no")));
    assert_eq!(words(of("onError")), known::<SpecOnError>(&json!("no")));
    // A file is beside a document; a cluster has no files.
    let mut modules = known::<Module>(&field);
    assert!(modules.remove("file"));
    assert_eq!(properties(of("module")), modules);
}

#[test]
fn what_the_clusters_schema_fills_in_is_what_a_missing_field_means() {
    let schema = schema();
    let defaults = schema["properties"].as_object().unwrap().iter();
    let filled =
        defaults.filter_map(|(name, schema)| Some((name.clone(), schema.get("default")?.clone())));
    let mut spec: serde_json::Map<String, Value> = filled.collect();
    assert!(spec.len() > 2, "{spec:?}");
    let object = |spec: &Value| {
        let object = json!({"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "a"},
            "spec": spec, "status": {"observedGeneration": 1}});
        WasmPolicy::from_object(&object).unwrap()
    };
    let module = json!({"configMap": {"name": "a"}});
    let short = object(&json!({"module": module}));
    spec.insert("module".into(), module);
    assert_eq!(object(&Value::Object(spec)), short);
    let key = &schema["properties"]["module"]["properties"]["configMap"]["properties"]["key"];
    assert_eq!(key["default"], ConfigMapKey::usual());
}

#[test]
fn what_the_clusters_schema_allows_a_sandbox_can_keep() {
    let limits = &schema()["properties"]["limits"];
    for (name, schema) in limits["properties"].as_object().unwrap() {
        let limit = |value: u64| {
            let limits: SpecLimits =
                Deserialize::deserialize(&json!({ name.as_str(): value })).unwrap();
            Limits::from(limits).check()
        };
        let most = schema["maximum"].as_u64().unwrap();
        assert_eq!(limit(most), Ok(()), "{name}");
        assert_eq!(limit(most + 1).unwrap_err().most, most, "{name}");
        assert_eq!(limit(schema["minimum"].as_u64().unwrap()), Ok(()));
    }
}

#[test]
fn secrets_are_granted_to_nobody() {
    let of = |api_version: &str, kind: &str| {
        WasmPolicy::from_object(&json!({"apiVersion": API_VERSION, "kind": KIND,
            "metadata": {"name": "a"}, "spec": {"module": {"builtin": "a"},
                "grants": [{"apiVersion": api_version, "kind": kind}]}}))
    };
    let refused = of("v1", "Secret").unwrap_err().to_string();
    assert!(refused.contains("spec.grants names v1 Secret"), "{refused}");
    assert!(of("example.com/v1", "Secret").is_ok());
}
