//! A group is released because it became feasible, and not because some time has passed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::json;

use super::cluster::turn;
use super::placed::running_pods;
use super::pools::{Nodes, VMS, list, pool, within};

/// Groups that become feasible, one after the other.
const TIMES: usize = 10;

/// Nothing that comes by itself comes so soon in every one of [`TIMES`] cases: watches are taken
/// up again after 30 s, waits are told again after 300 s, and no list is made again. On an idle
/// machine it takes milliseconds.
const FAR: Duration = Duration::from_secs(10);

/// For an Event to be written.
const SAID: Duration = Duration::from_secs(30);

/// When the Job of a set was told by an Event with this reason, by the placer's clock, which is
/// this machine's.
fn told(namespace: &TempNamespace<'_>, set: &str, reason: &str) -> Duration {
    let job = format!("{set}-slice-0");
    let what = format!("an Event {reason} of Job {job}");
    let time = until(&what, SAID, || {
        let events = namespace.list("events.events.k8s.io")?;
        let found = events
            .iter()
            .find(|event| event["reason"] == reason && event["regarding"]["name"] == job.as_str());
        Ok(match found.and_then(|event| event["eventTime"].as_str()) {
            Some(time) => Look::Ready(time.to_owned()),
            None => Look::Waiting(format!("{} others", events.len())),
        })
    });
    let time = time.unwrap_or_else(|error| panic!("{error:#}"));
    let time: k8s_openapi::jiff::Timestamp = time.parse().expect("must be a time");
    let micros = u64::try_from(time.as_microsecond()).expect("must be after 1970");
    Duration::from_micros(micros)
}

fn now() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("must be after 1970")
}

#[test]
fn a_group_is_released_by_the_event_that_makes_it_feasible() {
    let turn = turn();
    let sets: Vec<String> = (0..TIMES).map(|at| format!("live{at}")).collect();
    let nodes = sets.iter().flat_map(|set| {
        let mut nodes = pool(set, set, 2);
        nodes[1]["spec"]["unschedulable"] = json!(true);
        nodes
    });
    let _nodes = Nodes::create(&turn, nodes.collect());
    let namespace = turn.namespace("live");
    let jobsets = sets.iter().map(|set| within(set, set, 1));
    namespace
        .apply(&list(jobsets.collect()))
        .expect("must be created");
    for set in &sets {
        told(&namespace, set, "WaitingForDomain");
    }
    let release = |set: &String| {
        let before = now();
        turn.kubectl(&["uncordon", &format!("{set}-1")]);
        told(&namespace, set, "Placed").saturating_sub(before)
    };
    let mut delays: Vec<Duration> = sets.iter().map(release).collect();
    running_pods(&namespace, TIMES * VMS);
    delays.sort();
    let (median, longest) = (delays[TIMES / 2], delays[TIMES - 1]);
    xtask::progress::say(&format!(
        "from before `kubectl uncordon` to released: median {median:?}, longest {longest:?}"
    ));
    assert!(longest < FAR, "{delays:?}");
}
