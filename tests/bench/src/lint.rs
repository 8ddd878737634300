//! `kubectl sax lint`, the whole process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use xtask::workspace_root;

use crate::row::Row;
use crate::sample::{Sample, time_program};

const WARM: Duration = Duration::from_millis(60);
const COLD: Duration = Duration::from_millis(400);
const HELP: Duration = Duration::from_millis(15);
const RUNS: usize = 30;
const COLD_RUNS: usize = 5;

/// Measures `lint` of the tutorial's JobSet with the compiled cache warm and cold, and `--help`.
pub(crate) fn measure(program: &Path) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir().context("make a folder")?;
    let manifest = workspace_root().join("tests/fixtures/tutorial/sax-model-server-set.yaml");
    let lint = |cache: &str| {
        let mut command = Command::new(program);
        command.args(["lint", "--filename"]).arg(&manifest);
        command.env("KUBECTL_SAX_CACHE_DIR", folder.path().join(cache));
        command
    };
    let mut start = 0;
    let cold = Sample::of_runs(COLD_RUNS, || {
        start += 1;
        time_program(&mut lint(&format!("cold-{start}")))
    })?;
    time_program(&mut lint("warm"))?;
    let warm = Sample::of_runs(RUNS, || time_program(&mut lint("warm")))?;
    let help = Sample::of_runs(RUNS, || time_program(Command::new(program).arg("--help")))?;
    let nothing = Sample::of_runs(RUNS, || time_program(&mut Command::new("true")))?;
    let what = |cache| format!("kubectl sax lint of the tutorial's JobSet, cache {cache}");
    let spawn = format!(
        "whole process; `true` takes {:.1} ms here",
        nothing.p50().as_secs_f64() * 1e3
    );
    Ok(vec![
        Row::of_time("lint-warm", &what("warm"), WARM, &warm).noting(spawn),
        Row::of_time("lint-cold", &what("cold"), COLD, &cold),
        Row::of_time("help", "kubectl sax --help", HELP, &help),
    ])
}
