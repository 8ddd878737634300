//! What servers say of a model, and what that means.

use std::time::Duration;

use saxml::sax::ModelStatus;

use super::{Look, Progression, Replica, State, Verdict};
use crate::sax::Holding;

fn replica(server: &str, state: State) -> Replica {
    Replica {
        server: format!("pod/{server}"),
        address: format!("{server}:10001"),
        state,
    }
}

fn look(wanted: usize, states: &[State]) -> Look {
    let named = ["a", "b", "c"].into_iter().zip(states);
    Look {
        wanted,
        replicas: named
            .map(|(name, state)| replica(name, state.clone()))
            .collect(),
    }
}

fn failed() -> State {
    State::Failed("no such checkpoint".to_owned())
}

#[test]
fn the_servers_own_word_decides() {
    let holding = |status, reason: &str| Holding {
        model: "/sax/test/m".to_owned(),
        status,
        reason: reason.to_owned(),
    };
    for (holdings, state) in [
        (vec![], State::Assigned),
        (vec![holding(ModelStatus::None, "")], State::Assigned),
        (vec![holding(ModelStatus::Loading, "")], State::Loading),
        (vec![holding(ModelStatus::Loaded, "")], State::Loaded),
        (vec![holding(ModelStatus::Unloading, "")], State::Unloading),
        (
            vec![holding(ModelStatus::Failed, "no such checkpoint")],
            failed(),
        ),
    ] {
        assert_eq!(State::of("/sax/test/m", &holdings), state);
        assert_eq!(State::of("/sax/test/other", &holdings), State::Assigned);
    }
}

#[test]
fn assigned_servers_are_not_loaded_ones_and_a_failed_one_ends_the_waiting() {
    let unknown = || State::Unknown("no answer".to_owned());
    for (wanted, states, loaded, verdict, phase) in [
        (2, vec![], 2, Verdict::Waiting, "Waiting"),
        (2, vec![State::Assigned; 2], 2, Verdict::Waiting, "Assigned"),
        (
            2,
            vec![State::Loading, State::Loaded],
            2,
            Verdict::Waiting,
            "Loading",
        ),
        (
            2,
            vec![State::Loading, State::Loaded],
            1,
            Verdict::Ready,
            "Loading",
        ),
        (2, vec![State::Loaded; 2], 2, Verdict::Ready, "Loaded"),
        (2, vec![State::Loaded], 2, Verdict::Waiting, "Partial"),
        (
            2,
            vec![unknown(), State::Loaded],
            2,
            Verdict::Waiting,
            "Unknown",
        ),
        (0, vec![], 0, Verdict::Ready, "Idle"),
        (
            2,
            vec![failed(), State::Loaded],
            1,
            Verdict::Ready,
            "Failed",
        ),
        (
            2,
            vec![failed(), State::Loading],
            1,
            Verdict::Waiting,
            "Failed",
        ),
    ] {
        let look = look(wanted, &states);
        assert_eq!(look.verdict(loaded), verdict, "{states:?}");
        assert_eq!(look.phase(), phase, "{states:?}");
    }
    let look = look(2, &[failed(), State::Loading]);
    let verdict = Verdict::Failed(vec![replica("a", failed())]);
    assert_eq!(look.verdict(2), verdict);
}

#[test]
fn each_replica_is_told_with_the_time_that_it_takes() {
    let mut progression = Progression::default();
    let seconds = Duration::from_secs;
    progression.see(&look(3, &[State::Assigned]), seconds(0));
    let later = look(3, &[State::Loading, State::Loaded]);
    progression.see(&later, seconds(10));
    progression.see(&later, seconds(100));
    let lines = |at, live| {
        let lines = progression.lines(&later, seconds(at), live).into_iter();
        lines.map(|(line, _)| line).collect::<Vec<_>>()
    };
    assert_eq!(
        lines(100, true),
        [
            "replica 1/3 pod/a: loading for 1m30s",
            "replica 2/3 pod/b: loaded",
            "replica 3/3 not assigned yet"
        ]
    );
    assert_eq!(lines(100, false)[0], "replica 1/3 pod/a: loading for 1m");
    assert_eq!(lines(69, false)[0], "replica 1/3 pod/a: loading");
}
