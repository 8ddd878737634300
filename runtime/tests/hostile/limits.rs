//! Each limit, broken.

use std::time::{Duration, Instant};

use admission::{EvaluateError, Verdict};
use runtime::{FUEL_PER_BYTE, Grants, Limits, LoadError};

use crate::guest::Guest;
use crate::{GET, LOG, ask, endless, error_of, load, load_with, pods, small};

fn is_out_of_fuel(answer: &Result<Verdict, EvaluateError>, least: u64) -> bool {
    let limits = least..least + 1_000 * FUEL_PER_BYTE;
    matches!(answer, Err(EvaluateError::OutOfFuel { limit }) if limits.contains(limit))
}

#[test]
fn an_endless_loop_runs_out_of_fuel_long_before_the_deadline() {
    let limits = Limits::default();
    let policy = load(endless());
    let started = Instant::now();
    assert!(is_out_of_fuel(&ask(&policy), limits.fuel));
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
    assert!(is_out_of_fuel(&ask(&policy), 100_000));
}
