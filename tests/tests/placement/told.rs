//! What `status`, `topology`, `explain placement` and `plan --on-cluster` tell of a group that is
//! placed and one that waits.

use sax_tests::kubectl::Answer;
use sax_tests::namespace::TempNamespace;
use serde_json::{Value, json};

use super::cluster::{Turn, product, turn};
use super::placed::running_pods;
use super::pools::{Nodes, VMS, pool, within};
use super::waits::event;

/// Two groups and two pools: one is taken, the other has a cordoned node.
struct Scene<'a> {
    turn: &'a Turn,
    _nodes: Nodes<'a>,
    placed: TempNamespace<'static>,
    waiting: TempNamespace<'static>,
}

impl<'a> Scene<'a> {
    fn new(turn: &'a Turn) -> Self {
        let mut nodes = pool("told", "tolda", 2);
        nodes.extend(pool("told", "toldb", 2));
        nodes[3]["spec"]["unschedulable"] = json!(true);
        let nodes = Nodes::create(turn, nodes);
        let (placed, waiting) = (turn.namespace("placed"), turn.namespace("waiting"));
        let apply = |namespace: &TempNamespace<'_>, name: &str| {
            let jobset = within("told", name, 1).to_string();
            namespace.apply(&jobset).expect("must be created");
        };
        apply(&placed, "a");
        running_pods(&placed, VMS);
        apply(&waiting, "b");
        event(&waiting, "WaitingForDomain");
        Self {
            turn,
            _nodes: nodes,
            placed,
            waiting,
        }
    }

    fn sax(&self, arguments: &[&str]) -> Answer {
        let kubectl = self.turn.cluster.kubectl();
        product().sax(kubectl, arguments, "").expect("must run")
    }

    /// Of a verb that succeeds.
    fn told(&self, arguments: &[&str]) -> String {
        let answer = self.sax(arguments);
        assert!(answer.success, "{}", answer.stderr);
        assert_eq!(answer.stderr, "");
        answer.stdout
    }

    fn parsed(&self, arguments: &[&str]) -> Value {
        let text = self.told(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text).expect("must be JSON")
    }

    /// Why the second group waits, pool by pool.
    fn reasons(&self) -> [(&str, String); 2] {
        let taken = format!("taken by Job {}/a-slice-0", self.placed.name());
        let cordoned = "1 of 2 Pods fit on its 2 nodes; node toldb-1 is cordoned".to_owned();
        [("tolda", taken), ("toldb", cordoned)]
    }

    fn assert_says_why(&self, text: &str) {
        for (pool, reason) in self.reasons() {
            let line = text.lines().find(|line| line.trim().starts_with(pool));
            assert!(line.is_some_and(|line| line.contains(&reason)), "{text}");
        }
    }
}

/// The words of the line that begins with this word, drawings of branches left out.
fn words<'t>(text: &'t str, first: &str) -> Vec<&'t str> {
    let split = |line: &'t str| -> Vec<&'t str> {
        let words = line.split_whitespace();
        words.filter(|word| !matches!(*word, "├─" | "└─")).collect()
    };
    let mut lines = text.lines().map(split);
    let line = lines.find(|words| words.first() == Some(&first));
    line.unwrap_or_else(|| panic!("no line begins with {first}:\n{text}"))
}

#[test]
fn status_says_where_a_group_runs_and_why_another_waits() {
    let turn = turn();
    let scene = Scene::new(&turn);
    let placed = scene.told(&["status", "-n", scene.placed.name()]);
    let row = words(&placed, "a-slice-0");
    assert_eq!(
        row[..4],
        ["a-slice-0", "v4:2x2x2", "Running", "2/2"],
        "{placed}"
    );
    assert!(row.contains(&"tolda"), "{placed}");
    let waiting = scene.told(&["status", "-n", scene.waiting.name()]);
    let row = words(&waiting, "b-slice-0");
    assert_eq!(
        row[..4],
        ["b-slice-0", "v4:2x2x2", "Waiting", "0/2"],
        "{waiting}"
    );
    scene.assert_says_why(&waiting);
    let all = scene.parsed(&["status", "--all-namespaces"]);
    let workloads = all["workloads"].as_array().expect("must be a list");
    let phase = |of: &TempNamespace<'_>| {
        let mut found = workloads.iter().filter(|one| one["namespace"] == of.name());
        found.next().map(|one| one["phase"].clone())
    };
    assert_eq!(phase(&scene.placed), Some(json!("Running")));
    assert_eq!(phase(&scene.waiting), Some(json!("Waiting")));
}

#[test]
fn the_fix_that_explain_placement_names_makes_the_group_go() {
    let turn = turn();
    let scene = Scene::new(&turn);
    let explain = ["explain", "placement"];
    let placed = scene.told(&[&explain[..], &["a", "-n", scene.placed.name()]].concat());
    assert_eq!(words(&placed, "claims"), ["claims", "tolda"], "{placed}");
    assert!(
        placed.contains("Placed: 2 Pods placed on cloud.google.com/gke-nodepool=tolda"),
        "{placed}"
    );
    let waits = [&explain[..], &["b", "-n", scene.waiting.name()]].concat();
    let waiting = scene.told(&waits);
    assert_eq!(
        words(&waiting, "claims"),
        ["claims", "nothing"],
        "{waiting}"
    );
    assert_eq!(
        words(&waiting, "queue")[..3],
        ["queue", "number", "1"],
        "{waiting}"
    );
    assert!(waiting.contains("WaitingForDomain: 2 Pods: "), "{waiting}");
    scene.assert_says_why(&waiting);
    let json = scene.parsed(&waits);
    let remedies = json["placements"][0]["slices"][0]["remedies"].as_array();
    let remedies: Vec<&str> = remedies
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(remedies, ["kubectl uncordon toldb-1"], "{json:#}");
    let arguments: Vec<&str> = remedies[0].split(' ').skip(1).collect();
    turn.kubectl(&arguments);
    assert_eq!(turn.pools_of(&running_pods(&scene.waiting, VMS)), ["toldb"]);
}

#[test]
fn topology_draws_who_stands_where_and_which_node_is_broken() {
    let turn = turn();
    let scene = Scene::new(&turn);
    let drawn = scene.told(&["topology"]);
    let taken = words(&drawn, "tolda");
    let [_, slice, chips, claim, one, other] = taken[..] else {
        panic!("{drawn}");
    };
    assert_eq!((slice, chips), ("v4:2x2x2", "8/8"), "{drawn}");
    assert!(claim == one && one == other, "{drawn}");
    let resident = words(&drawn, claim);
    assert_eq!(
        resident[1..],
        [scene.placed.name(), "job/a-slice-0", "2/2", "tolda"],
        "{drawn}"
    );
    let broken = words(&drawn, "toldb");
    assert_eq!(broken[2..], ["0/8", "-", ".", "x"], "{drawn}");
    assert!(
        drawn.contains("toldb-1 of toldb is cordoned; `kubectl uncordon toldb-1`"),
        "{drawn}"
    );
    let svg = scene.told(&["topology", "-o", "svg"]);
    assert!(svg.starts_with("<svg") && svg.contains("toldb-1"), "{svg}");
}

#[test]
fn a_plan_waits_for_what_a_group_waits_for_and_goes_where_a_group_would() {
    let turn = turn();
    let scene = Scene::new(&turn);
    let plan = ["plan", "--on-cluster", "--slice", "v4:2x2x2"];
    let answer = scene.sax(&plan);
    assert_eq!(answer.status, Some(1), "{}", answer.stderr);
    scene.assert_says_why(&answer.stdout);
    scene
        .waiting
        .run(&["delete", "jobset", "b", "--cascade=foreground"])
        .expect("must be deleted");
    turn.kubectl(&["uncordon", "toldb-1"]);
    let places = scene.parsed(&plan);
    assert_eq!(places["onCluster"][0]["domain"], "toldb", "{places:#}");
}
