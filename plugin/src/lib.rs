//! `kubectl sax`: the shell on the user's machine.

mod exit;
mod input;
mod plan;
mod printer;
mod scaffold;

use std::process::ExitCode;

/// Runs the plugin with the process's arguments.
#[must_use]
pub fn main_impl() -> ExitCode {
    ExitCode::SUCCESS
}
