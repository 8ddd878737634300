//! `cargo xtask bench`: builds everything as it is released, and measures it.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use xtask::{cargo, progress};

use crate::cluster::exit_code;
use crate::setup::{PRODUCT_FOLDER, program_folder, wasm_compiler};

/// Built together, so that all share one set of dependencies.
const PACKAGES: [&str; 10] = [
    "--package",
    "sax-bench",
    "--package",
    "sax-tests",
    "--package",
    "sax-simulator",
    "--package",
    "plugin",
    "--package",
    "webhook",
];

/// Runs the benchmarks with this terminal.
///
/// # Errors
/// When something doesn't compile or can't be started.
pub(crate) fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    wasm_compiler()?;
    let mut build = cargo::command(root);
    build.args(["build", "--release", "--bins"]).args(PACKAGES);
    progress::run("building the benchmarks and what they measure", &mut build)?;
    let folder = program_folder()?.with_file_name("release");
    let mut bench = Command::new(folder.join("sax-bench"));
    let status = bench.args(arguments).env(PRODUCT_FOLDER, &folder).status();
    Ok(exit_code(status.context("run the benchmarks")?))
}
