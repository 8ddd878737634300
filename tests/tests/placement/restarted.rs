//! JobSets that start anew.

use std::collections::BTreeMap;
use std::time::Duration;

use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use super::cluster::turn;
use super::placed::running_pods;
use super::pools::{Nodes, VMS, pool, within};
use super::priorities::{PriorityClass, pod_priority};
use super::waits::event;

/// Restarts of the JobSet; it bears four.
const RESTARTS: u64 = 3;

/// For a JobSet to start anew, and all its Pods to run.
const DEADLINE: Duration = Duration::from_secs(60);

/// The pool of each Job.
fn pools(pods: &[Value]) -> BTreeMap<String, String> {
    let pool = |pod: &Value| {
        let job = pod["metadata"]["labels"]["batch.kubernetes.io/job-name"].as_str()?;
        let node = pod["spec"]["nodeName"].as_str()?;
        Some((job.to_owned(), node.rsplit_once('-')?.0.to_owned()))
    };
    pods.iter().filter_map(pool).collect()
}

/// Fails one of a JobSet's Pods.
pub(crate) fn fail(namespace: &TempNamespace<'_>, pod: &Value) {
    let name = pod["metadata"]["name"].as_str().expect("must be text");
    let failed = json!({"status": {"phase": "Failed"}}).to_string();
    namespace
        .run(&["patch", "pod", name, "--subresource=status", "-p", &failed])
        .expect("must be patched");
}

/// Waits for a JobSet's `count` Pods of its so-manieth start to run.
pub(crate) fn running_after(
    namespace: &TempNamespace<'_>,
    restarts: u64,
    count: usize,
) -> Vec<Value> {
    let attempt = json!(restarts.to_string());
    let what = format!("all Pods to run after restart {restarts}");
    let pods = until(&what, DEADLINE, || {
        let mut pods = namespace.list("pods")?;
        let all = pods.len();
        let is_new = |pod: &Value| {
            let label = &pod["metadata"]["labels"]["jobset.sigs.k8s.io/restart-attempt"];
            *label == attempt && pod["status"]["phase"] == "Running"
        };
        pods.retain(is_new);
        Ok(match (pods.len(), all) == (count, count) {
            true => Look::Ready(pods),
            false => Look::Waiting(format!("{} of {all} do", pods.len())),
        })
    });
    pods.unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn after_a_failed_pod_both_jobs_come_back_to_their_own_pools_though_others_wait_for_them() {
    let turn = turn();
    let mut nodes = pool("again", "againa", 2);
    nodes.extend(pool("again", "againb", 2));
    let _nodes = Nodes::create(&turn, nodes);
    let urgent = PriorityClass::create(&turn, "again-urgent", 1000);
    let (namespace, waiting) = (turn.namespace("again"), turn.namespace("waiting"));
    let jobset = within("again", "a", 2).to_string();
    namespace.apply(&jobset).expect("must be created");
    let mut pods = running_pods(&namespace, 2 * VMS);
    let before = pools(&pods);
    let mut waiter = within("again", "b", 1);
    pod_priority(&mut waiter, &urgent);
    waiting.apply(&waiter.to_string()).expect("must be created");
    event(&waiting, "WaitingForDomain");
    for restarts in 1..=RESTARTS {
        fail(&namespace, &pods[0]);
        pods = running_after(&namespace, restarts, 2 * VMS);
        assert_eq!(pools(&pods), before, "after restart {restarts}");
    }
    let others = waiting.list("pods").expect("must be listed");
    let is_unbound = |pod: &Value| pod["spec"]["nodeName"].is_null();
    assert!(others.len() == VMS && others.iter().all(is_unbound));
}
