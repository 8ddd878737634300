//! The pipeline runs twice: what the policy completed, it leaves alone.

use serde_json::json;

use crate::support::{OBJECTS, create};

/// The API server adds tolerations of its own, so that no case file can compare what is stored.
#[test]
fn a_marked_pod_loses_the_strategys_tolerations_and_no_others() {
    let theirs = |effect| {
        let key = "alpha.jobset.sigs.k8s.io/no-schedule";
        json!({"key": key, "operator": "Exists", "effect": effect})
    };
    let tpus = json!({"key": "google.com/tpu", "operator": "Exists", "effect": "NoSchedule"});
    let tolerations = [
        theirs("NoSchedule"),
        tpus.clone(),
        theirs("NoExecute"),
        theirs("NoSchedule"),
    ];
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "a", "annotations": {
            "alpha.jobset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool",
            "alpha.jobset.sigs.k8s.io/node-selector": "kubectl-sax.dev",
        }},
        "spec": {"tolerations": tolerations, "containers": [{"name": "a", "image": "a"}]},
    });
    let (_, completed) = create(&pod);
    assert_eq!(
        completed["spec"]["tolerations"],
        json!([tpus, theirs("NoExecute")])
    );
}

#[test]
fn a_second_look_patches_nothing_and_finds_the_same() {
    for (path, object) in OBJECTS.iter() {
        let (findings, completed) = create(object);
        let (again, same) = create(&completed);
        assert_eq!(completed, same, "{}", path.display());
        assert_eq!(findings, again, "{}", path.display());
    }
}

#[test]
fn whoever_is_gated_carries_one_gate_of_ours_and_no_annotation_of_jobsets() {
    let mut gated = 0;
    let pods = OBJECTS.iter().filter(|(_, object)| object["kind"] == "Pod");
    for (path, object) in pods {
        let (_, completed) = create(object);
        let gates = completed["spec"]["schedulingGates"].as_array();
        let ours = gates.into_iter().flatten();
        let ours = ours.filter(|gate| gate["name"] == "kubectl-sax.dev/placement");
        let (ours, annotations) = (ours.count(), &completed["metadata"]["annotations"]);
        let is_marked = annotations["alpha.jobset.sigs.k8s.io/node-selector"] == "kubectl-sax.dev";
        let theirs = &annotations["alpha.jobset.sigs.k8s.io/exclusive-topology"];
        assert!(ours <= 1, "{}", path.display());
        assert!(!is_marked || theirs.is_null(), "{}", path.display());
        gated += ours;
    }
    assert!(gated > 5, "{gated}");
}
