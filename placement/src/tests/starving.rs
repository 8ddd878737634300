//! A group that waits gets its turn, however many others keep coming.

use super::flows::{add_job, bind, look, pool_of, settle, two_pools};
use super::history::Random;
use super::make::{POOL, job, jobset, plain};
use super::store::Store;
use crate::fault::{Fault, seed};
use crate::{HOSTNAME, Reason, Settings, State};

/// Rounds within which the group must have its domain. In each round somebody may end.
const ROUNDS: u64 = 40;

/// Those that come later: so many chips, or a whole node to themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comers {
    Plain,
    Single,
}

/// Two pools that are never empty: whoever ends is followed by another at once.
struct Bustle {
    store: Store,
    random: Random,
    comers: Comers,
    /// Uids with the round in which they end.
    running: Vec<(String, u64)>,
    made: u64,
}

impl Bustle {
    fn new(seed: u64, comers: Comers) -> Self {
        let (store, random) = (two_pools(), Random(seed));
        let (running, made) = (Vec::new(), 0);
        Self {
            store,
            random,
            comers,
            running,
            made,
        }
    }

    fn round(&mut self, round: u64) {
        self.store.now = self.store.now.after(1000);
        self.end(round);
        while self.store.pods.values().filter(|pod| pod.gated()).count() < 5 {
            self.come();
        }
        settle(&mut self.store, &Settings::default());
        self.schedule(round);
    }

    /// One after the other, so that no pool is ever free by chance.
    fn end(&mut self, round: u64) {
        let ended = self.running.iter().position(|(_, end)| *end <= round);
        if let Some(at) = ended {
            let (uid, _) = self.running.remove(at);
            self.store.remove_pod(&uid);
            self.store.remove_job(&format!("job-{uid}"));
        }
    }

    fn come(&mut self) {
        self.made += 1;
        let uid = format!("x{}-0", self.made);
        let now = self.store.now;
        if self.comers == Comers::Plain {
            let mut pod = plain(&uid);
            pod.created = now;
            pod.requests.chips = [1, 2, 4][self.number(3)];
            return self.store.put_pod(pod);
        }
        let mut single = job(&uid, &format!("job-{uid}"), 1, None);
        single.created = now;
        add_job(&mut self.store, &single);
        let mut pod = self.store.pods[&format!("job-{uid}-0")].clone();
        self.store.remove_pod(&pod.reference.uid);
        pod.reference.uid = uid;
        pod.exclusive = Some(HOSTNAME.to_owned());
        self.store.put_pod(pod);
    }

    /// Binds what was released where it was released to, and says when it ends.
    fn schedule(&mut self, round: u64) {
        let loose = self.store.pods.values().filter(|pod| pod.loose());
        let loose: Vec<_> = loose.cloned().collect();
        for pod in loose {
            let nodes = self.store.nodes.values();
            let mut nodes = nodes.filter(|node| super::brute::allows(&self.store.pods, node, &pod));
            let node = nodes.next().expect("it was released to where it fits");
            let (node, uid) = (node.name.clone(), pod.reference.uid.clone());
            bind(&mut self.store, &uid, &node);
            if uid.starts_with('x') {
                let end = round + 1 + u64::try_from(self.number(6)).unwrap_or(0);
                self.running.push((uid, end));
            }
        }
    }

    fn number(&mut self, below: usize) -> usize {
        usize::try_from(self.random.next() >> 33).unwrap_or(0) % below
    }
}

/// The round in which a group that comes into the bustle gets its pool.
fn placed_in(seed: u64, comers: Comers) -> Option<u64> {
    let mut bustle = Bustle::new(seed, comers);
    (0..6).for_each(|round| bustle.round(round));
    let mut late = job("late", "late", 2, None);
    late.created = bustle.store.now;
    add_job(&mut bustle.store, &late);
    (6..6 + ROUNDS).find(|round| {
        bustle.round(*round);
        pool_of(&bustle.store, "late-0").is_some()
    })
}

#[test]
fn whoever_waits_gets_a_domain_though_others_keep_coming() {
    for comers in [Comers::Plain, Comers::Single] {
        for number in 0..30 {
            let placed = placed_in(number, comers);
            assert!(placed.is_some(), "{comers:?}, history {number}");
        }
    }
}

#[test]
fn keeping_nothing_for_those_that_wait_is_found() {
    seed(Some(Fault::ReservesNothing));
    for comers in [Comers::Plain, Comers::Single] {
        let starved = (0..30).filter(|number| placed_in(*number, comers).is_none());
        assert!(starved.count() > 20, "{comers:?}");
    }
    seed(None);
}

/// Pool a has a Pod on one node, pool b on both; a group of two waits.
fn waiting() -> Store {
    let mut store = two_pools();
    for (uid, node) in [("p1", "a-0"), ("p2", "b-0"), ("p3", "b-1")] {
        let mut pod = plain(uid);
        pod.gates.clear();
        pod.node = Some(node.to_owned());
        store.put_pod(pod);
    }
    let set = jobset("js", 500, 0);
    store.put_owner(set.clone());
    add_job(&mut store, &job("js-w-0", "j1", 2, Some(&set)));
    store
}

#[test]
fn a_plain_pod_that_comes_later_is_told_for_whom_the_nearest_pool_is_kept() {
    let mut store = waiting();
    let mut late = plain("late");
    late.created = crate::Time(600_000);
    store.put_pod(late);
    let (last, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty(), "{actions:#?}");
    let report = last.groups.iter().find(|one| !one.exclusive);
    let report = report.expect("a report of the plain Pod");
    assert!(matches!(report.state, State::Waiting { .. }));
    assert!(
        matches!(&report.rejected[0].reasons[..], [Reason::Reserved { by }] if by.name == "js-w-0")
    );
    assert_eq!(
        report.rejected[0].to_string(),
        "a: kept for Job default/js-w-0, which comes first"
    );
}

#[test]
fn a_plain_pod_that_is_older_or_more_important_goes_where_there_is_room() {
    for (created, priority) in [(400_000, 0), (600_000, 5)] {
        let mut store = waiting();
        let mut pod = plain("first");
        (pod.created, pod.priority) = (crate::Time(created), priority);
        store.put_pod(pod);
        settle(&mut store, &Settings::default());
        assert_eq!(pool_of(&store, "first").as_deref(), Some("a"));
    }
}

#[test]
fn only_one_pool_is_kept_for_one_group_and_none_that_could_not_hold_it() {
    let mut store = waiting();
    store.remove_pod("p3");
    let mut late = plain("late");
    late.created = crate::Time(600_000);
    store.put_pod(late.clone());
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "late").as_deref(), Some("b"));

    let mut store = waiting();
    let mut broken = store.nodes["a-1"].clone();
    broken.ready = false;
    store.put_node(broken);
    store.remove_pod("p3");
    let mut other = plain("other");
    other.created = crate::Time(600_000);
    other.requests.chips = 4;
    let selector = &mut other.constraints.selector;
    selector.insert(POOL.to_owned(), "a".to_owned());
    store.put_pod(other);
    let decision = look(&store, &Settings::default());
    let told = decision.groups.iter().flat_map(|one| one.rejected.iter());
    let kept = told.filter(|one| matches!(one.reasons[0], Reason::Reserved { .. }));
    let kept: Vec<&str> = kept.map(|one| one.domain.as_str()).collect();
    assert_eq!(kept, ["b"]);
}
