//! Claims about documents.

use serde_json::json;

use super::{Input, read};

fn input(text: &str) -> Input {
    let mut input = Input::default();
    read("x.yaml", text.as_bytes(), &mut input);
    input
}

fn errors(text: &str) -> Vec<String> {
    input(text)
        .unusable
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn documents_count_from_zero_with_empty_ones() {
    let read = input("---\nkind: A\napiVersion: v1\n---\n---\n# c\nkind: B\napiVersion: v1\n");
    let places: Vec<_> = read
        .manifests
        .iter()
        .map(|manifest| (manifest.place.document, manifest.place.line))
        .collect();
    assert_eq!(places, [(0, Some(2)), (2, Some(7))]);
}

#[test]
fn a_broken_document_leaves_the_others() {
    let read = input("kind: A\napiVersion: v1\n---\na: [\n---\nkind: B\napiVersion: v1\n");
    assert_eq!(read.manifests.len(), 2);
    assert_eq!(read.unusable.len(), 1);
    let error = read.unusable[0].to_string();
    assert!(error.starts_with("x.yaml: document 1, line "), "{error}");
}

#[test]
fn lists_become_their_items() {
    let read = input(
        "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \"v1\", \"kind\": \"A\"}, 7]}",
    );
    assert_eq!(read.manifests.len(), 1);
    assert_eq!(
        read.unusable[0].to_string(),
        "x.yaml: document 0, line 1: expected a Kubernetes object, found a number"
    );
}

#[test]
fn items_of_a_typed_list_get_its_type() {
    let read = input("apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n");
    assert_eq!(
        read.manifests[0].object,
        json!({"metadata": {"name": "a"}, "apiVersion": "v1", "kind": "Pod"})
    );
}

#[test]
fn what_is_no_object_is_named() {
    assert_eq!(
        errors("- a\n---\nb\n---\nkind: C\n---\napiVersion: v1\n---\nkind: 3\napiVersion: v1"),
        [
            "x.yaml: document 0, line 1: expected a Kubernetes object, found a list",
            "x.yaml: document 1, line 3: expected a Kubernetes object, found a string",
            "x.yaml: document 2, line 5: the object has no apiVersion",
            "x.yaml: document 3, line 7: the object has no kind",
            "x.yaml: document 4, line 9: kind must be a string, found a number",
        ]
    );
}

#[test]
fn invalid_utf8_has_its_line_and_document() {
    let mut input = Input::default();
    read("x.yaml", b"kind: A\n---\nb: \xff\n", &mut input);
    assert_eq!(
        input.unusable[0].to_string(),
        "x.yaml: document 1, line 3: invalid UTF-8 at byte 15"
    );
}

#[test]
fn an_empty_file_is_a_note() {
    for text in ["", "\n\n", "# nothing\n", "---\n---\n"] {
        let read = input(text);
        assert_eq!(read.notes, ["x.yaml: holds no object"]);
        assert!(read.unusable.is_empty());
    }
}

#[test]
fn a_flow_mapping_that_is_no_json_is_yaml() {
    assert_eq!(input("{apiVersion: v1, kind: A}").manifests.len(), 1);
}
