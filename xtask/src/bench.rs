//! `cargo xtask bench`: builds everything as it is released, and measures it.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use xtask::progress;

use crate::cluster::exit_code;
use crate::setup::{cargo, wasm_compiler};

const BENCH: [&str; 3] = ["--release", "--package", "sax-bench"];

/// Runs the benchmarks with this terminal.
///
/// # Errors
/// When something doesn't compile or can't be started.
pub(crate) fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    wasm_compiler()?;
    progress::run(
        "building the benchmarks",
        cargo(root).arg("build").args(BENCH),
    )?;
    let mut bench = cargo(root);
    bench.args(["run", "--quiet"]).args(BENCH).arg("--");
    let status = bench.args(arguments).status();
    Ok(exit_code(status.context("run the benchmarks")?))
}
