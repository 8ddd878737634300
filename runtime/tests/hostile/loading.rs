//! Components that are no policies.

use admission::EvaluateError;
use proptest::prelude::*;
use runtime::{Grants, Limits, LoadError};
use serde_json::json;

use crate::guest::Guest;
use crate::{ENGINE, GET, endless, load, load_with, pods};

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
fn settings_are_checked_against_the_schema() {
    let policy = load(Guest::answering(&[], &[]));
    assert!(policy.check_settings(&json!({"anything": 1})).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A sound component with a few bytes changed: it may load or not, and must not do harm.
    #[test]
    fn damaged_components_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut component = Guest::answering(&[], &[]).component();
        for (at, byte) in changes {
            let at = at.index(component.len());
            component[at] = byte;
        }
        if let Ok(policy) = ENGINE.load("damaged", &component, &Grants::default()) {
            let (Ok(_) | Err(_)) = crate::ask(&policy);
        }
    }
}
