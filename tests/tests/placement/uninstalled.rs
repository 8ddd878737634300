//! `kubectl sax webhook uninstall`: what we hold is handed back, and what is deleted is gone.

use std::time::Duration;

use sax_tests::controlplane::webhook::leader;
use sax_tests::kubectl::Answer;
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use super::cluster::{Turn, product, turn};
use super::placed::running_pods;
use super::pools::{Nodes, VMS, pool, within};
use super::restarted::{fail, running_after};
use super::waits::event;

const OURS: &str = "namespace/kubectl-sax-system";

/// What keeps our namespace from going.
const FINALIZER: &str = "tests.kubectl-sax.dev/held";

/// For a namespace to say what it waits for: its controller looks after five seconds.
const SAID: Duration = Duration::from_secs(60);

/// Installs the webhook again when this goes.
struct Installed<'a> {
    turn: &'a Turn,
}

impl Installed<'_> {
    fn again(&self) {
        let turn = self.turn;
        let registered = turn.first.register(turn.cluster, product());
        registered.unwrap_or_else(|error| panic!("{error:#}"));
        leader(turn.cluster).expect("there must be a leader");
    }
}

impl Drop for Installed<'_> {
    fn drop(&mut self) {
        self.again();
    }
}

/// Holds our namespace until this goes.
struct Held<'a> {
    turn: &'a Turn,
}

impl<'a> Held<'a> {
    const NAMED: [&'static str; 4] = ["configmap", "held", "--namespace", "kubectl-sax-system"];

    fn new(turn: &'a Turn) -> Self {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": "held", "namespace": "kubectl-sax-system", "finalizers": [FINALIZER],
            },
        });
        turn.cluster
            .kubectl()
            .apply(&map.to_string())
            .expect("must be created");
        Self { turn }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let free = ["patch", "-p", r#"{"metadata": {"finalizers": null}}"#];
        self.turn.kubectl(&[&free, &Self::NAMED[..]].concat());
    }
}

impl Turn {
    fn uninstall(&self, more: &[&str]) -> Answer {
        let arguments = [&["webhook", "uninstall"], more].concat();
        product()
            .sax(self.cluster.kubectl(), &arguments, "")
            .expect("must run")
    }

    /// Is there something of ours?
    fn has_namespace(&self) -> bool {
        !self
            .kubectl(&["get", OURS, "--ignore-not-found"])
            .is_empty()
    }
}

fn names(pods: &[Value]) -> impl Iterator<Item = &str> {
    let names = pods.iter().map(|pod| pod["metadata"]["name"].as_str());
    names.map(|name| name.expect("must have a name"))
}

fn delete(namespace: &TempNamespace<'_>, jobset: &str) {
    namespace
        .run(&["delete", "jobset", jobset, "--cascade=foreground"])
        .expect("must be deleted");
}

#[test]
fn an_uninstall_lets_go_what_waits_hands_back_what_is_placed_and_makes_room_for_an_install() {
    let turn = turn();
    let mut nodes = pool("left", "lefta", 2);
    nodes.extend(pool("left", "leftb", 2));
    nodes[2]["spec"]["unschedulable"] = json!(true);
    let _nodes = Nodes::create(&turn, nodes);
    let (placed, waiting) = (turn.namespace("placed"), turn.namespace("waiting"));
    let jobset = within("left", "a", 1).to_string();
    placed.apply(&jobset).expect("must be created");
    let pods = running_pods(&placed, VMS);
    assert_eq!(turn.pools_of(&pods), ["lefta"]);
    let jobset = within("left", "b", 1).to_string();
    waiting.apply(&jobset).expect("must be created");
    event(&waiting, "WaitingForDomain");
    let gated = waiting.list("pods").expect("must be listed");

    let installed = Installed { turn: &turn };
    let answer = turn.uninstall(&[]);
    assert!(answer.success, "{}", answer.stderr);
    assert!(!turn.has_namespace(), "{}", answer.stdout);
    let mut said = vec![format!("{OURS} deleted")];
    let of = |namespace: &TempNamespace<'_>| format!("namespace {}", namespace.name());
    for pod in names(&gated) {
        said.push(format!("pod/{pod} released in {}", of(&waiting)));
    }
    for (jobset, namespace) in [("a", &placed), ("b", &waiting)] {
        let jobset = format!("jobset.jobset.x-k8s.io/{jobset}");
        said.push(format!(
            "{jobset} handed back to JobSet in {}",
            of(namespace)
        ));
    }
    let lines: Vec<&str> = answer.stdout.lines().collect();
    for line in said {
        assert!(lines.contains(&line.as_str()), "{line} in {lines:#?}");
    }

    // What waited is the scheduler's now, and what is started anew is JobSet's.
    turn.kubectl(&["uncordon", "leftb-0"]);
    running_pods(&waiting, VMS);
    fail(&placed, &pods[0]);
    running_after(&placed, 1, VMS);

    installed.again();
    delete(&placed, "a");
    let jobset = within("left", "c", 1).to_string();
    placed.apply(&jobset).expect("must be created");
    event(&placed, "Placed");
    running_pods(&placed, VMS);
}

#[test]
fn a_namespace_that_does_not_go_is_named_with_what_holds_it_and_an_install_waits_for_it() {
    let turn = turn();
    let _installed = Installed { turn: &turn };
    let held = Held::new(&turn);
    let told = until("our namespace to say what holds it", SAID, || {
        let answer = turn.uninstall(&["--timeout=0"]);
        assert_eq!(answer.status, Some(124), "{}", answer.stderr);
        Ok(match answer.stderr.contains(FINALIZER) {
            true => Look::Ready(answer.stderr),
            false => Look::Waiting(answer.stderr),
        })
    });
    let told = told.unwrap_or_else(|error| panic!("{error:#}"));
    assert!(
        told.contains(&format!("waiting for {OURS} to be gone (")),
        "{told}"
    );

    let unawaited = turn.uninstall(&["--wait=false"]);
    assert!(unawaited.success, "{}", unawaited.stderr);
    assert!(turn.has_namespace());

    let url = format!("https://{}", turn.first.address());
    let authority = turn.first.authority().to_string_lossy().into_owned();
    let install = ["webhook", "install", "--url", &url, "--ca-file", &authority];
    let arguments = [&install[..], &["--timeout=0"]].concat();
    let kubectl = turn.cluster.kubectl();
    let early = product().sax(kubectl, &arguments, "").expect("must run");
    assert_eq!(early.status, Some(124), "{}", early.stderr);
    assert!(early.stderr.contains(FINALIZER), "{}", early.stderr);
    drop(held);
    // The install at the end has to wait, and to work.
}
