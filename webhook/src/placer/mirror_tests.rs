//! Claims about what is known of the cluster.

use serde_json::{Value, json};

use super::*;

fn pod(uid: &str, version: u64, spec: Value) -> Item {
    let mut spec = spec;
    if spec.get("containers").is_none() {
        spec["containers"] =
            json!([{"name": "a", "resources": {"limits": {"google.com/tpu": "4"}}}]);
    }
    let metadata =
        json!({"name": uid, "namespace": "a", "uid": uid, "resourceVersion": version.to_string()});
    Item::read(What::Pods, json!({"metadata": metadata, "spec": spec}))
}

fn node(name: &str, version: u64, labels: Value) -> Item {
    let metadata = json!({"name": name, "uid": name, "resourceVersion": version.to_string(), "labels": labels});
    Item::read(
        What::Nodes,
        json!({"metadata": metadata, "spec": {}, "status": {}}),
    )
}

fn versions(mirror: &Mirror, what: What) -> Vec<String> {
    let known = mirror.kinds.get(&what);
    let mut keys: Vec<_> = known
        .into_iter()
        .flat_map(|known| known.versions.keys().cloned())
        .collect();
    keys.sort();
    keys
}

#[test]
fn the_lists_items_are_told_their_kind() {
    let metadata = json!({"name": "a", "namespace": "b", "uid": "c", "resourceVersion": "5"});
    let item = Item::read(
        What::StatefulSets,
        json!({"metadata": metadata, "spec": {}}),
    );
    assert!(matches!(item.object, Ok(Object::Owner(_))), "{item:?}");
    assert_eq!((item.key.as_str(), item.version), ("c", 5));
}

#[test]
fn an_answer_to_our_own_write_is_not_undone_by_what_was_before_it() {
    let mut mirror = Mirror::default();
    let gated = json!({"schedulingGates": [{"name": "kubectl-sax.dev/placement"}]});
    mirror.take(Update::Put(What::Pods, pod("a", 5, gated.clone())));
    mirror.answered(What::Pods, pod("a", 9, json!({})));
    assert!(!mirror.take(Update::Put(What::Pods, pod("a", 7, gated))));
    assert_eq!(mirror.version(What::Pods, "a"), Some(9));
    assert!(mirror.take(Update::Put(What::Pods, pod("a", 10, json!({})))));
}

#[test]
fn what_a_new_list_does_not_name_is_gone_but_for_what_we_wrote_meanwhile() {
    let mut mirror = Mirror::default();
    for uid in ["a", "b"] {
        mirror.take(Update::Put(What::Pods, pod(uid, 5, json!({}))));
    }
    mirror.take(Update::Listing(What::Pods));
    mirror.take(Update::Put(What::Pods, pod("b", 5, json!({}))));
    mirror.answered(What::Pods, pod("c", 8, json!({})));
    mirror.take(Update::Listed(What::Pods));
    assert_eq!(versions(&mirror, What::Pods), ["b", "c"]);
}

#[test]
fn it_is_complete_when_every_list_has_been() {
    let mut mirror = Mirror::default();
    for what in What::ALL {
        assert!(!mirror.is_complete(), "before {what:?}");
        mirror.take(Update::Listing(what));
        mirror.take(Update::Listed(what));
    }
    assert!(mirror.is_complete());
    mirror.take(Update::Listing(What::Pods));
    assert!(
        mirror.is_complete(),
        "a later list has the earlier one to stand on"
    );
}

#[test]
fn a_nodes_sign_of_life_is_no_news() {
    let mut mirror = Mirror::default();
    assert!(mirror.take(Update::Put(What::Nodes, node("a", 1, json!({})))));
    assert!(!mirror.take(Update::Put(What::Nodes, node("a", 2, json!({})))));
    assert!(mirror.take(Update::Put(What::Nodes, node("a", 3, json!({"b": "c"})))));
}

#[test]
fn of_pods_without_chips_only_those_are_kept_that_take_room_on_tpu_nodes() {
    let mut mirror = Mirror::default();
    let accelerator = json!({ACCELERATOR_LABEL: "tpu-v5-lite-podslice"});
    mirror.take(Update::Put(What::Nodes, node("tpu", 1, accelerator)));
    mirror.take(Update::Put(What::Nodes, node("cpu", 1, json!({}))));
    let containers = json!([{"name": "a"}]);
    for on in ["tpu", "cpu", "unknown"] {
        let spec = json!({"containers": containers, "nodeName": on});
        mirror.take(Update::Put(What::Pods, pod(on, 1, spec)));
    }
    let waiting = json!({"containers": containers});
    mirror.take(Update::Put(What::Pods, pod("waiting", 1, waiting)));
    let gates = json!([{"name": "kubectl-sax.dev/placement"}]);
    let gated = json!({"containers": containers, "schedulingGates": gates});
    mirror.take(Update::Put(What::Pods, pod("gated", 1, gated)));
    assert_eq!(versions(&mirror, What::Pods), ["gated", "tpu", "unknown"]);
}

#[test]
fn a_claim_under_another_name_is_none() {
    let lease = |name: &str| {
        let holder = json!({"group": {"root": "r", "name": "n", "kind": "Job", "namespace": "s"}});
        let claim = json!({"domain": {"key": "k", "value": "v"}, "holder": holder});
        let annotations = json!({placement::CLAIM_ANNOTATION: claim.to_string()});
        let metadata =
            json!({"name": name, "uid": "u", "resourceVersion": "1", "annotations": annotations});
        Item::read(What::Leases, json!({"metadata": metadata}))
    };
    let Err(reason) = lease("other").object else {
        panic!("must be refused")
    };
    let right = reason.strip_prefix("it must be called ").unwrap();
    assert!(lease(right).object.is_ok());
}
