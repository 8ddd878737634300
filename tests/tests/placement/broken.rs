//! A node that breaks after its group was released and before the scheduler has bound the Pods:
//! design §6 has the group finished there if it still fits, and else reported, or restarted where
//! the operator wants that.

use std::process::Command;
use std::time::Duration;

use sax_tests::controlplane::{Cluster, Ending};
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::Value;

use super::cluster::{Turn, turn};
use super::leaders::Rearmed;
use super::placed::running_pods;
use super::pools::{Nodes, VMS, pool, within};
use super::waits::{event, status};

const SCHEDULER: &str = "kube-scheduler";

/// Placers that restart what is stranded, soon.
const RESTART: [&str; 4] = ["--on-stranded", "restart", "--stranded-after", "1s"];

/// For Pods to be released, or a JobSet to start anew.
const DEADLINE: Duration = Duration::from_secs(30);

/// A cluster without a scheduler; it gets it back when this goes.
struct Unscheduled {
    cluster: &'static Cluster,
    command: Command,
}

impl Unscheduled {
    fn new(turn: &Turn) -> Self {
        let cluster = turn.cluster;
        let command = cluster.command_of(SCHEDULER).expect("must run");
        cluster
            .end_process(SCHEDULER, Ending::Killed)
            .expect("must end");
        Self { cluster, command }
    }
}

impl Drop for Unscheduled {
    fn drop(&mut self) {
        if let Err(error) = self.cluster.add_process(SCHEDULER, &mut self.command) {
            xtask::progress::say(&format!("{error:#}"));
        }
    }
}

/// Both replicas restart what is stranded, until this goes.
struct Restarting<'a> {
    _replicas: Rearmed<'a>,
    // Goes last: until then they use it.
    _right: Right<'a>,
}

/// Only this way of working needs the right to delete Pods.
struct Right<'a> {
    turn: &'a Turn,
}

impl<'a> Restarting<'a> {
    fn new(turn: &'a Turn) -> Self {
        let right = Right::grant(turn);
        Self {
            _replicas: Rearmed::with(turn, &RESTART),
            _right: right,
        }
    }
}

impl<'a> Right<'a> {
    fn grant(turn: &'a Turn) -> Self {
        turn.kubectl(&["apply", "-f", &Self::file()]);
        Self { turn }
    }

    fn file() -> String {
        let file = xtask::workspace_root().join("manifests/restart-stranded/rbac.yaml");
        file.to_string_lossy().into_owned()
    }
}

impl Drop for Right<'_> {
    fn drop(&mut self) {
        self.turn.kubectl(&["delete", "-f", &Self::file()]);
    }
}

/// Waits until a slice's Pods are all let go; returns them and the pool that they select.
fn released(namespace: &TempNamespace<'_>) -> (Vec<Value>, String) {
    let pods = released_pods(namespace);
    let pool = &pods[0]["spec"]["nodeSelector"]["cloud.google.com/gke-nodepool"];
    let pool = pool.as_str().expect("must select a pool").to_owned();
    (pods, pool)
}

/// Waits until a slice's Pods are all let go.
pub(crate) fn released_pods(namespace: &TempNamespace<'_>) -> Vec<Value> {
    let pods = until("all Pods to be released", DEADLINE, || {
        let pods = namespace.list("pods")?;
        let is_gated = |pod: &&Value| pod["spec"]["schedulingGates"].is_array();
        let released = pods.len() - pods.iter().filter(is_gated).count();
        Ok(match released == VMS {
            true => Look::Ready(pods),
            false => Look::Waiting(format!("{released} of {} are", pods.len())),
        })
    });
    pods.unwrap_or_else(|error| panic!("{error:#}"))
}

fn uids(pods: &[Value]) -> Vec<String> {
    let uids = pods.iter().map(|pod| pod["metadata"]["uid"].to_string());
    let mut uids: Vec<String> = uids.collect();
    uids.sort();
    uids
}

fn restarts(namespace: &TempNamespace<'_>) -> u64 {
    let jobsets = namespace.list("jobsets").expect("must be listed");
    jobsets[0]["status"]["restarts"].as_u64().unwrap_or(0)
}

#[test]
fn cordoned_between_release_and_bind_it_is_finished_there_if_it_fits_and_else_reported() {
    let turn = turn();
    let mut nodes = pool("spare", "sparea", 3);
    nodes.extend(pool("tight", "tighta", 2));
    nodes.extend(pool("tight", "tightb", 2));
    let _nodes = Nodes::create(&turn, nodes);
    let (spare, tight) = (turn.namespace("spare"), turn.namespace("tight"));
    let unscheduled = Unscheduled::new(&turn);
    for (namespace, set) in [(&spare, "spare"), (&tight, "tight")] {
        let jobset = within(set, "a", 1).to_string();
        namespace.apply(&jobset).expect("must be created");
    }
    let (_, spare_pool) = released(&spare);
    let (before, tight_pool) = released(&tight);
    turn.kubectl(&[
        "cordon",
        &format!("{spare_pool}-0"),
        &format!("{tight_pool}-1"),
    ]);
    drop(unscheduled);
    assert_eq!(turn.pools_of(&running_pods(&spare, VMS)), [spare_pool]);
    let said = event(&tight, "Stranded");
    let cordoned = format!("node {tight_pool}-1 is cordoned");
    assert!(said.contains(&cordoned), "{said}");
    let shown = status(&turn, &tight);
    assert!(shown.contains(&cordoned), "{shown}");
    let pods = tight.list("pods").expect("must be listed");
    assert_eq!(uids(&pods), uids(&before), "nobody's Pod may be deleted");
    turn.kubectl(&["uncordon", &format!("{tight_pool}-1")]);
    let pods = running_pods(&tight, VMS);
    assert_eq!((uids(&pods), restarts(&tight)), (uids(&before), 0));
}

#[test]
fn cordoned_between_release_and_bind_it_is_restarted_elsewhere_where_that_is_wanted() {
    let turn = turn();
    let mut nodes = pool("moved", "moveda", 2);
    nodes.extend(pool("moved", "movedb", 2));
    let _nodes = Nodes::create(&turn, nodes);
    let _restarting = Restarting::new(&turn);
    let namespace = turn.namespace("moved");
    let unscheduled = Unscheduled::new(&turn);
    let jobset = within("moved", "a", 1).to_string();
    namespace.apply(&jobset).expect("must be created");
    let (_, first) = released(&namespace);
    turn.kubectl(&["cordon", &format!("{first}-1")]);
    drop(unscheduled);
    let restarted = until("the JobSet to start anew", DEADLINE, || {
        Ok(match restarts(&namespace) {
            0 => Look::Waiting("it hasn't".to_owned()),
            _ => Look::Ready(()),
        })
    });
    restarted.unwrap_or_else(|error| panic!("{error:#}"));
    let pools = turn.pools_of(&running_pods(&namespace, VMS));
    assert_eq!(pools.len(), 1);
    assert_ne!(pools, [first]);
    assert_eq!(restarts(&namespace), 1, "one restart is what it costs");
}
