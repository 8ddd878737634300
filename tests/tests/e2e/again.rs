//! A manifest can be applied again, the way it was applied first.

use std::path::Path;
use std::time::Duration;

use sax_tests::controlplane::{Cluster, webhook};
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use crate::shared::{admitted, both_pools, changing, fixture, plain, product, temporary, tutorial};

const CLIENT: &[&str] = &["apply", "-f", "-"];
const SERVER: &[&str] = &["apply", "--server-side", "-f", "-"];

/// For the API server to see that the webhook is another one, and for Pods to run.
const DEADLINE: Duration = Duration::from_secs(60);

/// Other settings of the policy that completes, in all that it completes.
const OTHER_SETTINGS: &str = "
apiVersion: kubectl-sax.dev/v1alpha1
kind: WasmPolicy
metadata: {name: tpu-defaults}
spec:
  module: {builtin: tpu-defaults}
  order: 10
  settings:
    hostNetwork: 'off'
    servingVector: num-slices
    defaultAccelerator: v6e
    exclusiveTopology: kubernetes.io/hostname
  grants:
  - {apiVersion: v1, kind: Namespace}
";

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
fn a_jobset_that_we_place_is_applied_again_in_every_way_and_stays_where_it_runs() {
    let _turn = both_pools();
    let [_, _, tutorial] = tutorial();
    let ways: [(&str, Option<&[&str]>); 3] = [
        ("placed-client", Some(CLIENT)),
        ("placed-server", Some(SERVER)),
        ("placed-deploy", None),
    ];
    for (purpose, arguments) in ways {
        let namespace = temporary(admitted(), purpose);
        let again = |namespace| match arguments {
            Some(arguments) => apply(namespace, arguments, &tutorial),
            None => deploy(namespace, admitted()),
        };
        again(&namespace);
        assert_is_marked(&namespace);
        let running = places(&namespace);
        let before = state(&namespace);
        again(&namespace);
        assert_is_marked(&namespace);
        assert_eq!(state(&namespace), before, "{purpose}");
        assert_eq!(places(&namespace), running, "{purpose}");
        let gone = namespace.run(&["delete", "jobsets", "--all", "--cascade=foreground"]);
        gone.unwrap_or_else(|error| panic!("{purpose}: {error:#}"));
    }
}

#[test]
fn after_the_settings_changed_each_manifest_is_accepted_as_it_was_applied_first() {
    let cluster = changing();
    let before_us = temporary(cluster, "before");
    apply(&before_us, CLIENT, &fixture("demo/wrong.yaml"));
    webhook::install(cluster, product(), &[]).expect("the webhook must serve");
    annotate(&before_us);
    let [_, _, long] = tutorial();
    let short = fixture("demo/short.yaml");
    let kept: Vec<_> = [
        ("changed-client", CLIENT, &long),
        ("changed-client-short", CLIENT, &short),
        ("changed-server", SERVER, &long),
        ("changed-server-short", SERVER, &short),
    ]
    .into_iter()
    .map(|(purpose, arguments, manifest)| {
        let namespace = temporary(cluster, purpose);
        apply(&namespace, arguments, manifest);
        (namespace, arguments, manifest)
    })
    .collect();
    let deployed = temporary(cluster, "changed-deploy");
    deploy(&deployed, cluster);
    change_settings(cluster);
    for (namespace, arguments, manifest) in &kept {
        let before = state(namespace);
        apply(namespace, arguments, manifest);
        assert_eq!(state(namespace), before, "{arguments:?}");
    }
    let before = state(&deployed);
    deploy(&deployed, cluster);
    assert_eq!(state(&deployed), before);
}

#[test]
fn from_client_side_to_server_side_apply_it_behaves_as_without_us() {
    let [_, _, tutorial] = tutorial();
    let [with, without] = [admitted(), plain()].map(|cluster| {
        let namespace = temporary(cluster, "switch");
        apply(&namespace, CLIENT, &tutorial);
        let answer = namespace.try_run_with(SERVER, &tutorial);
        let answer = answer.expect("kubectl must run");
        let first = answer.stderr.lines().next().unwrap_or_default().to_owned();
        (answer.success, first.replace(namespace.name(), "NAMESPACE"))
    });
    assert_eq!(with, without);
}

#[test]
fn a_label_or_annotation_is_never_hindered() {
    let namespace = temporary(admitted(), "label");
    apply(&namespace, CLIENT, &fixture("demo/short.yaml"));
    annotate(&namespace);
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
    let before = state(&namespace);
    apply(&namespace, arguments, manifest);
    assert_eq!(state(&namespace), before, "{purpose}");
}

/// The policy is in force: JobSet's own switch stands on the JobSet, with our name.
fn assert_is_marked(namespace: &TempNamespace<'_>) {
    let jobsets = namespace.list("jobsets");
    let jobsets = jobsets.expect("the JobSets must be listed");
    assert_eq!(jobsets.len(), 1);
    let strategy = "alpha.jobset.sigs.k8s.io/node-selector";
    let mark = &jobsets[0]["metadata"]["annotations"][strategy];
    assert_eq!(mark, "kubectl-sax.dev", "{}", jobsets[0]["metadata"]);
}

/// The model servers that run, each with its node.
fn places(namespace: &TempNamespace<'_>) -> Vec<[Value; 2]> {
    let pods = until("16 model servers to run", DEADLINE, || {
        let pods = namespace.list("pods")?;
        let is_running = |pod: &&Value| {
            let is_server = pod["metadata"]["labels"]["jobset.sigs.k8s.io/jobset-name"].is_string();
            is_server && pod["status"]["phase"] == "Running"
        };
        let running = pods.iter().filter(is_running);
        let running: Vec<_> = running
            .map(|pod| [&pod["metadata"]["uid"], &pod["spec"]["nodeName"]].map(Value::clone))
            .collect();
        Ok(match running.len() {
            16 => Look::Ready(running),
            count => Look::Waiting(format!("{count} of {} do", pods.len())),
        })
    });
    let mut pods = pods.unwrap_or_else(|error| panic!("{error:#}"));
    pods.sort_by_key(|[uid, _]| uid.to_string());
    pods
}

/// Labels and annotates the JobSet, and takes that back.
fn annotate(namespace: &TempNamespace<'_>) {
    for [verb, change] in [
        ["label", "team=serving"],
        ["annotate", "note=mine"],
        ["label", "team-"],
        ["annotate", "note-"],
    ] {
        let changed = namespace.run(&[verb, "jobsets", "--all", change]);
        changed.unwrap_or_else(|error| panic!("{verb} {change}: {error:#}"));
    }
}

fn deploy(namespace: &TempNamespace<'_>, cluster: &Cluster) {
    let place = ["--namespace", namespace.name()];
    let what = [
        "--slice",
        "v5e:4x8",
        "--replicas",
        "2",
        "--bucket",
        "my-models",
    ];
    let arguments = [&["deploy", "sax"][..], &what, &place].concat();
    let answer = product().sax(cluster.kubectl(), &arguments, "");
    let answer = answer.expect("kubectl-sax must run");
    assert!(answer.success, "{}", answer.stderr);
}

/// Puts a webhook with other settings in the place of the first, and waits until it is asked.
fn change_settings(cluster: &'static Cluster) {
    let settings = cluster.folder().join("settings.yaml");
    std::fs::write(&settings, OTHER_SETTINGS).expect("a cluster's folder can be written to");
    let policies: [&Path; 1] = [&settings];
    webhook::install(cluster, product(), &policies).expect("the webhook must serve");
    let namespace = temporary(cluster, "asked");
    let arguments = ["create", "--dry-run=server", "-o", "yaml", "-f", "-"];
    until(
        "the webhook with other settings to be asked",
        DEADLINE,
        || {
            let stored = namespace.run_with(&arguments, &fixture("demo/short.yaml"))?;
            Ok(match stored.contains("hostNetwork") {
                true => Look::Waiting("hostNetwork is filled in".to_owned()),
                false => Look::Ready(()),
            })
        },
    )
    .unwrap_or_else(|error| panic!("{error:#}"));
}

fn apply(namespace: &TempNamespace<'_>, arguments: &[&str], manifest: &str) {
    namespace
        .run_with(arguments, manifest)
        .unwrap_or_else(|error| panic!("{error:#}"));
}

/// Generation and restarts of each object that makes Pods.
fn state(namespace: &TempNamespace<'_>) -> Vec<[Value; 3]> {
    let objects = namespace.list("jobsets,deployments");
    let objects = objects.expect("the objects must be listed");
    assert!(!objects.is_empty());
    let of_one = |object: &Value| {
        let metadata = &object["metadata"];
        let (name, generation) = (&metadata["name"], &metadata["generation"]);
        let restarts = object["status"]["restarts"].as_i64().unwrap_or(0);
        [name.clone(), generation.clone(), json!(restarts)]
    };
    objects.iter().map(of_one).collect()
}
