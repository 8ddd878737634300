//! What is known of a cluster between commands: one JSON file in its folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::process::Process;

/// The content of `.cache/clusters/<name>/state.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// All processes, in the order of their start.
    pub(super) processes: Vec<Process>,
    /// The kubectl of this cluster's binaries.
    pub(super) kubectl: PathBuf,
    /// Whether `up` has finished.
    pub(super) ready: bool,
}

/// Where everything about a cluster is kept.
///
/// # Errors
/// When the name wouldn't do as a folder's.
pub(super) fn folder(root: &Path, name: &str) -> Result<PathBuf> {
    let fits = name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure!(
        fits && !name.is_empty() && !name.starts_with('-'),
        "cluster name {name:?}: use 1 to 40 lowercase letters, digits and dashes"
    );
    Ok(root.join(".cache/clusters").join(name))
}

impl State {
    /// Reads a cluster's state; none means that there is no such cluster.
    ///
    /// # Errors
    /// When the file can't be read or parsed.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("state.json");
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(
                serde_json::from_slice(&bytes)
                    .with_context(|| format!("parse {}", path.display()))?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
        }
    }

    /// Writes the state; a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let (path, unfinished) = (folder.join("state.json"), folder.join("state.json.tmp"));
        std::fs::write(&unfinished, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("write {}", unfinished.display()))?;
        std::fs::rename(&unfinished, &path).with_context(|| format!("write {}", path.display()))
    }

    /// # Errors
    /// When a process has ended; the message has the end of its log.
    pub(super) fn check_alive(&self, logs: &Path) -> Result<()> {
        match self.processes.iter().find(|process| !process.is_alive()) {
            Some(dead) => bail!(
                "{} has ended; {}",
                dead.name,
                super::process::log_tail(logs, &dead.name)
            ),
            None => Ok(()),
        }
    }
}
