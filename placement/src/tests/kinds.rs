//! Other workloads, other gates, and domains that break in the middle.

use serde_json::{Value, json};

use super::flows::{add_job, bind, look, pool_of, settle, two_pools};
use super::make::{POOL, job, jobset, member, node, pod_json};
use super::store::Store;
use crate::{
    Action, Domain, EXCLUSIVE_TOPOLOGY, HOSTNAME, OnStranded, Owner, Pod, Settings, State, Time,
};

fn state(store: &Store) -> State {
    look(store, &Settings::default()).groups[0].state.clone()
}

fn controlled(kind: &str, name: &str, uid: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true}])
}

fn stateful_set(policy: &str) -> Owner {
    Owner::read(&json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "default", "uid": "s1"},
        "spec": {"replicas": 2, "podManagementPolicy": policy},
    }))
    .expect("a StatefulSet")
}

fn ordinal(index: u32) -> Pod {
    let metadata = json!({
        "annotations": {EXCLUSIVE_TOPOLOGY: POOL},
        "ownerReferences": controlled("StatefulSet", "web", "s1"),
    });
    let name = format!("web-{index}");
    Pod::read(&pod_json(&name, &name, &metadata)).expect("a Pod")
}

#[test]
fn a_stateful_set_is_a_group_and_waits_for_all_or_for_the_first_by_its_policy() {
    for (policy, first_alone) in [("Parallel", false), ("OrderedReady", true)] {
        let mut store = two_pools();
        store.put_owner(stateful_set(policy));
        store.put_pod(ordinal(0));
        settle(&mut store, &Settings::default());
        assert_eq!(pool_of(&store, "web-0").is_some(), first_alone, "{policy}");
        if first_alone {
            bind(&mut store, "web-0", "a-0");
        }
        store.put_pod(ordinal(1));
        settle(&mut store, &Settings::default());
        assert_eq!(pool_of(&store, "web-0").as_deref(), Some("a"));
        assert_eq!(pool_of(&store, "web-1").as_deref(), Some("a"));
    }
}

#[test]
fn an_ordered_set_gets_only_a_domain_that_can_hold_all_that_will_come() {
    let mut store = two_pools();
    store.remove_node("a-1");
    store.put_owner(stateful_set("OrderedReady"));
    store.put_pod(ordinal(0));
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "web-0").as_deref(), Some("b"));
}

#[test]
fn each_replica_of_a_leader_worker_set_is_a_group() {
    let mut store = two_pools();
    let set = json!({
        "apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet",
        "metadata": {"name": "lws", "namespace": "default", "uid": "l1"},
        "spec": {"replicas": 2, "leaderWorkerTemplate": {"size": 2}},
    });
    store.put_owner(Owner::read(&set).expect("a LeaderWorkerSet"));
    for replica in 0..2 {
        for worker in 0..2 {
            let name = format!("lws-{replica}-{worker}");
            let metadata = json!({
                "labels": {
                    "leaderworkerset.sigs.k8s.io/name": "lws",
                    "leaderworkerset.sigs.k8s.io/group-index": replica.to_string(),
                    "leaderworkerset.sigs.k8s.io/worker-index": worker.to_string(),
                },
                "annotations": {EXCLUSIVE_TOPOLOGY: POOL, "leaderworkerset.sigs.k8s.io/size": "2"},
                "ownerReferences": controlled("StatefulSet", "lws-x", &format!("x{replica}")),
            });
            store.put_pod(Pod::read(&pod_json(&name, &name, &metadata)).expect("a Pod"));
        }
    }
    let (last, actions) = settle(&mut store, &Settings::default());
    let names: Vec<&str> = last
        .groups
        .iter()
        .map(|one| one.group.name.as_str())
        .collect();
    assert_eq!(names, ["lws-0", "lws-1"]);
    assert_eq!(last.groups[0].object.kind, "LeaderWorkerSet");
    let pools = ["lws-0-0", "lws-0-1", "lws-1-0", "lws-1-1"].map(|uid| pool_of(&store, uid));
    assert!(
        pools[0] == pools[1] && pools[2] == pools[3] && pools[0] != pools[2],
        "{pools:?}"
    );
    let leaders_last = actions.iter().filter_map(|action| match action {
        Action::Release(release) => Some(release.pod.uid.as_str()),
        _ => None,
    });
    assert_eq!(
        leaders_last.collect::<Vec<_>>(),
        ["lws-0-1", "lws-0-0", "lws-1-1", "lws-1-0"]
    );
}

#[test]
fn gates_of_others_and_suspension_come_first() {
    let mut store = two_pools();
    add_job(&mut store, &job("train", "j1", 2, None));
    let mut pod = store.pods["j1-0"].clone();
    pod.gates.push("kueue.x-k8s.io/topology".to_owned());
    store.put_pod(pod);
    let (_, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty());
    let gates = vec!["kueue.x-k8s.io/topology".to_owned()];
    assert_eq!(state(&store), State::OtherGates { gates });
    let mut store = two_pools();
    let mut set = jobset("js", 1, 0);
    set.suspended = true;
    store.put_owner(set.clone());
    add_job(&mut store, &job("js-w-0", "j1", 2, Some(&set)));
    let (_, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty());
    assert_eq!(state(&store), State::Suspended);
}

#[test]
fn a_plain_pod_waits_for_the_gates_of_others_too() {
    let mut store = two_pools();
    let mut pod = super::make::plain("p1");
    pod.gates.push("kueue.x-k8s.io/topology".to_owned());
    store.put_pod(pod);
    let (last, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty());
    assert!(matches!(last.groups[0].state, State::OtherGates { .. }));
}

#[test]
fn priority_comes_before_age() {
    let mut store = two_pools();
    store.remove_node("b-0");
    for (name, seconds, priority) in [("old", 100, 0), ("urgent", 900, 10)] {
        let set = jobset(name, seconds, 0);
        store.put_owner(set.clone());
        let job = job(&format!("{name}-w-0"), name, 2, Some(&set));
        store.put_job(job.clone());
        for index in 0..2 {
            let mut pod = member(&job, index, &format!("{name}-{index}"));
            pod.priority = priority;
            store.put_pod(pod);
        }
    }
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "urgent-0").as_deref(), Some("a"));
    assert_eq!(pool_of(&store, "old-0"), None);
}

#[test]
fn any_label_makes_domains() {
    let mut store = two_pools();
    let owner = job("train", "j1", 1, None);
    store.put_job(owner.clone());
    let mut pod = member(&owner, 0, "j1-0");
    pod.exclusive = Some(HOSTNAME.to_owned());
    store.put_pod(pod);
    let (_, actions) = settle(&mut store, &Settings::default());
    let domain = Domain {
        key: HOSTNAME.to_owned(),
        value: "a-0".to_owned(),
    };
    assert!(matches!(&actions[1], Action::Release(release) if release.selector == Some(domain)));
    // The pool that the node belongs to is no longer anybody's to have alone.
    add_job(&mut store, &job("whole", "j2", 2, None));
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "j2-0").as_deref(), Some("b"));
}

/// Two Pods are released to pool a, one is bound, and the other node is cordoned.
fn stranded(backoff_limit: u32) -> Store {
    let mut store = two_pools();
    let set = jobset("js", 1, 0);
    store.put_owner(set.clone());
    let mut job = job("js-w-0", "j1", 2, Some(&set));
    job.backoff_limit = backoff_limit;
    add_job(&mut store, &job);
    settle(&mut store, &Settings::default());
    bind(&mut store, "j1-0", "a-0");
    let mut bad = node("a-1", "a");
    bad.unschedulable = true;
    store.put_node(bad);
    store.now = Time(1_800_000_000_000);
    store
}

#[test]
fn a_domain_that_breaks_in_the_middle_is_reported_and_nothing_is_deleted() {
    let mut store = stranded(0);
    let (_, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty());
    let State::Stranded { reasons } = state(&store) else {
        panic!("{:?}", state(&store))
    };
    let told: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!(told[0], "0 of 1 Pods fit on its 2 nodes");
    assert!(
        told.contains(&"node a-1 is cordoned".to_owned()),
        "{told:?}"
    );
}

#[test]
fn one_pod_is_deleted_if_that_is_asked_for_and_makes_the_jobset_start_again() {
    let restart = Settings {
        on_stranded: OnStranded::Restart,
        ..Settings::default()
    };
    let mut store = stranded(0);
    let (_, actions) = settle(&mut store, &restart);
    assert!(
        matches!(&actions[..], [Action::Restart { pod, .. }] if pod.uid == "j1-1"),
        "{actions:#?}"
    );
    // With retries in the Job, the Pod would only come again, stranded as before.
    let mut store = stranded(6);
    let (_, actions) = settle(&mut store, &restart);
    assert!(actions.is_empty());
    // And not at once: the node may come back.
    let mut store = stranded(0);
    let young = store.now;
    for pod in store.pods.clone().into_values() {
        store.put_pod(Pod {
            created: young,
            ..pod
        });
    }
    let decision = look(&store, &restart);
    assert!(decision.actions.is_empty());
    assert_eq!(decision.look_again, Some(young.after(30_000)));
}

#[test]
fn a_group_finishes_where_it_began_when_the_domain_is_whole_again() {
    let mut store = stranded(0);
    store.put_node(node("a-1", "a"));
    settle(&mut store, &Settings::default());
    assert_eq!(state(&store), State::Releasing { released: 2 });
    bind(&mut store, "j1-1", "a-1");
    assert_eq!(state(&store), State::Placed);
}
