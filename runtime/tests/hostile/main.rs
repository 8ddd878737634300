//! Guests that mean harm: each is contained with its typed error, and the others still answer.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should say where"
)]

mod choices;
mod guest;
mod isolation;
mod limits;
mod loading;
mod verdicts;

use std::sync::LazyLock;

use admission::{Call, EvaluateError, Request};
use runtime::{Engine, EngineOptions, Grant, Grants, Limits, LoadError, LoadedPolicy};
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
