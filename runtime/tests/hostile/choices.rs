//! Placement policies that mean harm, and what of a ranking is taken.

use std::time::Duration;

use admission::{EvaluateError, Matching, Mode, Policy};
use placement::{DomainFacts, GroupFacts, Rank};
use runtime::{Choice, ChooseError, Grants, Limits, Loaded, LoadedPolicy, World};
use serde_json::json;

use crate::guest::Guest;
use crate::{ENGINE, load, small};

fn domains() -> Vec<DomainFacts> {
    let domain = |name: &str| DomainFacts {
        name: name.to_owned(),
        ..DomainFacts::default()
    };
    ["tpu1", "tpu2", "tpu3"].map(domain).to_vec()
}

fn choose(policy: &LoadedPolicy) -> Result<Vec<String>, ChooseError> {
    let choice = Choice {
        group: &GroupFacts::default(),
        domains: &domains(),
        settings_json: b"{}",
    };
    let ranking = policy.choose(&choice, None, None);
    ranking.map(|ranking| ranking.names)
}

fn error_of(guest: Guest) -> ChooseError {
    choose(&load(guest)).unwrap_err()
}

#[test]
fn a_sound_ranking_is_heard_be_it_of_some_domains_only() {
    let policy = load(Guest::ranking(&[b"tpu3", b"tpu1"]));
    assert_eq!(choose(&policy).unwrap(), ["tpu3", "tpu1"]);
    assert_eq!(choose(&load(Guest::ranking(&[]))).unwrap(), [""; 0]);
}

#[test]
fn what_a_component_can_do_stands_in_its_type() {
    let placing = load(Guest::ranking(&[]));
    let reviewing = load(Guest::answering(&[], &[]));
    let worlds = (placing.world(), reviewing.world());
    assert_eq!(worlds, (World::PlacementPolicy, World::Policy));
    assert_eq!(choose(&reviewing), Err(ChooseError::NoPlacementPolicy));
}

#[test]
fn rankings_that_name_anything_else_are_not_taken() {
    let unknown = error_of(Guest::ranking(&[b"tpu1", b"tpu9"]));
    let name = "tpu9".to_owned();
    assert_eq!(unknown, ChooseError::Unknown { name });
    let twice = error_of(Guest::ranking(&[b"tpu1", b"tpu1"]));
    let name = "tpu1".to_owned();
    assert_eq!(twice, ChooseError::Twice { name });
    let many = error_of(Guest::ranking(&[&b"tpu1"[..]; 4]));
    let (found, offered) = (4, 3);
    assert_eq!(many, ChooseError::TooMany { found, offered });
}

#[test]
fn a_choice_is_held_by_the_limits_of_a_review() {
    let failed = |guest| match error_of(guest) {
        ChooseError::Failed(error) => error,
        other => panic!("{other:?}"),
    };
    let endless = Guest::choosing("(loop $l (br $l)) unreachable");
    assert!(matches!(failed(endless), EvaluateError::OutOfFuel { .. }));
    let bomb = "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable";
    let bomb = failed(Guest::choosing(bomb));
    assert!(matches!(bomb, EvaluateError::OutOfMemory { .. }), "{bomb}");
    let trap = failed(Guest::choosing("unreachable"));
    assert!(matches!(trap, EvaluateError::Trapped { .. }), "{trap}");
    let no_text = failed(Guest::ranking(&[b"\xff\xfe"]));
    assert!(
        matches!(no_text, EvaluateError::InvalidVerdict { .. }),
        "{no_text}"
    );
    let mut huge = Guest::default().with_pages(160);
    let [at, _] = huge.words(&[0, 0, 200_000]);
    let huge = failed(huge.chosen_by(&format!("i32.const {at}")));
    assert!(
        matches!(huge, EvaluateError::OutputTooLarge { .. }),
        "{huge}"
    );
    let mut failing = Guest::default();
    let reason = failing.text(b"no idea");
    let [at, _] = failing.words(&[1, reason[0], reason[1]]);
    let failing = failed(failing.chosen_by(&format!("i32.const {at}")));
    assert!(matches!(failing, EvaluateError::Failed { .. }), "{failing}");
}

#[test]
fn the_deadline_ends_a_choice_that_fuel_would_not() {
    let limits = Limits {
        fuel: 100_000_000_000,
        deadline: Duration::from_millis(30),
        ..Limits::default()
    };
    let policy = load(Guest::choosing("(loop $l (br $l)) unreachable"));
    let policy = policy.with_limits(limits).unwrap();
    let late = EvaluateError::DeadlineExceeded { limit: 30 };
    assert_eq!(choose(&policy), Err(ChooseError::Failed(late)));
}

fn entry(name: &str, guest: Guest, mode: Mode, namespace: &str) -> (Policy, LoadedPolicy) {
    let module = ENGINE
        .load(name, &guest.component(), &Grants::default())
        .unwrap();
    let mut matching = Matching::of_rules(module.description().matches.clone());
    matching
        .namespaces
        .extend((!namespace.is_empty()).then(|| namespace.to_owned()));
    let mut policy = Policy::new(name, matching, json!({}));
    policy.mode = mode;
    (policy, small(module))
}

fn rank(loaded: &Loaded, namespace: &str) -> Result<Vec<String>, String> {
    let group = GroupFacts {
        namespace: namespace.to_owned(),
        ..GroupFacts::default()
    };
    loaded.rank(&group, &domains()).map_err(|error| error.0)
}

#[test]
fn the_last_placement_policy_that_sees_the_namespace_decides() {
    let loaded = Loaded::of([
        entry("all", Guest::ranking(&[b"tpu1"]), Mode::Enforce, ""),
        entry("own", Guest::ranking(&[b"tpu2"]), Mode::Warn, "team"),
        entry("audited", Guest::ranking(&[b"tpu3"]), Mode::Audit, ""),
        entry("reviews", Guest::answering(&[], &[]), Mode::Enforce, ""),
    ]);
    assert_eq!(rank(&loaded, "team"), Ok(vec!["tpu2".to_owned()]));
    assert_eq!(rank(&loaded, "default"), Ok(vec!["tpu1".to_owned()]));
    let none = rank(&Loaded::default(), "default").unwrap_err();
    assert!(none.contains("no placement policy"), "{none}");
}

#[test]
fn a_failed_ranking_names_the_policy_and_the_limit() {
    let endless = Guest::choosing("(loop $l (br $l)) unreachable");
    let loaded = Loaded::of([entry("endless", endless, Mode::Enforce, "")]);
    let error = rank(&loaded, "default").unwrap_err();
    assert!(
        error.contains("endless") && error.contains("fuel"),
        "{error}"
    );
    let elsewhere = Guest::ranking(&[b"elsewhere"]);
    let loaded = Loaded::of([entry("strange", elsewhere, Mode::Enforce, "")]);
    let error = rank(&loaded, "default").unwrap_err();
    assert!(
        error.contains("strange") && error.contains("elsewhere"),
        "{error}"
    );
}
