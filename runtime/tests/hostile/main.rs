//! Guests that mean harm: each is contained with its typed error, and the others still answer.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should say where"
)]

mod guest;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use admission::{Call, EvaluateError, Matching, OnError, Phase, Policy, Request};
use runtime::{
    Engine, EngineOptions, Grant, Grants, Limits, LoadError, Loaded, LoadedPolicy, Objects,
};
use serde_json::json;

use guest::{Finding, Guest};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&EngineOptions::default()).unwrap());

const GET: &str = r#"(import "sax:policy/cluster@0.1.0" "get"
    (func $get (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
const LOG: &str = r#"(import "sax:policy/log@0.1.0" "log" (func $log (param i32 i32 i32)))"#;

fn load_with(guest: Guest, grants: &Grants) -> Result<LoadedPolicy, LoadError> {
    ENGINE.load("guest", &guest.component(), grants)
}

fn load(guest: Guest) -> LoadedPolicy {
    load_with(guest, &Grants::default()).unwrap()
}

fn pods() -> Grants {
    let grant = Grant {
        api_version: "v1".into(),
        kind: "Pod".into(),
    };
    Grants(vec![grant])
}

fn pod() -> Request {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}});
    Request::from_manifest(object, "default").unwrap()
}

fn ask(policy: &LoadedPolicy) -> Result<admission::Verdict, EvaluateError> {
    let request = pod();
    let object = request.object.as_ref().unwrap().to_string();
    let call = Call {
        request: &request,
        object_json: object.as_bytes(),
        old_object_json: None,
        settings_json: b"{}",
    };
    policy
        .review(&call, None, None)
        .map(|answer| answer.verdict)
}

fn error_of(guest: Guest) -> EvaluateError {
    ask(&load(guest)).unwrap_err()
}

fn small(policy: LoadedPolicy) -> LoadedPolicy {
    let limits = Limits {
        fuel: 10_000_000,
        memory_bytes: 8 << 20,
        ..Limits::default()
    };
    policy.with_limits(limits).unwrap()
}

fn endless() -> Guest {
    Guest::reviewing("(loop $l (br $l)) unreachable")
}

#[test]
fn a_sound_guest_is_heard() {
    let policy = load(Guest::answering(
        &[Finding::default()],
        &[(0, "/spec/x", "[1]")],
    ));
    let verdict = ask(&policy).unwrap();
    assert_eq!(verdict.findings[0].code, "BAD001");
    assert_eq!(
        verdict.patch.to_string(),
        r#"[{"op":"add","path":"/spec/x","value":[1]}]"#
    );
}

#[test]
fn an_endless_loop_runs_out_of_fuel_long_before_the_deadline() {
    let limits = Limits::default();
    let policy = load(endless());
    let started = Instant::now();
    assert_eq!(
        ask(&policy),
        Err(EvaluateError::OutOfFuel { limit: limits.fuel })
    );
    assert!(started.elapsed() < limits.deadline);
}

#[test]
fn the_deadline_stops_what_fuel_would_not() {
    let limits = Limits {
        fuel: 100_000_000_000,
        deadline: Duration::from_millis(30),
        ..Limits::default()
    };
    let policy = load(endless()).with_limits(limits).unwrap();
    assert_eq!(
        ask(&policy),
        Err(EvaluateError::DeadlineExceeded { limit: 30 })
    );
}

#[test]
fn a_memory_bomb_hits_its_limit() {
    let bomb = "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable";
    let policy = small(load(Guest::reviewing(bomb)));
    let limit = 8 << 20;
    assert_eq!(ask(&policy), Err(EvaluateError::OutOfMemory { limit }));
}

#[test]
fn a_guest_that_starts_with_too_much_memory_is_not_loaded() {
    let error = load_with(
        Guest::reviewing("unreachable").with_pages(8_000),
        &Grants::default(),
    );
    let source = EvaluateError::OutOfMemory {
        limit: Limits::default().memory_bytes,
    };
    assert!(matches!(error, Err(LoadError::Describe { source: found, .. }) if found == source));
}

#[test]
fn deep_recursion_ends_at_the_end_of_the_stack() {
    let guest = Guest::reviewing("(call $deep (i32.const 0))").with_function(
        "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))",
    );
    assert_eq!(error_of(guest), EvaluateError::StackOverflow);
}

#[test]
fn traps_are_named() {
    let reason = |error| match error {
        EvaluateError::Trapped { reason } => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason(error_of(Guest::reviewing("unreachable"))).contains("unreachable"));
    let division = "(i32.div_u (i32.const 1) (i32.const 0))";
    assert!(reason(error_of(Guest::reviewing(division))).contains("divide"));
    let outside = "(i32.load (i32.const -8))";
    assert!(reason(error_of(Guest::reviewing(outside))).contains("memory"));
}

#[test]
fn a_huge_verdict_is_too_large() {
    let mut guest = Guest::default().with_pages(160);
    let [at, _] = guest.words(&[0, 0, 200_000, 0, 0]);
    let guest = guest.reviewed_by(&format!("i32.const {at}"));
    let limit = Limits::default().output_bytes;
    assert_eq!(error_of(guest), EvaluateError::OutputTooLarge { limit });
}

/// The same long text again and again: small in the guest, huge in the host.
#[test]
fn a_verdict_that_multiplies_one_text_is_too_large() {
    let message = "x".repeat(50_000);
    let mut guest = Guest::default();
    let message = guest.text(message.as_bytes());
    let finding = [
        message[0], 6, 0, message[0], 1, message[0], message[1], message[0], message[1],
    ];
    let [findings, _] = guest.words(&finding.repeat(100));
    let [at, _] = guest.words(&[0, findings, 100, 0, 0]);
    let guest = guest.reviewed_by(&format!("i32.const {at}"));
    let limit = Limits::default().output_bytes;
    assert_eq!(error_of(guest), EvaluateError::OutputTooLarge { limit });
}

fn is_invalid(error: &EvaluateError, about: &str) -> bool {
    matches!(error, EvaluateError::InvalidVerdict { reason } if reason.contains(about))
}

#[test]
fn a_verdict_that_makes_no_sense_is_invalid() {
    let finding = |finding| error_of(Guest::answering(&[finding], &[]));
    let patch = |operation| error_of(Guest::answering(&[], &[operation]));
    let unknown = Finding {
        code: b"BAD009",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(unknown), "BAD009"));
    let too_bad = Finding {
        code: b"BAD002",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(too_bad), "warning"));
    let no_text = Finding {
        code: b"\xff\xfeBAD",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(no_text), "read"));
    let no_path = Finding {
        path: "spec",
        ..Finding::default()
    };
    assert!(is_invalid(&finding(no_path), "pointer"));
    assert!(is_invalid(&patch((0, "/spec/x", "{")), "no JSON"));
    assert!(is_invalid(
        &patch((0, "/spec/x", r#"{"a":1,"a":2}"#)),
        "twice"
    ));
    assert!(is_invalid(&patch((2, "/spec/~2", "")), "pointer"));
    let deep = "[".repeat(1_000) + &"]".repeat(1_000);
    assert!(is_invalid(&patch((0, "/spec/x", &deep)), "recursion"));
}

#[test]
fn too_many_findings_are_invalid() {
    let findings: Vec<Finding> = (0..300).map(|_| Finding::default()).collect();
    assert!(is_invalid(
        &error_of(Guest::answering(&findings, &[])),
        "300 findings"
    ));
}

#[test]
fn pointers_outside_of_the_memory_harm_the_guest_only() {
    for address in ["-4", "999999999"] {
        let error = error_of(Guest::reviewing(&format!("i32.const {address}")));
        let typed = matches!(
            error,
            EvaluateError::Trapped { .. } | EvaluateError::InvalidVerdict { .. }
        );
        assert!(typed, "{error:?}");
    }
}

#[test]
fn a_policy_may_fail_in_its_own_words() {
    let reason = "no idea".to_owned();
    assert_eq!(
        error_of(Guest::failing("no idea")),
        EvaluateError::Failed { reason }
    );
}

#[test]
fn imports_outside_of_the_contract_are_refused_by_name() {
    let component = r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#;
    let component = wat::parse_str(component).unwrap();
    let error = ENGINE
        .load("wasi", &component, &Grants::default())
        .unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, LoadError::ForbiddenImport { .. }));
    assert!(text.contains("wasi:cli/environment@0.2.0"), "{text}");
}

#[test]
fn reads_without_a_grant_are_refused_at_load() {
    let guest = || Guest::reviewing("unreachable").with_import(GET);
    let error = load_with(guest(), &Grants::default()).unwrap_err();
    assert!(
        matches!(error, LoadError::UngrantedImport { .. }),
        "{error}"
    );
    assert!(load_with(guest(), &pods()).is_ok());
}

#[test]
fn what_is_no_policy_is_refused() {
    let load = |wasm: &[u8]| ENGINE.load("x", wasm, &Grants::default()).unwrap_err();
    assert!(matches!(load(b"hello"), LoadError::NotAComponent { .. }));
    assert!(matches!(
        load(b"\0asm\x01\0\0\0"),
        LoadError::NotAComponent { .. }
    ));
    assert!(matches!(
        load(b"\0asm\x0d\0\x01\0"),
        LoadError::MissingExport {
            export: "describe",
            ..
        }
    ));
    assert!(matches!(
        load(&vec![0; 33 << 20]),
        LoadError::TooLarge { .. }
    ));
}

#[test]
fn a_guest_that_can_not_describe_itself_is_not_loaded() {
    let error = load_with(
        endless().describing("(loop $l (br $l)) unreachable"),
        &Grants::default(),
    );
    let source = EvaluateError::OutOfFuel {
        limit: Limits::default().fuel,
    };
    assert!(matches!(error, Err(LoadError::Describe { source: found, .. }) if found == source));
}

#[test]
fn host_calls_are_counted() {
    let call = "(call $get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) \
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048))";
    let guest = Guest::reviewing(&format!("(loop $l {call} (br $l)) unreachable")).with_import(GET);
    let policy = load_with(guest, &pods()).unwrap();
    let limit = Limits::default().host_calls;
    assert_eq!(ask(&policy), Err(EvaluateError::HostCalls { limit }));
}

#[test]
fn a_flood_of_log_lines_is_stopped() {
    let call = "(call $log (i32.const 1) (i32.const 65536) (i32.const 60000))";
    let guest = Guest::reviewing(&format!("(loop $l {call} (br $l)) unreachable")).with_import(LOG);
    let limit = Limits::default().host_calls;
    assert_eq!(error_of(guest), EvaluateError::HostCalls { limit });
}

#[test]
fn host_calls_cost_fuel_by_the_byte() {
    let call = "(call $log (i32.const 1) (i32.const 65536) (i32.const 60000))";
    let guest = Guest::reviewing(&format!("(loop $l {call} (br $l)) unreachable")).with_import(LOG);
    let limits = Limits {
        fuel: 100_000,
        ..Limits::default()
    };
    let policy = load(guest).with_limits(limits).unwrap();
    assert_eq!(
        ask(&policy),
        Err(EvaluateError::OutOfFuel { limit: 100_000 })
    );
}

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

#[test]
fn settings_are_checked_against_the_schema() {
    let policy = load(Guest::answering(&[], &[]));
    assert!(policy.check_settings(&json!({"anything": 1})).is_ok());
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

#[test]
fn reads_are_answered_from_recorded_objects_only() {
    let mut objects = Objects::default();
    objects
        .insert(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}))
        .unwrap();
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
    let policy = load_with(guest.reviewed_by(&code).with_import(GET), &pods()).unwrap();
    let request = pod();
    let call = Call {
        request: &request,
        object_json: b"{}",
        old_object_json: None,
        settings_json: b"{}",
    };
    assert!(policy.review(&call, Some(&Arc::new(objects)), None).is_ok());
    assert!(
        policy.review(&call, None, None).is_err(),
        "unavailable without recorded objects"
    );
}
