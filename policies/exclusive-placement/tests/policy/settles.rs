//! The pipeline runs twice: what the policy completed, it leaves alone.

use crate::support::{OBJECTS, create};

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
