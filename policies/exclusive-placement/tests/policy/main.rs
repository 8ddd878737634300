//! The policy against its case files, twice over every object, and against objects that make no
//! sense.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should say where"
)]

mod cases;
mod never_panics;
mod settles;
mod support;
