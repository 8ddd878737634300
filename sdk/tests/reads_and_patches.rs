//! Reading is null-safe, a wrong type is a finding with its path, and what is built as a patch
//! applies to the object that was read.

use sdk::{
    Cluster, Description, Document, NoSettings, Patch, PatchOperation, Policy, Review, Verdict,
};
use serde_json::{Value, json};

#[test]
fn absent_and_null_members_read_the_same() {
    for object in [
        json!({}),
        json!({"spec": null}),
        json!({"spec": {"replicas": null}}),
    ] {
        let document = Document::from(&object);
        let replicas = document.root().at("spec").at("replicas");
        assert_eq!(replicas.integer(), None, "{object}");
        assert!(!replicas.is_present());
        assert_eq!(replicas.path(), "/spec/replicas");
    }
}

#[test]
fn elements_keep_the_index_that_the_user_sees() {
    let document = Document::from(&json!({"list": [null, {"name": "b"}]}));
    let elements = document.root().at("list").elements();
    assert_eq!(elements[1].at("name").path(), "/list/1/name");
    assert_eq!(elements[1].at("name").text(), Some("b"));
}

#[test]
fn a_missing_place_is_added_at_its_first_missing_ancestor() {
    let document = Document::from(&json!({"spec": {"template": null}}));
    let labels = document.root().at("spec").at("template").at("a/b").at("c");
    let mut patch = Patch::default();
    patch.add_missing(&labels, json!(1));
    let expected = PatchOperation::Add("/spec/template".into(), json!({"a/b": {"c": 1}}));
    assert_eq!(patch.operations(), [expected]);
}

#[test]
fn appending_writes_indices_and_makes_the_list_where_there_is_none() {
    let document = Document::from(&json!({"full": [1], "empty": [], "null": null}));
    let root = document.root();
    let mut patch = Patch::default();
    for key in ["full", "empty", "null", "absent"] {
        patch.append(&root.at(key), [json!(2)]);
    }
    let expected = json!([
        {"op": "add", "path": "/full/1", "value": 2},
        {"op": "add", "path": "/empty/0", "value": 2},
        {"op": "add", "path": "/null", "value": [2]},
        {"op": "add", "path": "/absent", "value": [2]},
    ]);
    assert_eq!(patch.to_json(), expected);
}

#[test]
fn members_are_added_one_by_one_to_an_object_that_exists() {
    let document = Document::from(&json!({"labels": {"a": "1"}}));
    let mut patch = Patch::default();
    patch.add_members(&document.root().at("labels"), [("x/y", json!("2"))]);
    assert_eq!(
        patch.to_json(),
        json!([{"op": "add", "path": "/labels/x~1y", "value": "2"}])
    );
}

/// Denies what has no replicas, and gives a name to everything.
struct Replicas;

impl Policy for Replicas {
    type Settings = NoSettings;

    fn describe() -> Description {
        Description::new("replicas", "0.1.0", "has replicas")
    }

    fn review(review: &Review, _: &NoSettings, _: &impl Cluster, verdict: &mut Verdict) {
        let replicas = review.object().at("spec").at("replicas");
        if replicas.integer().is_none() {
            verdict.deny("REP001", replicas.path(), "no replicas", "add replicas");
        }
        verdict.deny("REP002", "/metadata", "always", "never");
        verdict.patch.add("/metadata/name", "x");
    }
}

#[test]
fn a_wrong_type_is_the_only_finding_at_its_path_and_nothing_is_patched() {
    let folder = std::env::temp_dir().join(format!("sdk-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let case = |replicas: Value, findings: Value, patch: Value| {
        let object = json!({"apiVersion": "v1", "kind": "X", "spec": {"replicas": replicas}});
        json!({"object": object, "expect": {"findings": findings, "patch": patch}}).to_string()
    };
    let finding = |code: &str, path: &str| json!({"code": code, "severity": "deny", "path": path});
    let named = json!([{"op": "add", "path": "/metadata/name", "value": "x"}]);
    let always = finding("REP002", "/metadata");
    let wrong = finding("OBJ001", "/spec/replicas");
    let absent = finding("REP001", "/spec/replicas");
    let cases = [
        case(json!("3"), json!([wrong, always]), json!([])),
        case(Value::Null, json!([absent, always]), named.clone()),
        case(json!(3), json!([always]), named),
    ];
    for (index, case) in cases.iter().enumerate() {
        std::fs::write(folder.join(format!("{index}.yaml")), case).expect("a case file");
    }
    sdk::testing::check_cases::<Replicas>(&folder);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}
