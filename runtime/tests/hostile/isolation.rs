//! Nothing passes from call to call or from policy to policy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use admission::{Call, Matching, OnError, Phase, Policy};
use runtime::{Entry, Grants, Loaded, LoadedPolicy, Module, Objects};
use serde_json::json;

use crate::guest::{Finding, Guest};
use crate::{ENGINE, GET, ask, endless, load, load_with, pod, pods, small};

/// A guest that counts its calls in a global and in memory traps at the second.
#[test]
fn no_state_passes_from_call_to_call() {
    let counting =
        "(if (i32.or (global.get $count) (i32.load (i32.const 60000))) (then unreachable))
        (global.set $count (i32.const 1)) (i32.store (i32.const 60000) (i32.const 1))";
    let mut guest = Guest::default();
    let [at, _] = guest.words(&[0, 0, 0, 0, 0]);
    let policy = load(guest.reviewed_by(&format!("{counting} i32.const {at}")));
    for _ in 0..100 {
        assert!(ask(&policy).is_ok());
    }
}

#[test]
fn the_same_review_takes_the_same_fuel() {
    let policy = load(Guest::answering(&[Finding::default()], &[]));
    let request = pod();
    let object = request.object.as_ref().unwrap().to_string();
    let call = Call {
        request: &request,
        object_json: object.as_bytes(),
        old_object_json: None,
        settings_json: b"{}",
    };
    let fuel = || policy.review(&call, None, None).unwrap().fuel;
    let first = fuel();
    assert!(first > 0);
    assert!((0..20).all(|_| fuel() == first));
}

#[test]
fn a_time_that_has_passed_leaves_no_room() {
    let loaded = Loaded::of([entry("late", Guest::answering(&[], &[]))]);
    let past = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
    let decision = admission::admit(&pod(), Phase::Mutate, &loaded.set, &loaded.until(past));
    assert_eq!(decision.denials[0].code, "POL001");
}

fn entry(name: &str, guest: Guest) -> (Policy, LoadedPolicy) {
    let module = ENGINE
        .load(name, &guest.component(), &Grants::default())
        .unwrap();
    let matching = Matching::of_rules(module.description().matches.clone());
    (Policy::new(name, matching, json!({})), small(module))
}

/// Every hostile guest in one policy set with a good one: each is told with its own error, and
/// the good one is heard.
#[test]
fn hostile_guests_are_contained_while_the_others_answer() {
    let hostile: Vec<(&str, Guest, &str)> = vec![
        ("endless", endless(), "fuel"),
        (
            "bomb",
            Guest::reviewing("(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable"),
            "memory",
        ),
        ("trap", Guest::reviewing("unreachable"), "trapped"),
        (
            "malformed",
            Guest::answering(&[], &[(0, "/x", "{")]),
            "invalid verdict",
        ),
        ("failing", Guest::failing("no idea"), "no idea"),
        (
            "misplaced",
            Guest::answering(&[], &[(2, "/gone", "")]),
            "does not apply",
        ),
    ];
    let told: Vec<(&str, &str)> = hostile
        .iter()
        .map(|(name, _, told)| (*name, *told))
        .collect();
    let mut entries: Vec<_> = hostile
        .into_iter()
        .map(|(name, guest, _)| entry(name, guest))
        .collect();
    for (policy, _) in &mut entries {
        policy.on_error = OnError::Allow;
    }
    entries.push(entry("good", Guest::answering(&[Finding::default()], &[])));
    let decision = Loaded::of(entries).admit(&pod(), Phase::Mutate);
    assert_eq!(decision.denials.len(), 1);
    assert_eq!(decision.denials[0].policy, "good");
    assert_eq!(decision.warnings.len(), told.len());
    for (warning, (name, words)) in decision.warnings.iter().zip(told) {
        assert_eq!(warning.policy, name);
        assert!(warning.message.contains(words), "{warning}");
    }
}

/// The Pod `b`.
fn recorded() -> Arc<Objects> {
    let mut objects = Objects::default();
    objects
        .insert(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}))
        .unwrap();
    Arc::new(objects)
}

/// A policy that traps where it can't read the Pod `b`.
fn reader() -> LoadedPolicy {
    let mut guest = Guest::default();
    let [version, kind, namespace, name] =
        [&b"v1"[..], b"Pod", b"default", b"b"].map(|text| guest.text(text));
    let [ok, _] = guest.words(&[0, 0, 0, 0, 0]);
    // result<option<list<u8>>, _> at 60000: tag 0, option tag 1 at +4.
    let code = format!(
        "(call $get (i32.const {}) (i32.const {}) (i32.const {}) (i32.const {}) (i32.const 1) (i32.const {}) \
         (i32.const {}) (i32.const {}) (i32.const {}) (i32.const 60000))
         (if (i32.or (i32.load8_u (i32.const 60000)) (i32.eqz (i32.load8_u (i32.const 60004)))) (then unreachable))
         i32.const {ok}",
        version[0], version[1], kind[0], kind[1], namespace[0], namespace[1], name[0], name[1],
    );
    load_with(guest.reviewed_by(&code).with_import(GET), &pods()).unwrap()
}

#[test]
fn reads_are_answered_from_recorded_objects_only() {
    let policy = reader();
    let request = pod();
    let call = Call {
        request: &request,
        object_json: b"{}",
        old_object_json: None,
        settings_json: b"{}",
    };
    assert!(policy.review(&call, Some(&recorded()), None).is_ok());
    assert!(
        policy.review(&call, None, None).is_err(),
        "unavailable without recorded objects"
    );
}

/// What is known of a cluster is read by those that its own documents grant it to; the objects of
/// the set by all.
#[test]
fn what_an_evaluator_is_given_is_read_by_the_entries_that_may() {
    let objects = recorded();
    let (policy, _) = entry("reads", Guest::answering(&[], &[]));
    let module = Arc::new(reader());
    let answers = |reads: bool, own: bool| {
        let entry = Entry {
            order: 0,
            source: Module::Builtin("reads".to_owned()),
            digest: String::new(),
            policy: policy.clone(),
            module: Arc::clone(&module),
            reads,
        };
        let mut loaded = Loaded::compose([entry]).unwrap();
        if own {
            loaded = loaded.with_objects(recorded());
        }
        let evaluator = loaded.evaluator().reading(Some(&objects));
        let decision = admission::admit(&pod(), Phase::Mutate, &loaded.set, &evaluator);
        decision.allowed
    };
    assert!(answers(true, false));
    assert!(!answers(false, false));
    assert!(answers(false, true));
}
