//! Lines of a kubectl that watches: told by one long request, so that looking costs the API server
//! little.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use anyhow::{Context, Result};
use sax_tests::controlplane::Cluster;

/// Lines as they come.
pub(crate) struct Lines {
    kubectl: Child,
    lines: Receiver<String>,
}

impl Lines {
    /// Starts kubectl with these arguments.
    pub(crate) fn of(cluster: &Cluster, arguments: &[&str]) -> Result<Self> {
        let mut kubectl = Command::new(cluster.kubectl().program());
        kubectl
            .arg("--kubeconfig")
            .arg(cluster.kubectl().kubeconfig())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut kubectl = kubectl.spawn().context("run kubectl")?;
        let output = kubectl.stdout.take().context("read from kubectl")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { kubectl, lines })
    }

    /// The next line; none when none has come by then.
    pub(crate) fn next(&self, until: Instant) -> Option<String> {
        let left = until.saturating_duration_since(Instant::now());
        self.lines.recv_timeout(left).ok()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nobody to end and nothing to learn.
        self.kubectl.kill().ok();
        self.kubectl.wait().ok();
    }
}
