//! A process that ends a cluster when this one ends, however that happens.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Holds the pipe whose end tells the guard that we are gone.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Starts the guard of the cluster `name`; `program` is the harness's `controlplane`.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(program: &Path, name: &str) -> Result<Self> {
        let mut guard = Command::new(program);
        guard
            .args(["guard", "--name", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // In a group of its own Ctrl-C doesn't reach it.
            .process_group(0);
        let started = guard.spawn();
        started
            .map(Self)
            .with_context(|| format!("start {}", program.display()))
    }

    /// Lets it end the cluster now, and waits until it has.
    ///
    /// # Errors
    /// When the cluster couldn't be taken down.
    pub fn end(mut self) -> Result<()> {
        let status = self.0.wait().context("wait for the cluster's end")?;
        ensure!(status.success(), "the cluster couldn't be taken down");
        Ok(())
    }
}
