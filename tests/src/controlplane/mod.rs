//! Real Kubernetes control planes on one machine, without containers: etcd, the API server, its
//! controllers and scheduler, the JobSet controller, and kwok in place of kubelets.
//!
//! A cluster is a folder under `.cache/clusters/` and a list of detached processes. It outlives
//! the command that started it, and `down` leaves nothing of it.

pub mod binaries;
mod certificates;
mod jobset;
pub mod kubelet;
mod parts;
pub mod pools;
mod ports;
mod process;
pub mod sax;
mod start;
mod state;
pub mod webhook;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};

use crate::kubectl::Kubectl;
use pools::Pool;
use process::{Process, end_all};
use state::State;

/// Lies in a cluster's folder when something went wrong with it, so that `down` keeps the logs.
const FAILED: &str = "failed";

/// A cluster that is up.
#[derive(Clone, Debug)]
pub struct Cluster {
    name: String,
    folder: PathBuf,
    kubectl: Kubectl,
}

/// How a process of a cluster is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is asked to, and may finish what it does.
    Asked,
    /// It is not asked.
    Killed,
}

/// What `down` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is left of it.
    Gone,
    /// Nothing but its logs, kept in this folder because something failed.
    LogsKept(PathBuf),
    /// There was no such cluster.
    Unknown,
}

impl Cluster {
    /// Starts a cluster and returns when it is ready for Pods. What was started ends again when
    /// anything fails.
    ///
    /// # Errors
    /// When a cluster of that name runs, or a part doesn't come up; the message says which, and
    /// where its logs are.
    pub fn up(root: &Path, name: &str, pools: &[Pool]) -> Result<Self> {
        Self::up_with(root, name, |folder| start::start(root, folder, pools))
    }

    /// [`Self::up`] with nothing but the store and the API server: Kubernetes before anything,
    /// JobSet too, is installed in it.
    ///
    /// # Errors
    /// As [`Self::up`].
    pub fn up_bare(root: &Path, name: &str) -> Result<Self> {
        Self::up_with(root, name, |folder| start::start_bare(root, folder))
    }

    fn up_with(
        root: &Path,
        name: &str,
        start: impl FnOnce(&Path) -> Result<Kubectl>,
    ) -> Result<Self> {
        let folder = state::folder(root, name)?;
        if let Some(state) = State::read(&folder)? {
            if state.ready && state.processes.iter().all(Process::is_alive) {
                bail!(
                    "cluster {name} is up already; end it with `cargo xtask cluster down --name {name}`"
                );
            }
            down(root, name)?;
        }
        claim(&folder, name)?;
        match start(&folder) {
            Ok(kubectl) => Ok(Self {
                name: name.to_owned(),
                folder,
                kubectl,
            }),
            Err(error) => Err(abandon(root, name, &folder, error)),
        }
    }

    /// A cluster that was started before.
    ///
    /// # Errors
    /// When there is none of that name, or it isn't up.
    pub fn open(root: &Path, name: &str) -> Result<Self> {
        let folder = state::folder(root, name)?;
        let state = State::read(&folder)?.filter(|state| state.ready);
        let Some(state) = state else {
            bail!(
                "there is no cluster {name}; start one with `cargo xtask cluster up --name {name}`"
            );
        };
        state.check_alive(&folder.join("logs"))?;
        let kubectl = Kubectl::new(&state.kubectl, &kubeconfig(&folder));
        Ok(Self {
            name: name.to_owned(),
            folder,
            kubectl,
        })
    }

    /// The name it was started under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An administrator's kubectl.
    #[must_use]
    pub fn kubectl(&self) -> &Kubectl {
        &self.kubectl
    }

    /// The folder of this cluster's files; it goes with the cluster.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets `down` keep the logs.
    ///
    /// # Errors
    /// When the mark can't be written.
    pub fn mark_failed(&self) -> Result<()> {
        std::fs::write(self.folder.join(FAILED), "").context("mark the cluster as failed")
    }

    /// Starts one more process that ends with the cluster; its log is `<name>.log`.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn add_process(&self, name: &str, command: &mut Command) -> Result<()> {
        let _turn = turn();
        let Some(mut state) = State::read(&self.folder)? else {
            bail!("cluster {} is gone", self.name)
        };
        state
            .processes
            .push(Process::start(name, command, &self.folder.join("logs"))?);
        state.write(&self.folder)
    }

    /// Ends one process and forgets it.
    ///
    /// # Errors
    /// When there is none of that name, or it doesn't end.
    pub fn end_process(&self, name: &str, ending: Ending) -> Result<()> {
        let _turn = turn();
        let (mut state, index) = self.find(name)?;
        state.processes.remove(index).end(ending)?;
        state.write(&self.folder)
    }

    /// Ends one process and starts it again with the same command line.
    ///
    /// # Errors
    /// When there is none of that name, it doesn't end, or doesn't start again.
    pub fn restart_process(&self, name: &str, ending: Ending) -> Result<()> {
        let mut command = self.command_of(name)?;
        self.end_process(name, ending)?;
        self.add_process(name, &mut command)
    }

    /// The command that one process was started with, by which [`Self::add_process`] starts it
    /// again after it was ended.
    ///
    /// # Errors
    /// When there is none of that name, or it has ended.
    pub fn command_of(&self, name: &str) -> Result<Command> {
        let (state, index) = self.find(name)?;
        state.processes[index].command()
    }

    /// The id of one process.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn pid(&self, name: &str) -> Result<i32> {
        let (state, index) = self.find(name)?;
        Ok(state.processes[index].pid)
    }

    /// The kubeconfig of a user that the cluster was started with.
    #[must_use]
    pub fn kubeconfig_of(&self, stem: &str) -> PathBuf {
        self.folder.join(format!("{stem}.kubeconfig"))
    }

    fn find(&self, name: &str) -> Result<(State, usize)> {
        let state = State::read(&self.folder)?;
        let state = state.with_context(|| format!("cluster {} is gone", self.name))?;
        let mut processes = state.processes.iter();
        let index = processes.position(|process| process.name == name);
        let index = index.with_context(|| format!("cluster {} runs no {name}", self.name))?;
        Ok((state, index))
    }

    /// # Errors
    /// When a part has ended; the message has the end of its log.
    pub fn check_alive(&self) -> Result<()> {
        match State::read(&self.folder)? {
            Some(state) => state.check_alive(&self.folder.join("logs")),
            None => bail!("cluster {} is gone", self.name),
        }
    }
}

/// Tests that share a cluster change its list of processes one after the other.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a cluster: its processes, then its data.
///
/// # Errors
/// When a process doesn't end or the folder can't be removed.
pub fn down(root: &Path, name: &str) -> Result<Ended> {
    let folder = state::folder(root, name)?;
    let Some(state) = State::read(&folder)? else {
        remove(&folder)?;
        return Ok(Ended::Unknown);
    };
    end_all(&state.processes)?;
    let kept = if folder.join(FAILED).exists() {
        Some(keep_logs(root, name, &folder)?)
    } else {
        None
    };
    remove(&folder)?;
    Ok(kept.map_or(Ended::Gone, Ended::LogsKept))
}

/// Makes the cluster's folder, which one of two commands that start it at once can't.
fn claim(folder: &Path, name: &str) -> Result<()> {
    if let Some(clusters) = folder.parent() {
        std::fs::create_dir_all(clusters)
            .with_context(|| format!("make {}", clusters.display()))?;
    }
    std::fs::create_dir(folder).with_context(|| {
        format!(
            "cluster {name} is being started by another command, or that was interrupted: then \
             end it with `cargo xtask cluster down --name {name}`"
        )
    })
}

fn kubeconfig(folder: &Path) -> PathBuf {
    folder.join("admin.kubeconfig")
}

/// Ends what a failed start left behind and adds to the error where the logs are.
fn abandon(root: &Path, name: &str, folder: &Path, error: anyhow::Error) -> anyhow::Error {
    let ended = std::fs::write(folder.join(FAILED), "")
        .map_err(anyhow::Error::from)
        .and_then(|()| down(root, name));
    match ended {
        Ok(Ended::LogsKept(logs)) => error.context(format!(
            "cluster {name} didn't start; its logs are in {}",
            logs.display()
        )),
        Ok(Ended::Gone | Ended::Unknown) => error.context(format!("cluster {name} didn't start")),
        Err(second) => error.context(format!("cluster {name} didn't start, and {second:#}")),
    }
}

fn keep_logs(root: &Path, name: &str, folder: &Path) -> Result<PathBuf> {
    let kept = root.join(".cache/logs").join(name);
    remove(&kept)?;
    std::fs::create_dir_all(&kept).with_context(|| format!("make {}", kept.display()))?;
    std::fs::remove_dir(&kept)
        .and_then(|()| std::fs::rename(folder.join("logs"), &kept))
        .context("keep the logs")?;
    Ok(kept)
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
