//! Every part of the language by hand, each on several documents.

use serde_json::{Value, json};

use crate::assert_same;

#[test]
fn text_actions_and_trim_markers_are_go_s() {
    assert_all(include_str!("cases/actions.txt"));
}

#[test]
fn blocks_loops_and_variables_are_go_s() {
    assert_all(include_str!("cases/blocks.txt"));
}

#[test]
fn literals_are_go_s() {
    assert_all(include_str!("cases/literals.txt"));
}

#[test]
fn functions_are_go_s_and_kubectl_s() {
    assert_all(include_str!("cases/functions.txt"));
}

#[test]
fn printf_is_go_s() {
    assert_all(include_str!("cases/printf.txt"));
}

#[test]
fn what_is_wrong_is_wrong_for_both() {
    assert_all(include_str!("cases/wrong.txt"));
}

/// A template a line, in which `↵` is a line end; each meets each document.
fn assert_all(templates: &str) {
    let templates = templates.lines().filter(|line| !line.is_empty());
    let templates = templates.map(|line| line.replace('↵', "\n"));
    let cases = templates.flat_map(|template| documents().map(|data| (template.clone(), data)));
    assert_same(&cases.collect::<Vec<_>>());
}

/// Many types, an object of the cluster, and nothing.
fn documents() -> [Value; 3] {
    [
        json!({
            "a": {"b": {"c": "deep"}, "n": null, "x-y": 1},
            "i": 42, "j": -7, "f": 1.5, "g": 1e21, "h": 0.00001, "w": 3.0, "big": 18_446_744_073_709_551_615_u64,
            "s": "text <b>&'\"é\u{2028}\u{0}", "e": "", "t": true, "u": false, "n": null,
            "l": [3, "two", 1.5, null, [1], {"k": "v"}], "l2": ["a", "b", "c"], "le": [],
            "m": {"z": 1, "a": 2, "m": null, "": 0}, "me": {},
            "b64": "aMOpbGxv", "bin": "/wD/", "bad": "a*b=",
        }),
        json!({"kind": "List", "items": [
            {"kind": "Service", "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "sax", "x": "1"}},
             "spec": {"ports": [{"port": 80, "name": "http"}, {"port": 443}]}},
            {"kind": "Pod", "metadata": {"name": "pod-0", "creationTimestamp": null},
             "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "False"}]}},
        ]}),
        json!(null),
    ]
}
