//! Native tests of the policy: its cases, and properties over mutations of the tutorial's JobSet.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cases;
mod completion;
mod reapply;
mod support;
