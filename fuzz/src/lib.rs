//! What holds for any bytes that somebody else sends us: one module for each place where such bytes
//! come in, with a function `check` that panics where it doesn't hold.
//!
//! `cargo xtask fuzz` looks for counterexamples; `tests/corpora.rs` replays what was found so far.

mod answer;
pub mod guest_output;
mod image;
pub mod patch;
pub mod policy_file;
mod relay;
pub mod replay;
pub mod review;
mod rfc6902;
pub mod tpu;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its program's name, and that of its folder in `corpus/`.
    pub name: &'static str,
    /// Panics where something doesn't hold for these bytes.
    pub check: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "review",
        check: review::check,
    },
    Target {
        name: "patch",
        check: patch::check,
    },
    Target {
        name: "guest_output",
        check: guest_output::check,
    },
    Target {
        name: "policy_file",
        check: policy_file::check,
    },
    Target {
        name: "tpu",
        check: tpu::check,
    },
];
