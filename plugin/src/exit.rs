//! The exit statuses of every verb (design §7).

use std::process::ExitCode;

/// How a run ended. The numbers are part of the product's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All is fine.
    Fine = 0,
    /// An error, wrong usage, or input that can't be used.
    Error = 1,
    /// At least one denial; with `--strict` also at least one warning.
    Denied = 2,
    /// Server-side apply met fields of another manager.
    Conflict = 3,
    /// Some objects were applied, some were not.
    Partial = 4,
    /// The time given to `--timeout` ran out.
    TimedOut = 124,
    /// What was waited for has failed and will not recover.
    Failed = 125,
    /// Ctrl-C.
    Interrupted = 130,
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
        Self::from(exit as u8)
    }
}
