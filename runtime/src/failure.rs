//! From wasmtime's errors to ours: by type, never by text.

use std::str::Utf8Error;

use admission::EvaluateError;
use wasmtime::{Error, Trap};

use crate::limits::Limits;

/// How a call failed.
pub(crate) fn failure(error: &Error, limits: &Limits) -> EvaluateError {
    if let Some(ours) = error.downcast_ref::<EvaluateError>() {
        return ours.clone();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => EvaluateError::OutOfFuel { limit: limits.fuel },
        Some(Trap::Interrupt) => EvaluateError::DeadlineExceeded {
            limit: limits.deadline_millis(),
        },
        Some(Trap::StackOverflow) => EvaluateError::StackOverflow,
        Some(trap) => EvaluateError::Trapped {
            reason: trap.to_string(),
        },
        None if is_malformed(error) => EvaluateError::InvalidVerdict {
            reason: format!("it can't be read: {error}"),
        },
        None => EvaluateError::OutputTooLarge {
            limit: limits.output_bytes,
        },
    }
}

/// Whether the error is about bytes that make no value of the contract's types.
///
/// Reading what a guest hands over fails with a plain message, with the standard library's error
/// for text, or with a private type that stands for nothing but too many bytes: wasmtime 48,
/// `component/func/options.rs`, `HostcallFuelExhausted`. The tests of hostile guests hold both.
fn is_malformed(error: &Error) -> bool {
    error.is::<&'static str>() || error.is::<String>() || error.is::<Utf8Error>()
}
