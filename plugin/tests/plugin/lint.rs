//! `lint`.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{sax, sax_in};

const JOBSET: &str = include_str!("jobset.yaml");

fn lint_json(arguments: &[&str], stdin: &str) -> (Option<i32>, Value) {
    let ended = sax(
        &[&["lint", "-f", "-", "-o", "json"], arguments].concat(),
        stdin,
    );
    let json = serde_json::from_str(&ended.stdout);
    (
        ended.status,
        json.unwrap_or_else(|error| panic!("{error}: {ended}")),
    )
}

#[test]
fn a_wrong_number_is_denied_with_the_right_one() {
    let wrong = JOBSET.replace("parallelism: 8", "parallelism: 7");
    insta::assert_snapshot!("lint-wrong-number", sax(&["lint", "-f", "-"], &wrong));
}

#[test]
fn every_format_says_the_same() {
    let wrong = JOBSET.replace("parallelism: 8", "parallelism: 7");
    for format in ["text", "json", "sarif", "junit"] {
        let ended = sax(&["lint", "-f", "-", "-o", format], &wrong);
        assert_eq!(ended.status, Some(2), "{format}");
        assert!(ended.stdout.contains("TPU00"), "{ended}");
    }
}

#[test]
fn the_json_contract_has_all_members() {
    let (status, json) = lint_json(&[], JOBSET);
    assert_eq!(status, Some(0), "{json:#}");
    let result = json["results"][0].as_object().expect("must be an object");
    let members: Vec<_> = result.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "source",
            "document",
            "apiVersion",
            "kind",
            "namespace",
            "name",
            "allowed",
            "denials",
            "warnings",
            "patch",
            "object"
        ]
    );
    assert_eq!(result["source"], "-");
    assert_eq!(result["namespace"], "default");
}

#[test]
fn the_patch_completes_the_object_and_a_second_pass_is_empty() {
    let bare = JOBSET.replace("              hostNetwork: true\n", "");
    let (_, first) = lint_json(&[], &bare);
    let result = &first["results"][0];
    assert_ne!(result["patch"], serde_json::json!([]), "{result:#}");
    let (_, second) = lint_json(&[], &result["object"].to_string());
    assert_eq!(second["results"][0]["patch"], serde_json::json!([]));
    assert_eq!(second["results"][0]["object"], result["object"]);
}

#[test]
fn names_and_namespaces_are_those_of_the_contract() {
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Pod\nmetadata: {generateName: b-}\n";
    let (status, json) = lint_json(&["-n", "x"], text);
    assert_eq!(status, Some(0));
    let results = &json["results"];
    assert_eq!(results[0]["namespace"], Value::Null);
    assert_eq!(
        (&results[1]["name"], &results[1]["namespace"]),
        (&"b-".into(), &"x".into())
    );
    assert_eq!(results[1]["document"], 2);
}

#[test]
fn warnings_fail_a_strict_run_only() {
    let placeholder = JOBSET.replace("gs://my-bucket", "gs://BUCKET_NAME");
    let args = ["lint", "-f", "-"];
    assert_eq!(sax(&args, &placeholder).status, Some(0));
    assert_eq!(
        sax(&["lint", "-f", "-", "--strict"], &placeholder).status,
        Some(2)
    );
}

#[test]
fn unusable_documents_are_exit_1_and_the_others_are_judged() {
    let text = format!(
        "a: [\n---\n- list\n---\n{}---\nkind: Pod\n",
        JOBSET.replace("parallelism: 8", "parallelism: 7")
    );
    insta::assert_snapshot!("lint-unusable", sax(&["lint", "-f", "-"], &text));
}

#[test]
fn an_empty_file_is_a_note() {
    let ended = sax(&["lint", "-f", "-"], "# nothing\n");
    assert_eq!(ended.status, Some(0));
    assert!(ended.stderr.contains("note: -: holds no object"), "{ended}");
}

#[test]
fn a_missing_file_and_an_address_are_exit_1() {
    insta::assert_snapshot!(
        "lint-missing",
        sax(&["lint", "-f", "no-such-file.yaml"], "")
    );
    insta::assert_snapshot!(
        "lint-address",
        sax(&["lint", "-f", "https://example.com/a.yaml"], "")
    );
}

#[test]
fn hostile_and_broken_input_ends_within_two_seconds_with_file_document_and_line() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut merges = "a0: &a0 {x: y}\n".to_owned();
    for level in 1..24 {
        let below = level - 1;
        let aliases = vec![format!("*a{below}"); 10].join(", ");
        laughs += &format!("a{level}: &a{level} [{aliases}]\n");
        merges +=
            &format!("a{level}: &a{level} {{<<: [*a{below}, *a{below}], k{level}: *a{below}}}\n");
    }
    let deep_json = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    let deep_block: String = (0..10_000)
        .map(|level| " ".repeat(level) + "a:\n")
        .collect();
    let inputs: [(&str, Vec<u8>); 19] = [
        ("aliases that explode", laughs.into_bytes()),
        ("merge keys that explode", merges.into_bytes()),
        ("an alias in itself", b"a: &a [*a]\n".to_vec()),
        ("an unknown alias", b"a: *b\n".to_vec()),
        ("10,000 lists deep", vec![b'['; 10_000]),
        ("10,000 block lists deep", b"- ".repeat(10_000)),
        ("10,000 block objects deep", deep_block.into_bytes()),
        ("10,000 objects deep", deep_json.into_bytes()),
        ("invalid UTF-8", b"kind: \xff\n".to_vec()),
        ("UTF-16", b"\xff\xfek\0i\0".to_vec()),
        ("a NUL", b"kind: a\0\n".to_vec()),
        ("a tab", b"kind:\n\ta: 1\n".to_vec()),
        (
            "duplicate keys",
            b"kind: A\nkind: B\napiVersion: v1\n".to_vec(),
        ),
        (
            "duplicate keys in JSON",
            b"{\"kind\":\"A\",\n\"kind\":\"B\"}".to_vec(),
        ),
        ("a cut JSON text", b"{\"kind\":\"A\"".to_vec()),
        ("a list", b"- a\n".to_vec()),
        ("a scalar", b"hello\n".to_vec()),
        (
            "items that are no list",
            b"kind: List\napiVersion: v1\nitems: a\n".to_vec(),
        ),
        ("a template", b"kind: {{ .Values.kind }}\n".to_vec()),
    ];
    let mut errors = String::new();
    for (what, text) in inputs {
        let begin = Instant::now();
        let ended = sax_in(std::path::Path::new("."), &["lint", "-f", "-"], &text);
        assert_eq!(ended.status, Some(1), "{what}: {ended}");
        assert!(
            ended.stderr.starts_with("error: -: document 0, line "),
            "{what}: {ended}"
        );
        // Two seconds on a machine of its own; tests share theirs with compilers.
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}");
        errors += &format!("{what}\n  {}", ended.stderr);
    }
    insta::assert_snapshot!("lint-hostile", errors);
}

#[test]
fn a_huge_string_is_judged_in_time() {
    let text = format!(
        "{JOBSET}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: \"{}\"}}\n",
        "x".repeat(5 << 20)
    );
    let ended = sax(&["lint", "-f", "-"], &text);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
}

#[test]
fn objects_of_one_run_are_judged_together() {
    let other = JOBSET
        .replace("name: sax-model-server-set", "name: sax")
        .replace(
            "- name: sax-model-server\n      replicas",
            "- name: model-server-set-sax-model-server\n      replicas",
        );
    let (status, json) = lint_json(&[], &format!("{JOBSET}---\n{other}"));
    assert_eq!(status, Some(2), "{json:#}");
}

#[test]
fn folders_are_read_and_kustomizations_left_to_k() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    fs::create_dir(folder.path().join("sub")).expect("must create");
    fs::write(folder.path().join("sub/a.yaml"), JOBSET).expect("must write");
    fs::write(
        folder.path().join("kustomization.yaml"),
        "resources: [sub/a.yaml]\n",
    )
    .expect("must write");
    let ended = sax_in(folder.path(), &["lint", "-f", "."], b"");
    assert_eq!(ended.status, Some(0), "{ended}");
    assert!(
        ended.stderr.contains("skipped; lint its result with -k ."),
        "{ended}"
    );
    let flat = sax_in(folder.path(), &["lint", "-f", ".", "-R=false"], b"");
    assert!(flat.stdout.contains("0 objects"), "{flat}");
}
