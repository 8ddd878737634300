//! What a group that waits says, and that it doesn't wait for ever.

use std::time::Duration;

use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};

use super::cluster::{Turn, product, turn, v5e};
use super::placed::running_pods;

/// For an Event to be written: a wait is said after a second.
const SAID: Duration = Duration::from_secs(20);

/// Waits for an Event with this reason, and returns what it says.
pub(crate) fn event(namespace: &TempNamespace<'_>, reason: &str) -> String {
    let what = format!("an Event {reason} in {}", namespace.name());
    let text = until(&what, SAID, || {
        let events = namespace.list("events")?;
        let found = events.iter().find(|event| event["reason"] == reason);
        Ok(match found.and_then(|event| event["message"].as_str()) {
            Some(text) => Look::Ready(text.to_owned()),
            None => Look::Waiting(format!("{} other Events", events.len())),
        })
    });
    text.unwrap_or_else(|error| panic!("{error:#}"))
}

/// What `kubectl sax status` says of a namespace.
pub(crate) fn status(turn: &Turn, namespace: &TempNamespace<'_>) -> String {
    let arguments = ["status", "--namespace", namespace.name()];
    let answer = product()
        .sax(turn.cluster.kubectl(), &arguments, "")
        .expect("must run");
    assert!(answer.success, "{}", answer.stderr);
    answer.stdout
}

#[test]
fn the_second_of_two_says_who_has_its_pools_and_runs_when_the_first_is_deleted() {
    let turn = turn();
    let (first, second) = (turn.namespace("first"), turn.namespace("second"));
    first
        .apply(&v5e("a", 2).to_string())
        .expect("must be created");
    running_pods(&first, 16);
    second
        .apply(&v5e("b", 1).to_string())
        .expect("must be created");
    let said = event(&second, "WaitingForDomain");
    let shown = status(&turn, &second);
    for pool in ["tpu1", "tpu2"] {
        let taken = format!("{pool}: taken by Job {}/a-slice-", first.name());
        assert!(said.contains(&taken), "{said}");
        assert!(shown.contains(&taken.replace(": ", "  ")), "{shown}");
    }
    let pods = second.list("pods").expect("must be listed");
    assert!(pods.iter().all(|pod| pod["spec"]["nodeName"].is_null()));
    first
        .run(&["delete", "jobset", "a"])
        .expect("must be deleted");
    let pods = running_pods(&second, 8);
    assert_eq!(turn.pools_of(&pods).len(), 1);
    event(&second, "Placed");
}
