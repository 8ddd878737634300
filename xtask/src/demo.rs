//! `cargo xtask demo`: the main job, told with real commands and their real output.

mod stage;
mod story;

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use xtask::guard::Guard;

use crate::cluster;
use crate::setup::{program_folder, wasm_compiler};
use stage::{Stage, chapter, echo};

/// The cluster's name; one that is left from an earlier demo is replaced.
const CLUSTER: &str = "demo";

/// Tells the story; the cluster is taken down at its end unless `keep` is set.
///
/// # Errors
/// When the set-up or a command of the story fails.
pub(crate) fn run(root: &Path, keep: bool) -> Result<ExitCode> {
    wasm_compiler()?;
    let programs = [printed(root, &["product"])?, printed(root, &["bin"])?];
    cluster(root, &["down", "--quiet", "--name", CLUSTER])?;
    let guard = match keep {
        true => None,
        false => Some(Guard::start(
            &program_folder()?.join("controlplane"),
            CLUSTER,
        )?),
    };
    let told = up_and_tell(root, programs, keep);
    match guard {
        Some(guard) => guard.end()?,
        None if told.is_err() => cluster(root, &["down", "--name", CLUSTER])?,
        None => {}
    }
    told.map(|()| ExitCode::SUCCESS)
}

fn up_and_tell(root: &Path, programs: [PathBuf; 2], keep: bool) -> Result<()> {
    chapter("A Kubernetes with two v5e node pools, and our webhook in front of it")?;
    let up = ["up", "--name", CLUSTER, "--webhook"];
    echo("cargo", &[&["xtask", "cluster"][..], &up].concat())?;
    cluster(root, &up)?;
    let stage = Stage {
        root: root.to_path_buf(),
        programs,
        kubeconfig: printed(root, &["kubeconfig", "--name", CLUSTER])?,
    };
    story::tell(&stage)?;
    stage.farewell(CLUSTER, keep)
}

fn cluster(root: &Path, arguments: &[&str]) -> Result<()> {
    let status = cluster::command(root)?
        .args(arguments)
        .status()
        .context("run the test harness")?;
    ensure!(
        status.success(),
        "`cargo xtask cluster {}` failed",
        arguments.join(" ")
    );
    Ok(())
}

/// The path that a cluster command prints.
fn printed(root: &Path, arguments: &[&str]) -> Result<PathBuf> {
    let mut command = cluster::command(root)?;
    let output = command
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("run the test harness")?;
    ensure!(
        output.status.success(),
        "`cargo xtask cluster {}` failed",
        arguments.join(" ")
    );
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim_end(),
    ))
}
