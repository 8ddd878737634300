//! A manifest can be applied again, the way it was applied first.

use sax_tests::namespace::TempNamespace;

use crate::shared::{admitted, fixture, temporary, tutorial};

const CLIENT: &[&str] = &["apply", "-f", "-"];
const SERVER: &[&str] = &["apply", "--server-side", "-f", "-"];

#[test]
fn client_side_apply_of_the_same_manifest_is_accepted_and_keeps_the_generation() {
    let [_, _, tutorial] = tutorial();
    applied_twice("again-client", CLIENT, &tutorial);
    applied_twice("again-client-short", CLIENT, &fixture("demo/short.yaml"));
}

#[test]
fn server_side_apply_of_the_same_manifest_is_accepted_and_keeps_the_generation() {
    let [_, _, tutorial] = tutorial();
    applied_twice("again-server", SERVER, &tutorial);
    applied_twice("again-server-short", SERVER, &fixture("demo/short.yaml"));
}

#[test]
fn a_label_is_never_hindered() {
    let namespace = temporary(admitted(), "label");
    apply(&namespace, CLIENT, &fixture("demo/short.yaml"));
    namespace
        .run(&["label", "jobset", "sax-model-server-set", "team=serving"])
        .expect("the label must be accepted");
}

#[test]
fn another_value_in_the_template_gets_our_finding_in_place_of_a_page_of_json() {
    let namespace = temporary(admitted(), "changed");
    let manifest = fixture("demo/short.yaml");
    apply(&namespace, CLIENT, &manifest);
    let changed = manifest.replace("sax-model-server:v1.1.0", "sax-model-server:v1.2.0");
    let answer = namespace
        .try_run_with(CLIENT, &changed)
        .expect("kubectl must run");
    assert!(!answer.success, "{}", answer.stdout);
    // What stands before it is kubectl's: the patch that it sent.
    let (_, text) = answer
        .stderr
        .rsplit_once("denied the request: ")
        .expect("the refusal must be a webhook's");
    let path = "/spec/replicatedJobs/0/template/spec/template/spec/containers/0/image";
    assert!(text.contains(path) && text.contains("v1.1.0"), "{text}");
    assert!(text.len() < 600, "{} bytes: {text}", text.len());
}

fn applied_twice(purpose: &str, arguments: &[&str], manifest: &str) {
    let namespace = temporary(admitted(), purpose);
    apply(&namespace, arguments, manifest);
    let before = generation(&namespace);
    apply(&namespace, arguments, manifest);
    assert_eq!(generation(&namespace), before, "{purpose}");
}

fn apply(namespace: &TempNamespace<'_>, arguments: &[&str], manifest: &str) {
    namespace
        .run_with(arguments, manifest)
        .unwrap_or_else(|error| panic!("{error:#}"));
}

fn generation(namespace: &TempNamespace<'_>) -> i64 {
    let jobsets = namespace
        .list("jobsets")
        .expect("the JobSet must be listed");
    jobsets[0]["metadata"]["generation"]
        .as_i64()
        .expect("a stored object must have a generation")
}
