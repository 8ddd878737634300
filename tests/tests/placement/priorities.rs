//! Priorities decide who goes first, and never who shares.

use std::time::Duration;

use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use super::cluster::{Turn, turn};
use super::placed::running_pods;
use super::pools::{Nodes, VMS, plain_pod, pod_spec, pool, within};
use super::waits::event;

/// For the deleted JobSet's Pods to be gone.
const GONE: Duration = Duration::from_secs(30);

/// A priority class; it goes when this does.
pub(crate) struct PriorityClass<'a> {
    turn: &'a Turn,
    name: &'static str,
}

impl<'a> PriorityClass<'a> {
    pub(crate) fn create(turn: &'a Turn, name: &'static str, value: i32) -> Self {
        turn.kubectl(&["create", "priorityclass", name, &format!("--value={value}")]);
        Self { turn, name }
    }
}

impl Drop for PriorityClass<'_> {
    fn drop(&mut self) {
        let delete = ["delete", "priorityclass", self.name];
        if let Err(error) = self.turn.cluster.kubectl().run(&delete) {
            xtask::progress::say(&format!("{error:#}"));
        }
    }
}

/// Gives a JobSet's Pods that priority.
pub(crate) fn pod_priority(jobset: &mut Value, class: &PriorityClass<'_>) {
    pod_spec(jobset)["priorityClassName"] = json!(class.name);
}

fn delete(namespace: &TempNamespace<'_>, name: &str) {
    namespace
        .run(&["delete", "jobset", name])
        .expect("must be deleted");
    let gone = until("its Pods to be gone", GONE, || {
        Ok(match namespace.list("pods")?.len() {
            0 => Look::Ready(()),
            some => Look::Waiting(format!("{some} are left")),
        })
    });
    gone.unwrap_or_else(|error| panic!("{error:#}"));
}

fn is_bound(pod: &Value) -> bool {
    pod["spec"]["nodeName"].is_string()
}

fn assert_none_is_bound(namespace: &TempNamespace<'_>, count: usize) {
    let pods = namespace.list("pods").expect("must be listed");
    assert_eq!(pods.len(), count);
    assert!(!pods.iter().any(is_bound), "{}", namespace.name());
}

/// The pool has a node more than a slice needs: whoever shared it would find room.
#[test]
fn the_higher_priority_goes_first_and_nobody_shares_a_pool_whatever_its_priority() {
    let turn = turn();
    let _nodes = Nodes::create(&turn, pool("one", "onea", 3));
    let urgent = PriorityClass::create(&turn, "one-urgent", 1000);
    let namespaces = ["holder", "patient", "urgent", "plain"].map(|name| turn.namespace(name));
    let [holder, patient, hurried, plain] = &namespaces;
    let apply = |namespace: &TempNamespace<'_>, object: &Value| {
        namespace
            .apply(&object.to_string())
            .expect("must be created");
    };
    apply(holder, &within("one", "a", 1));
    running_pods(holder, VMS);
    apply(patient, &within("one", "b", 1));
    event(patient, "WaitingForDomain");
    let mut jobset = within("one", "c", 1);
    pod_priority(&mut jobset, &urgent);
    apply(hurried, &jobset);
    let mut pod = plain_pod("one", "d");
    pod["spec"]["priorityClassName"] = json!(urgent.name);
    apply(plain, &pod);
    for namespace in [hurried, plain] {
        let said = event(namespace, "WaitingForDomain");
        let taken = format!("onea: taken by Job {}/a-slice-0", holder.name());
        assert!(said.contains(&taken), "{said}");
    }
    // The one that runs isn't preempted.
    running_pods(holder, VMS);
    delete(holder, "a");
    running_pods(hurried, VMS);
    assert_none_is_bound(patient, VMS);
    assert_none_is_bound(plain, 1);
    delete(hurried, "c");
    running_pods(patient, VMS);
    assert_none_is_bound(plain, 1);
    delete(patient, "b");
    running_pods(plain, 1);
}
