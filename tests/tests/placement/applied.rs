//! What is left of us on what was applied: on a Pod one selector, on a JobSet the mark.

use sax_tests::namespace::TempNamespace;
use serde_json::{Map, Value, json};

use super::cluster::turn;
use super::placed::running_pods;
use super::pools::{Nodes, VMS, pod_spec, pool, within};

const EXCLUSIVE: &str = "alpha.jobset.sigs.k8s.io/exclusive-topology";
const STRATEGY: &str = "alpha.jobset.sigs.k8s.io/node-selector";
const MARK: &str = "kubectl-sax.dev";

/// Labels and annotations that differ between any two Jobs, or between two namespaces.
const OWN_KEYS: [&str; 4] = [
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
    "jobset.sigs.k8s.io/job-key",
    "jobset.sigs.k8s.io/jobset-uid",
];

/// A JobSet to which the policies that know TPUs have nothing to add.
fn complete(set: &str) -> Value {
    let mut jobset = within(set, "a", 1);
    let spec = pod_spec(&mut jobset);
    spec["hostNetwork"] = json!(true);
    spec["dnsPolicy"] = json!("ClusterFirstWithHostNet");
    spec["containers"][0]["ports"] = json!([{"containerPort": 8471, "hostPort": 8471}]);
    jobset
}

/// Where two values differ: `(JSON pointer, one, other)`, null for what isn't there.
fn differences(one: &Value, other: &Value, path: &str, found: &mut Vec<(String, Value, Value)>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let more = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(more) {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                let member = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or_default();
                differences(&member(a), &member(b), &path, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (one, other)) in a.iter().zip(b).enumerate() {
                differences(one, other, &format!("{path}/{at}"), found);
            }
        }
        _ if one == other => {}
        _ => found.push((path.to_owned(), one.clone(), other.clone())),
    }
}

/// A Pod without what is its own: name, uids, node, the volume with its token.
fn comparable(pod: &Value) -> Value {
    let mut metadata = pod["metadata"].clone();
    let members = metadata.as_object_mut().expect("must be a map");
    let kept = ["labels", "annotations", "finalizers", "generateName"];
    members.retain(|key, _| kept.contains(&key.as_str()));
    for member in ["labels", "annotations"] {
        let texts = metadata[member].as_object_mut().expect("must be a map");
        texts.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
    }
    let mut spec = pod["spec"].clone();
    spec["nodeName"].take();
    let volume = spec["volumes"][0]["name"].to_string();
    let text = json!({"metadata": metadata, "spec": spec}).to_string();
    let text = text.replace(&volume, "\"token\"");
    serde_json::from_str(&text).expect("must be JSON")
}

/// The Pod of this completion index.
fn at_index(pods: &[Value], index: usize) -> Value {
    let index = json!(index.to_string());
    let key = "batch.kubernetes.io/job-completion-index";
    let mut pods = pods.iter();
    let pod = pods.find(|pod| pod["metadata"]["labels"][key] == index);
    comparable(pod.expect("every index must have a Pod"))
}

fn apply_as_author(namespace: &str, more: &[&str]) -> Vec<String> {
    let apply = [
        "apply",
        "--server-side",
        "--field-manager=author",
        "--namespace",
        namespace,
        "-f",
        "-",
        "-o",
        "json",
    ];
    let arguments = apply.iter().chain(more);
    arguments.map(ToString::to_string).collect()
}

fn stored(namespace: &TempNamespace<'_>) -> Value {
    let mut jobsets = namespace.list("jobsets").expect("must be listed");
    jobsets[0].take()
}

#[test]
fn a_released_pod_has_one_selector_more_than_without_us_and_our_annotations_instead_of_jobsets() {
    let turn = turn();
    let mut nodes = pool("bare", "barea", 2);
    nodes.extend(pool("bare", "bareb", 2));
    let _nodes = Nodes::create(&turn, nodes);
    let namespace = turn.namespace("bare");
    let mut jobset = complete("bare");
    namespace
        .apply(&jobset.to_string())
        .expect("must be created");
    let ours = running_pods(&namespace, VMS);
    jobset["metadata"]["annotations"].take();
    let outside = turn.outside();
    outside.apply(&jobset.to_string());
    let theirs = outside.await_running(VMS);
    let pool = turn.pools_of(&ours).remove(0);
    for index in 0..VMS {
        let mut found = Vec::new();
        let (without, with) = (at_index(&theirs, index), at_index(&ours, index));
        differences(&without, &with, "", &mut found);
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let annotation = |key: &str| format!("/metadata/annotations/{}", key.replace('/', "~1"));
        let expected = [
            (annotation(STRATEGY), Value::Null, json!(MARK)),
            (
                annotation("kubectl-sax.dev/exclusive-topology"),
                Value::Null,
                json!("cloud.google.com/gke-nodepool"),
            ),
            // JobSet's own, by which its own placement keeps priorities apart: its Pod webhook
            // steps aside, as the switch says.
            (
                "/metadata/labels/jobset.sigs.k8s.io~1priority".to_owned(),
                json!("0"),
                Value::Null,
            ),
            (
                "/spec/nodeSelector/cloud.google.com~1gke-nodepool".to_owned(),
                Value::Null,
                json!(pool),
            ),
        ];
        assert_eq!(found, expected);
    }
}

#[test]
fn a_jobset_stays_as_written_but_for_the_mark_and_its_author_may_apply_it_again_and_again() {
    let turn = turn();
    let _nodes = Nodes::create(&turn, pool("kept", "kepta", 2));
    let namespace = turn.namespace("kept");
    let mut jobset = complete("kept");
    let kubectl = turn.cluster.kubectl();
    let without = apply_as_author(turn.outside().name(), &["--dry-run=server"]);
    let without = kubectl.run_with(&without, &jobset.to_string());
    let without: Value = serde_json::from_str(&without.expect("must be valid")).expect("JSON");
    let apply = apply_as_author(namespace.name(), &[]);
    let again = |jobset: &Value| {
        let applied = kubectl.run_with(&apply, &jobset.to_string());
        applied.unwrap_or_else(|error| panic!("{error:#}"));
        stored(&namespace)
    };
    let mut with = again(&jobset);
    let first = with["metadata"]["generation"].clone();
    let pods = running_pods(&namespace, VMS);
    let annotations = &mut with["metadata"]["annotations"];
    assert_eq!(annotations[STRATEGY].take(), json!(MARK));
    assert_eq!(annotations[EXCLUSIVE], "cloud.google.com/gke-nodepool");
    for (part, member) in [("metadata", "labels"), ("metadata", "finalizers")] {
        assert_eq!(with[part][member], without[part][member]);
    }
    let mut found = Vec::new();
    let annotations = |jobset: &Value| jobset["metadata"]["annotations"].clone();
    differences(&annotations(&without), &annotations(&with), "", &mut found);
    differences(&without["spec"], &with["spec"], "", &mut found);
    assert_eq!(found, []);
    // Unchanged, then with a label: no conflict, nothing starts anew, the mark stays.
    let unchanged = again(&jobset);
    jobset["metadata"]["labels"] = json!({"team": "search"});
    let labelled = again(&jobset);
    assert_eq!(labelled["metadata"]["labels"]["team"], "search");
    for jobset in [unchanged, labelled] {
        assert_eq!(jobset["metadata"]["generation"], first);
        assert_eq!(annotations(&jobset)[STRATEGY], MARK);
        assert!(jobset["status"]["restarts"].as_u64().unwrap_or(0) == 0);
    }
    let uids = |pods: &[Value]| -> Vec<Value> {
        let uids = pods.iter().map(|pod| pod["metadata"]["uid"].clone());
        uids.collect()
    };
    assert_eq!(uids(&running_pods(&namespace, VMS)), uids(&pods));
}
