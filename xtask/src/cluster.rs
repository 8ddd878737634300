//! `cargo xtask cluster`: hands over to the test harness, which owns the control planes.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};
use xtask::{cargo, progress};

use crate::setup::wasm_compiler;

/// Runs one cluster command with this terminal.
///
/// # Errors
/// When the harness doesn't compile or can't be started.
pub(crate) fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let needs_product = |argument: &OsString| {
        let text = argument.to_string_lossy();
        text == "--webhook" || text.starts_with("--saxml")
    };
    if arguments.iter().any(needs_product) {
        wasm_compiler()?;
    }
    let status = command(root)?
        .args(arguments)
        .status()
        .context("run the test harness")?;
    Ok(exit_code(status))
}

/// The child's exit status as ours; a signal counts as a failure.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The harness's command for clusters, built; arguments are still to be added.
///
/// # Errors
/// When the harness doesn't compile.
pub(crate) fn command(root: &Path) -> Result<Command> {
    const BINARY: [&str; 4] = ["--package", "sax-tests", "--bin", "controlplane"];
    progress::run(
        "building the test harness",
        cargo::command(root).arg("build").args(BINARY),
    )?;
    let mut run = cargo::command(root);
    // A file named by the user is relative to the user's folder, not to the workspace's.
    run.current_dir(std::env::current_dir().context("find the current folder")?);
    run.args(["run", "--quiet", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .args(BINARY)
        .arg("--");
    Ok(run)
}
