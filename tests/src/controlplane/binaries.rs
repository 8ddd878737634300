//! The Kubernetes that tests run against: built once from Go modules, then kept.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

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
        let cache = root.join(".cache/kubernetes");
        std::fs::create_dir_all(&cache).with_context(|| format!("make {}", cache.display()))?;
        let folder = cache.join(key(root)?);
        if missing(&folder).is_some() {
            build(root, &cache, &folder)?;
        }
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
    let list = || go(root, &["list", "-m", "-f", "{{.Dir}}", module]);
    let mut folder = list()?;
    if folder.is_empty() {
        go(root, &["mod", "download", module])?;
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

/// Changes with the sources and the compiler.
fn key(root: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for file in ["go.mod", "go.sum"] {
        let path = root.join(MODULE).join(file);
        hash.update(std::fs::read(&path).with_context(|| format!("read {}", path.display()))?);
    }
    hash.update(go(root, &["env", "GOVERSION", "GOOS", "GOARCH"])?);
    hash.update(linker_flags(root)?);
    Ok(hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// One build at a time; readers see a complete folder or none.
fn build(root: &Path, cache: &Path, folder: &Path) -> Result<()> {
    let lock = File::create(cache.join("lock")).context("create the build's lock")?;
    lock.lock()
        .context("wait for another build of Kubernetes")?;
    if missing(folder).is_none() {
        return Ok(());
    }
    let unfinished = folder.with_extension("unfinished");
    std::fs::create_dir_all(&unfinished)
        .with_context(|| format!("make {}", unfinished.display()))?;
    let mut go = Command::new("go");
    go.current_dir(root.join(MODULE)).args([
        "build",
        "-v",
        "-trimpath",
        "-ldflags",
        &linker_flags(root)?,
        "-o",
    ]);
    go.arg(&unfinished).arg("tool");
    xtask::progress::run(
        "building Kubernetes, once (about 7 minutes on two cores)",
        &mut go,
    )?;
    // Go names a binary after its package's folder, and etcd's is `server`.
    std::fs::rename(
        unfinished.join("server"),
        unfinished.join(Program::Etcd.file_name()),
    )
    .context("rename etcd")?;
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    std::fs::rename(&unfinished, folder)
        .with_context(|| format!("move the binaries to {}", folder.display()))
}

/// Small, and with the version that `kubectl version` prints.
fn linker_flags(root: &Path) -> Result<String> {
    let version = go(
        root,
        &["list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"],
    )?;
    Ok(format!(
        "-s -w -X k8s.io/component-base/version.gitVersion={version}"
    ))
}

fn go(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("go")
        .current_dir(root.join(MODULE))
        .args(arguments)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!(
                "Go 1.26 or newer is needed to build Kubernetes, and there is no `go` in PATH: get it from https://go.dev/dl"
            )
        }
        Err(error) => return Err(error).context("run go"),
    };
    if !output.status.success() {
        bail!(
            "`go {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
