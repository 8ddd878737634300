//! The Kubernetes that tests run against: built once from Go modules, then kept.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::go_tools::{GoTools, go};

/// The folder of the Go module that names the versions.
const MODULE: &str = "tests/controlplane";

/// Names a folder with ready binaries, as in kubebuilder's test environment.
const READY_FOLDER: &str = "KUBEBUILDER_ASSETS";

/// A folder that holds everything a cluster consists of.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

/// The programs of a control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// Kubernetes' own controllers.
    ControllerManager,
    /// The scheduler.
    Scheduler,
    /// The JobSet controller with its webhook.
    JobSet,
    /// Plays the kubelets.
    Kwok,
    /// The client.
    Kubectl,
}

impl Program {
    const ALL: [Self; 7] = [
        Self::Etcd,
        Self::ApiServer,
        Self::ControllerManager,
        Self::Scheduler,
        Self::JobSet,
        Self::Kwok,
        Self::Kubectl,
    ];

    /// The file's name, which is also the process's and its log's.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::JobSet => "jobset",
            Self::Kwok => "kwok",
            Self::Kubectl => "kubectl",
        }
    }
}

impl Binaries {
    /// The binaries named by `KUBEBUILDER_ASSETS` when they are complete; else those in the
    /// cache, built first where they are missing (about seven minutes on two cores).
    ///
    /// # Errors
    /// When Go is missing or the build fails.
    pub fn ready(root: &Path) -> Result<Self> {
        if let Some(folder) = std::env::var_os(READY_FOLDER).map(PathBuf::from) {
            match missing(&folder) {
                None => return Ok(Self { folder }),
                Some(program) => xtask::progress::say(&format!(
                    "{READY_FOLDER} has no {}: building our own",
                    program.file_name()
                )),
            }
        }
        let tools = GoTools {
            module: root.join(MODULE),
            cache: root.join(".cache/kubernetes"),
            flags: linker_flags(root)?,
            progress: "building Kubernetes, once (about 7 minutes on two cores)",
            is_complete: |folder| missing(folder).is_none(),
            finish: name_etcd,
        };
        let folder = tools.ready()?;
        Ok(Self { folder })
    }

    /// The folder, as `cargo xtask cluster bin` prints it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One program's path.
    #[must_use]
    pub fn path(&self, program: Program) -> PathBuf {
        self.folder.join(program.file_name())
    }

    /// A command that runs one program.
    #[must_use]
    pub fn command(&self, program: Program) -> Command {
        Command::new(self.path(program))
    }
}

/// The folder of a Go module's sources, for the manifests in it.
///
/// # Errors
/// When Go is missing or the module can't be had.
pub fn module_folder(root: &Path, module: &str) -> Result<PathBuf> {
    let folder_of = root.join(MODULE);
    let list = || go(&folder_of, &["list", "-m", "-f", "{{.Dir}}", module]);
    let mut folder = list()?;
    if folder.is_empty() {
        go(&folder_of, &["mod", "download", module])?;
        folder = list()?;
    }
    if folder.is_empty() {
        bail!("Go has no sources of {module}");
    }
    Ok(PathBuf::from(folder))
}

fn missing(folder: &Path) -> Option<Program> {
    Program::ALL
        .into_iter()
        .find(|program| !folder.join(program.file_name()).is_file())
}

/// Go names a binary after its package's folder, and etcd's is `server`.
fn name_etcd(folder: &Path) -> Result<()> {
    let etcd = folder.join(Program::Etcd.file_name());
    std::fs::rename(folder.join("server"), etcd).context("rename etcd")
}

/// Small, and with the version that `kubectl version` prints.
fn linker_flags(root: &Path) -> Result<String> {
    let version = go(
        &root.join(MODULE),
        &["list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"],
    )?;
    Ok(format!(
        "-s -w -X k8s.io/component-base/version.gitVersion={version}"
    ))
}
