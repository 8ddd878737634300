//! Two replicas, of which one places: whichever ends, the groups get their places.

use std::time::Duration;

use sax_tests::controlplane::Ending;
use sax_tests::controlplane::webhook::{Options, Replica, holder, leader};
use sax_tests::wait::{Look, until};

use super::cluster::{MANY, MANY_VMS, Turn, product, turn, v4};
use super::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};

/// How long a lease lasts, with room for a busy machine.
pub(crate) const TAKEOVER: Duration = Duration::from_secs(30);

impl Turn {
    /// The replica that places, and the other one.
    fn leader(&self) -> (&'static Replica, &'static Replica) {
        let holder = leader(self.cluster).expect("there must be a leader");
        let is = |replica: &Replica| {
            let pid = replica.pid(self.cluster).expect("must run");
            holder.contains(&format!("_{pid}_"))
        };
        match (is(self.first), is(self.second)) {
            (true, false) => (self.first, self.second),
            (false, true) => (self.second, self.first),
            _ => panic!("{holder} is none of the two"),
        }
    }

    /// Ends the leader in that way, waits for the other to lead, and starts it again.
    pub(crate) fn change_leader(&self, ending: Ending, limit: Duration) {
        let (old, new) = self.leader();
        let pid = new.pid(self.cluster).expect("must run");
        old.end(self.cluster, ending).expect("must end");
        let changed = until("the other replica to lead", limit, || {
            let holder = holder(self.cluster)?.unwrap_or_default();
            Ok(match holder.contains(&format!("_{pid}_")) {
                true => Look::Ready(()),
                false => Look::Waiting(holder),
            })
        });
        old.restart(self.cluster, product(), Options::default())
            .expect("must start again");
        changed.unwrap_or_else(|error| panic!("{error:#}"));
    }
}

/// Both replicas with other arguments than usual; they get the usual ones when this goes.
pub(crate) struct Rearmed<'a> {
    turn: &'a Turn,
}

impl<'a> Rearmed<'a> {
    pub(crate) fn with(turn: &'a Turn, arguments: &[&str]) -> Self {
        let own = Self { turn };
        own.start_with(arguments);
        own
    }

    fn start_with(&self, arguments: &[&str]) {
        let turn = self.turn;
        for replica in [turn.first, turn.second] {
            replica.end(turn.cluster, Ending::Asked).expect("must end");
            let options = Options {
                arguments,
                ..Options::default()
            };
            replica
                .restart(turn.cluster, product(), options)
                .expect("must start again");
        }
        leader(turn.cluster).expect("there must be a leader");
    }
}

impl Drop for Rearmed<'_> {
    fn drop(&mut self) {
        self.start_with(&[]);
    }
}

#[test]
fn a_leader_that_is_asked_to_end_hands_over_within_seconds() {
    let turn = turn();
    // The rule says one second; the machine may be busy.
    turn.change_leader(Ending::Asked, Duration::from_secs(5));
}

#[test]
fn a_leader_killed_in_the_middle_of_many_groups_leaves_none_behind() {
    let turn = turn();
    let namespace = turn.namespace("many");
    namespace
        .apply(&v4("a", MANY).to_string())
        .expect("must be created");
    let some = until("some Pods to be released", TAKEOVER, || {
        let pods = namespace.list("pods")?;
        let gated = |pod: &&serde_json::Value| pod["spec"]["schedulingGates"].is_array();
        let released = pods.len() - pods.iter().filter(gated).count();
        Ok(match released {
            0 => Look::Waiting(format!("{} are gated", pods.len())),
            _ => Look::Ready(()),
        })
    });
    some.unwrap_or_else(|error| panic!("{error:#}"));
    turn.change_leader(Ending::Killed, TAKEOVER);
    let jobs = usize::try_from(MANY).expect("must fit");
    let pods = running_pods(&namespace, jobs * MANY_VMS);
    assert_each_job_has_a_pool_of_its_own(turn.cluster, &pods, jobs);
}
