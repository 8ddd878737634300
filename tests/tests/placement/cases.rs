//! The cases on which JobSet's own exclusive placement strands slices (`toolchain.md`), twenty
//! times each: twenty slices at once, each with a bad pool and a good one to itself.

use sax_tests::controlplane::Cluster;
use sax_tests::namespace::TempNamespace;
use serde_json::{Value, json};

use super::cluster::{Turn, turn};
use super::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};
use super::pools::{Nodes, VMS, list, plain_pod, pool, within};
use super::waits::event;

/// Slices of a case.
const TIMES: usize = 20;

/// A pool that comes first by name, and can't hold the slice.
fn bad(set: &str) -> String {
    format!("{set}a")
}

/// A pool that can.
fn good(set: &str) -> String {
    format!("{set}b")
}

/// The sets of pools of a case: one for each slice.
fn sets(case: &str, times: usize) -> Vec<String> {
    (0..times).map(|at| format!("{case}{at}")).collect()
}

/// Of each set the nodes of both pools; `spoil` is done to the bad pool's.
fn nodes_of(sets: &[String], spoil: impl Fn(&mut Vec<Value>)) -> Vec<Value> {
    let nodes = |set: &String| {
        let mut bad = pool(set, &bad(set), 2);
        spoil(&mut bad);
        bad.extend(pool(set, &good(set), 2));
        bad
    };
    sets.iter().flat_map(nodes).collect()
}

/// A slice for each set, in one JobSet each.
fn slices(sets: &[String]) -> String {
    list(sets.iter().map(|set| within(set, set, 1)).collect())
}

/// Pod creations that were denied in a namespace. A controller writes one Event for each, or
/// counts up one that it wrote before.
fn denied_creations(cluster: &Cluster, namespace: &str) -> u64 {
    let events = cluster
        .kubectl()
        .list(&["events", "--namespace", namespace])
        .expect("the Events must be listed");
    let times = |event: &Value| {
        let series = event["series"]["count"].as_u64();
        series.or(event["count"].as_u64()).unwrap_or(1)
    };
    let denied = events
        .iter()
        .filter(|event| event["reason"] == "FailedCreate");
    denied.map(times).sum()
}

/// All slices run, whole, each on the good pool of its set, and nothing was denied on the way.
fn assert_all_are_placed(turn: &Turn, namespace: &TempNamespace<'_>, sets: &[String]) {
    let pods = running_pods(namespace, TIMES * VMS);
    assert_each_job_has_a_pool_of_its_own(turn.cluster, &pods, TIMES);
    let mut expected: Vec<String> = sets.iter().map(|set| good(set)).collect();
    expected.sort();
    assert_eq!(turn.pools_of(&pods), expected);
    assert_eq!(denied_creations(turn.cluster, namespace.name()), 0);
}

#[test]
fn with_a_cordoned_node_in_the_first_pool_twenty_of_twenty_are_placed() {
    let turn = turn();
    let sets = sets("cordoned", TIMES);
    let cordon = |nodes: &mut Vec<Value>| nodes[1]["spec"]["unschedulable"] = json!(true);
    let _nodes = Nodes::create(&turn, nodes_of(&sets, cordon));
    let namespace = turn.namespace("cordoned");
    namespace.apply(&slices(&sets)).expect("must be created");
    assert_all_are_placed(&turn, &namespace, &sets);
}

#[test]
fn with_a_squatting_tpu_pod_in_the_first_pool_twenty_of_twenty_are_placed() {
    let turn = turn();
    let sets = sets("squatted", TIMES);
    let _nodes = Nodes::create(&turn, nodes_of(&sets, |_| ()));
    let squatters = turn.namespace("squatters");
    let squatter = |set: &String| {
        let mut pod = plain_pod(set, set);
        // As one that was there before us: it passes no gate.
        pod["spec"]["nodeName"] = json!(format!("{}-1", bad(set)));
        pod
    };
    squatters
        .apply(&list(sets.iter().map(squatter).collect()))
        .expect("must be created");
    running_pods(&squatters, TIMES);
    let namespace = turn.namespace("squatted");
    namespace.apply(&slices(&sets)).expect("must be created");
    assert_all_are_placed(&turn, &namespace, &sets);
}

#[test]
fn when_nodes_come_late_and_the_first_pool_never_whole_twenty_of_twenty_are_placed() {
    let turn = turn();
    let sets = sets("late", TIMES);
    let nodes = Nodes::none(&turn);
    let namespace = turn.namespace("late");
    namespace.apply(&slices(&sets)).expect("must be created");
    event(&namespace, "WaitingForDomain");
    nodes.add(nodes_of(&sets, |nodes| nodes.truncate(1)));
    assert_all_are_placed(&turn, &namespace, &sets);
}

/// Without this the count above could be zero because it counts nothing.
#[test]
fn without_us_the_same_case_has_denied_creations() {
    let turn = turn();
    let sets = sets("without", 5);
    let cordon = |nodes: &mut Vec<Value>| nodes[1]["spec"]["unschedulable"] = json!(true);
    let _nodes = Nodes::create(&turn, nodes_of(&sets, cordon));
    let outside = turn.outside();
    outside.apply(&slices(&sets));
    outside.await_running(sets.len());
    let denied = denied_creations(turn.cluster, outside.name());
    assert!(denied > 0, "JobSet's own placement denied no creation");
}
