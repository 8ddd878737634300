//! Something breaks in the middle of twenty groups: all of them get their places all the same.
//!
//! Half of the pools are cordoned at first, so that groups wait while it happens, whatever the
//! machine's pace.

use std::time::Duration;

use sax_tests::controlplane::Ending;
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use super::cluster::{Turn, turn};
use super::leaders::TAKEOVER;
use super::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};
use super::pools::{Nodes, VMS, pool, within};

/// Groups, and pools of one VM a Pod.
const GROUPS: u32 = 20;
/// Pools that are closed until it has happened.
const CLOSED: u32 = 10;

/// For the first Pods.
const BEGUN: Duration = Duration::from_secs(30);
/// For the API server to serve again.
const BACK: Duration = Duration::from_secs(60);

/// When it happens.
#[derive(Clone, Copy)]
enum Moment {
    /// As soon as a Job exists.
    JobsAreMade,
    /// As soon as a Pod was released.
    PodsAreReleased,
}

impl Moment {
    fn await_it(self, namespace: &TempNamespace<'_>) {
        let begun = until("the middle of it", BEGUN, || {
            let found = match self {
                Self::JobsAreMade => namespace.list("jobs")?,
                Self::PodsAreReleased => released(namespace.list("pods")?),
            };
            Ok(match found.is_empty() {
                true => Look::Waiting("nothing is there yet".to_owned()),
                false => Look::Ready(()),
            })
        });
        begun.unwrap_or_else(|error| panic!("{error:#}"));
    }
}

/// Pods without a gate.
fn released(mut pods: Vec<Value>) -> Vec<Value> {
    pods.retain(|pod| !pod["spec"]["schedulingGates"].is_array());
    pods
}

/// Makes twenty groups, breaks something in the middle of that, opens the closed pools, and
/// waits for all groups to run, each on a pool of its own.
fn in_the_middle(turn: &Turn, purpose: &str, moment: Moment, fault: impl FnOnce()) {
    let name = |at: u32| format!("{purpose}{at}");
    let nodes = |at: u32| {
        let mut nodes = pool(purpose, &name(at), 2);
        for node in &mut nodes {
            node["spec"]["unschedulable"] = json!(at >= GROUPS - CLOSED);
        }
        nodes
    };
    let _nodes = Nodes::create(turn, (0..GROUPS).flat_map(nodes).collect());
    let namespace = turn.namespace(purpose);
    let jobset = within(purpose, "a", GROUPS).to_string();
    namespace.apply(&jobset).expect("must be created");
    moment.await_it(&namespace);
    fault();
    let closed = (GROUPS - CLOSED)..GROUPS;
    let closed = closed.flat_map(|at| [0, 1].map(|node| format!("{}-{node}", name(at))));
    let closed: Vec<String> = closed.collect();
    let mut uncordon = vec!["uncordon"];
    uncordon.extend(closed.iter().map(String::as_str));
    turn.kubectl(&uncordon);
    let groups = usize::try_from(GROUPS).expect("must fit");
    let pods = running_pods(&namespace, groups * VMS);
    assert_each_job_has_a_pool_of_its_own(turn.cluster, &pods, groups);
    assert_eq!(restarts(&namespace), 0);
}

/// How often the JobSet `a` has started anew.
fn restarts(namespace: &TempNamespace<'_>) -> u64 {
    let jobsets = namespace.list("jobsets").expect("must be listed");
    jobsets[0]["status"]["restarts"].as_u64().unwrap_or(0)
}

#[test]
fn the_leader_of_two_replicas_killed_in_the_middle_of_twenty_groups() {
    let turn = turn();
    in_the_middle(&turn, "leader", Moment::PodsAreReleased, || {
        turn.change_leader(Ending::Killed, TAKEOVER);
    });
}

#[test]
fn the_api_server_restarted_in_the_middle_of_twenty_groups() {
    let turn = turn();
    in_the_middle(&turn, "server", Moment::PodsAreReleased, || {
        let restarted = turn
            .cluster
            .restart_process("kube-apiserver", Ending::Killed);
        restarted.unwrap_or_else(|error| panic!("{error:#}"));
        let ready = until("the API server to be ready", BACK, || {
            let ready = turn
                .cluster
                .kubectl()
                .try_run(&["get", "--raw", "/readyz"])?;
            Ok(match ready.success {
                true => Look::Ready(()),
                false => Look::Waiting(ready.stderr),
            })
        });
        ready.unwrap_or_else(|error| panic!("{error:#}"));
    });
}

#[test]
fn jobsets_controller_restarted_in_the_middle_of_twenty_groups() {
    let turn = turn();
    in_the_middle(&turn, "jobset", Moment::JobsAreMade, || {
        let restarted = turn.cluster.restart_process("jobset", Ending::Killed);
        restarted.unwrap_or_else(|error| panic!("{error:#}"));
    });
}
