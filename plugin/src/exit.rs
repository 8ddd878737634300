//! The exit statuses of every verb (design §7).

use std::process::ExitCode;

/// How a run ended. The numbers are part of the product's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is fine.
    Fine,
    /// An error, wrong usage, or input that can't be used.
    Error,
    /// At least one denial, or a problem that `doctor` found; with `--strict` also at least one
    /// warning.
    Denied,
    /// Server-side apply met fields of another manager.
    Conflict,
    /// Some objects were applied, some were not.
    Partial,
    /// The time given to `--timeout` ran out.
    TimedOut,
    /// What was waited for has failed and will not recover.
    Failed,
    /// Ctrl-C.
    Interrupted,
    /// `diff` found a difference.
    Differs,
    /// `diff` couldn't compare.
    NoDiff,
    /// The exit status of a program that `exec` ran.
    Of(u8),
}

impl Exit {
    /// The worse of two results of one run: input that can't be used outranks a denial, because
    /// what it would have said is unknown.
    pub(crate) fn worst(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fine, exit) | (exit, Self::Fine) => exit,
            (Self::Error, _) | (_, Self::Error) => Self::Error,
            (exit, _) => exit,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            // kubectl's own codes of `diff`: 1 is a difference, more is an error.
            Exit::Error | Exit::Differs => 1,
            Exit::Denied | Exit::NoDiff => 2,
            Exit::Conflict => 3,
            Exit::Partial => 4,
            Exit::TimedOut => 124,
            Exit::Failed => 125,
            Exit::Interrupted => 130,
            Exit::Of(code) => code,
        })
    }
}
