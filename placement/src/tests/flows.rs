//! What happens to one group or two, step by step.

use super::make::{POOL, job, jobset, member, node, plain};
use super::store::{Store, follow};
use crate::{
    Action, Decision, Excluded, Job, Reason, Settings, State, TightestFit, Time, View,
    WhenNoDomain, decide,
};

/// Two pools of two nodes: `a-0`, `a-1`, `b-0`, `b-1`.
pub(super) fn two_pools() -> Store {
    let mut store = Store {
        now: Time(1_000_000),
        ..Store::default()
    };
    for pool in ["a", "b"] {
        for at in 0..2 {
            store.put_node(node(&format!("{pool}-{at}"), pool));
        }
    }
    store
}

fn view(store: &Store) -> View {
    let mut view = View::default();
    for change in &store.log {
        follow(&mut view, change);
    }
    view
}

pub(super) fn look(store: &Store, settings: &Settings) -> Decision {
    decide(&view(store), store.now, settings, &TightestFit)
}

/// Carries out decisions until there is nothing to do; the last one, and all actions.
pub(super) fn settle(store: &mut Store, settings: &Settings) -> (Decision, Vec<Action>) {
    let mut done = Vec::new();
    for _ in 0..20 {
        let decision = look(store, settings);
        if decision.actions.is_empty() {
            return (decision, done);
        }
        for action in decision.actions {
            store.carry_out(&action).expect("nobody else writes");
            done.push(action);
        }
    }
    panic!("no end of actions: {done:#?}");
}

pub(super) fn add_job(store: &mut Store, job: &Job) {
    store.put_job(job.clone());
    for index in 0..job.parallelism {
        let uid = format!("{}-{index}", job.uid);
        store.put_pod(member(job, index, &uid));
    }
}

pub(super) fn bind(store: &mut Store, uid: &str, node: &str) {
    let mut pod = store.pods[uid].clone();
    assert!(pod.gates.is_empty(), "{uid} is gated");
    pod.node = Some(node.to_owned());
    store.put_pod(pod);
}

pub(super) fn pool_of(store: &Store, uid: &str) -> Option<String> {
    let pod = &store.pods[uid];
    let selector = pod.constraints.selector.get(super::make::POOL);
    selector.filter(|_| pod.gates.is_empty()).cloned()
}

#[test]
fn a_group_is_claimed_for_then_released_index_zero_last() {
    let mut store = two_pools();
    add_job(&mut store, &job("train", "j1", 2, None));
    let first = look(&store, &Settings::default());
    assert!(
        matches!(&first.actions[..], [Action::Claim(_)]),
        "{first:#?}"
    );
    let (last, actions) = settle(&mut store, &Settings::default());
    let released: Vec<&str> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Release(release) => Some(release.pod.uid.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(released, ["j1-1", "j1-0"]);
    assert_eq!(last.groups[0].state, State::Releasing { released: 2 });
    bind(&mut store, "j1-0", "a-0");
    bind(&mut store, "j1-1", "a-1");
    let (last, _) = settle(&mut store, &Settings::default());
    assert_eq!(last.groups[0].state, State::Placed);
    assert_eq!(
        last.groups[0]
            .domain
            .as_ref()
            .map(|domain| domain.value.as_str()),
        Some("a")
    );
}

#[test]
fn a_cordoned_node_sends_the_group_to_the_other_pool() {
    let mut store = two_pools();
    let mut bad = node("a-0", "a");
    bad.unschedulable = true;
    store.put_node(bad);
    add_job(&mut store, &job("train", "j1", 2, None));
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "j1-0").as_deref(), Some("b"));
    assert_eq!(pool_of(&store, "j1-1").as_deref(), Some("b"));
}

#[test]
fn a_group_for_which_there_is_no_domain_says_why_for_each() {
    let mut store = two_pools();
    let mut squatter = plain("p1");
    squatter.gates.clear();
    squatter.node = Some("a-0".to_owned());
    store.put_pod(squatter);
    add_job(&mut store, &job("big", "j1", 3, None));
    let (last, _) = settle(&mut store, &Settings::default());
    let report = &last.groups[0];
    assert_eq!(report.state, State::Waiting { before: 0 });
    let told: Vec<String> = report.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "a: TPU Pod default/plain-p1 runs on node a-0",
            "b: 2 of 3 Pods fit on its 2 nodes",
        ]
    );
}

#[test]
fn an_incomplete_group_waits() {
    let mut store = two_pools();
    add_job(&mut store, &job("train", "j1", 2, None));
    store.remove_pod("j1-1");
    let (last, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty());
    assert_eq!(
        last.groups[0].state,
        State::Incomplete {
            have: 1,
            want: Some(2)
        }
    );
}

#[test]
fn a_restarted_group_returns_to_its_domain_even_before_older_ones() {
    let mut store = two_pools();
    let set = jobset("js", 500, 0);
    store.put_owner(set.clone());
    add_job(&mut store, &job("js-w-0", "j1", 2, Some(&set)));
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "j1-0").as_deref(), Some("a"));
    let older = jobset("old", 100, 0);
    store.put_owner(older.clone());
    for uid in ["j1-0", "j1-1"] {
        store.remove_pod(uid);
    }
    store.remove_job("j1");
    // Pool b is gone, so that the older one has nowhere else.
    store.remove_node("b-0");
    add_job(&mut store, &job("old-w-0", "j2", 2, Some(&older)));
    let (_, actions) = settle(&mut store, &Settings::default());
    assert!(matches!(&actions[..], [Action::Keep(claim)] if claim.empty_since.is_some()));
    store.now = store.now.after(30_000);
    add_job(&mut store, &job("js-w-0", "j3", 2, Some(&set)));
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "j3-0").as_deref(), Some("a"));
    assert_eq!(pool_of(&store, "j2-0"), None);
}

#[test]
fn a_claim_ends_when_its_group_stays_away_or_its_owner_goes() {
    for (later, gone) in [(60_000, false), (0, true)] {
        let mut store = two_pools();
        let set = jobset("js", 500, 0);
        store.put_owner(set.clone());
        add_job(&mut store, &job("js-w-0", "j1", 2, Some(&set)));
        settle(&mut store, &Settings::default());
        store.remove_pod("j1-0");
        store.remove_pod("j1-1");
        store.remove_job("j1");
        if gone {
            store.remove_owner("js");
        }
        settle(&mut store, &Settings::default());
        assert_eq!(store.leases.is_empty(), gone);
        store.now = store.now.after(later);
        settle(&mut store, &Settings::default());
        assert!(store.leases.is_empty());
    }
}

#[test]
fn a_gang_claims_all_its_domains_or_none() {
    let mut store = two_pools();
    let set = jobset("js", 500, 2);
    store.put_owner(set.clone());
    add_job(&mut store, &job("other", "j0", 2, None));
    settle(&mut store, &Settings::default());
    for (name, uid) in [("js-w-0", "j1"), ("js-w-1", "j2")] {
        add_job(&mut store, &job(name, uid, 2, Some(&set)));
        for index in 0..2 {
            let mut pod = store.pods[&format!("{uid}-{index}")].clone();
            pod.multislice = true;
            store.put_pod(pod);
        }
    }
    let (last, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty(), "{actions:#?}");
    assert!(
        matches!(
            last.groups[1].state,
            State::Gang {
                ready: 1,
                needed: 2
            }
        ),
        "{last:#?}"
    );
    // A younger group doesn't take what the gang waits for.
    add_job(
        &mut store,
        &job("young", "j9", 2, Some(&jobset("young", 900, 0))),
    );
    store.put_owner(jobset("young", 900, 0));
    let (last, actions) = settle(&mut store, &Settings::default());
    assert!(actions.is_empty(), "{actions:#?}");
    let reserved = |reason: &Reason| matches!(reason, Reason::Reserved { .. });
    let young = last
        .groups
        .iter()
        .find(|one| one.group.name == "young")
        .expect("it is reported");
    assert!(
        young.rejected.iter().any(|one| reserved(&one.reasons[0])),
        "{young:#?}"
    );
    for uid in ["j0-0", "j0-1"] {
        store.remove_pod(uid);
    }
    store.remove_job("j0");
    settle(&mut store, &Settings::default());
    let pools = [pool_of(&store, "j1-0"), pool_of(&store, "j2-0")];
    assert!(
        pools.iter().all(Option::is_some) && pools[0] != pools[1],
        "{pools:?}"
    );
}

#[test]
fn a_plain_pod_is_let_go_but_not_into_a_taken_domain() {
    let mut store = two_pools();
    add_job(&mut store, &job("train", "j1", 2, None));
    settle(&mut store, &Settings::default());
    store.put_pod(plain("p1"));
    settle(&mut store, &Settings::default());
    assert_eq!(pool_of(&store, "p1").as_deref(), Some("b"));
    bind(&mut store, "p1", "b-0");
    store.put_pod(plain("p2"));
    settle(&mut store, &Settings::default());
    bind(&mut store, "p2", "b-1");
    store.put_pod(plain("p3"));
    let (last, _) = settle(&mut store, &Settings::default());
    let report = last.groups.last().expect("p3 is reported");
    assert_eq!(report.state, State::Waiting { before: 0 });
    let told: Vec<String> = report.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "a: taken by Job default/train",
            "b: 0 of 1 Pods fit on its 2 nodes; 0 of 4 TPU chips free on nodes b-0, b-1",
        ]
    );
    let release = Settings {
        when_no_domain: WhenNoDomain::Release,
        ..Settings::default()
    };
    let (_, actions) = settle(&mut store, &release);
    let [Action::Claim(turn), Action::Release(only)] = &actions[..] else {
        panic!("{actions:#?}")
    };
    let both = Excluded::from([(POOL.to_owned(), ["a".to_owned(), "b".to_owned()].into())]);
    assert_eq!(turn.excluded, both);
    assert_eq!(only.exclude.as_ref().map(|one| &one.domains), Some(&both));
}

#[test]
fn with_release_one_group_at_a_time_goes_without_a_domain() {
    let mut store = two_pools();
    let settings = Settings {
        when_no_domain: WhenNoDomain::Release,
        ..Settings::default()
    };
    for at in 1..=2 {
        let set = jobset(&format!("js{at}"), at, 0);
        store.put_owner(set.clone());
        add_job(
            &mut store,
            &job(&format!("js{at}-w-0"), &format!("j{at}"), 3, Some(&set)),
        );
    }
    settle(&mut store, &settings);
    assert!(store.pods["j1-0"].gates.is_empty());
    assert!(store.pods["j2-0"].gated());
    for at in 0..3 {
        store.put_node(node(&format!("c-{at}"), "c"));
        bind(&mut store, &format!("j1-{at}"), &format!("c-{at}"));
    }
    settle(&mut store, &settings);
    let claims: Vec<&str> = store
        .leases
        .values()
        .map(|claim| claim.domain.value.as_str())
        .collect();
    assert!(claims.contains(&"c"), "{claims:?}");
    assert!(
        store.pods["j2-0"].gates.is_empty(),
        "the next follows when the first is bound"
    );
}

#[test]
fn a_domain_that_breaks_before_the_first_release_is_given_up_with_fences() {
    let mut store = two_pools();
    add_job(&mut store, &job("train", "j1", 2, None));
    let claim = look(&store, &Settings::default()).actions.remove(0);
    store.carry_out(&claim).expect("it is free");
    let mut bad = node("a-0", "a");
    bad.ready = false;
    store.put_node(bad);
    let (_, actions) = settle(&mut store, &Settings::default());
    assert!(
        matches!(
            &actions[..3],
            [Action::Fence(_), Action::Fence(_), Action::Unclaim(_)]
        ),
        "{actions:#?}"
    );
    assert_eq!(pool_of(&store, "j1-0").as_deref(), Some("b"));
    assert_eq!(store.pods["j1-0"].fence, None, "nothing of ours stays");
}

/// The gap that a placer leaves which was paused: what it lets go is kept off the domains that it
/// knew, and one has come since.
#[test]
fn a_new_domain_is_not_used_while_somebody_whose_turn_it_is_could_come_there() {
    let mut store = two_pools();
    let settings = Settings {
        when_no_domain: WhenNoDomain::Release,
        ..Settings::default()
    };
    for (uid, pods) in [("j1", 2), ("j2", 2), ("j3", 3)] {
        add_job(&mut store, &job(uid, uid, pods, None));
        if pods == 2 {
            settle(&mut store, &settings);
        }
    }
    let turn = look(&store, &settings).actions.remove(0);
    store.carry_out(&turn).expect("it is nobody's turn");
    let late = look(&store, &settings).actions;
    assert!(matches!(&late[..], [Action::Release(_), ..]), "{late:#?}");

    add_job(&mut store, &job("j4", "j4", 2, None));
    (0..2).for_each(|at| store.put_node(node(&format!("c-{at}"), "c")));
    let now = look(&store, &settings).actions;
    let claims =
        |action: &&Action| matches!(action, Action::Claim(claim) if claim.domain.value == "c");
    let claim = now.iter().find(claims).expect("it fits on c");
    store.carry_out(claim).expect("c is free");
    let used = |store: &Store| {
        let actions = look(store, &settings).actions;
        actions
            .iter()
            .any(|action| matches!(action, Action::Release(one) if one.pod.uid.starts_with("j4")))
    };
    assert!(!used(&store), "the turn doesn't exclude c");
    store
        .carry_out(&late[0])
        .expect("nothing has changed that Pod");
    assert!(!used(&store), "a Pod of j3 may come to c");
    for action in now
        .iter()
        .filter(|action| matches!(action, Action::Fence(_)))
        .skip(1)
    {
        store.carry_out(action).expect("they still wait");
    }
    assert!(store.carry_out(&late[1]).is_err(), "it was fenced");
}
