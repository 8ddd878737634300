//! Programs that are built once from Go modules, then kept: those that a `go.mod` of ours names as
//! tools.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// What is built of one Go module, and where it is kept.
pub(crate) struct GoTools<'a> {
    /// The folder of the `go.mod`.
    pub(crate) module: PathBuf,
    /// Holds a folder for each version of sources and compiler.
    pub(crate) cache: PathBuf,
    /// Of the linker.
    pub(crate) flags: String,
    /// What the user reads meanwhile.
    pub(crate) progress: &'a str,
    /// Whether a folder has all that is wanted.
    pub(crate) is_complete: fn(&Path) -> bool,
    /// Gives the programs in a folder their names.
    pub(crate) finish: fn(&Path) -> Result<()>,
}

impl GoTools<'_> {
    /// The folder of the programs, which are built first where they are missing.
    ///
    /// # Errors
    /// When Go is missing or the build fails.
    pub(crate) fn ready(&self) -> Result<PathBuf> {
        let Self { cache, .. } = self;
        std::fs::create_dir_all(cache).with_context(|| format!("make {}", cache.display()))?;
        let folder = cache.join(self.key()?);
        if !(self.is_complete)(&folder) {
            self.build(&folder)?;
        }
        Ok(folder)
    }

    /// Changes with the sources and the compiler.
    fn key(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for file in ["go.mod", "go.sum"] {
            let path = self.module.join(file);
            hash.update(std::fs::read(&path).with_context(|| format!("read {}", path.display()))?);
        }
        hash.update(go(&self.module, &["env", "GOVERSION", "GOOS", "GOARCH"])?);
        hash.update(&self.flags);
        let bytes = hash.finalize();
        Ok(bytes
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    /// One build at a time; readers see a complete folder or none.
    fn build(&self, folder: &Path) -> Result<()> {
        let lock = File::create(self.cache.join("lock")).context("create the build's lock")?;
        lock.lock().context("wait for another build")?;
        if (self.is_complete)(folder) {
            return Ok(());
        }
        let unfinished = folder.with_extension("unfinished");
        std::fs::create_dir_all(&unfinished)
            .with_context(|| format!("make {}", unfinished.display()))?;
        let mut go = Command::new("go");
        go.current_dir(&self.module).args([
            "build",
            "-v",
            "-trimpath",
            "-ldflags",
            &self.flags,
            "-o",
        ]);
        go.arg(&unfinished).arg("tool");
        xtask::progress::run(self.progress, &mut go)?;
        (self.finish)(&unfinished)?;
        if folder.exists() {
            std::fs::remove_dir_all(folder)
                .with_context(|| format!("remove {}", folder.display()))?;
        }
        std::fs::rename(&unfinished, folder)
            .with_context(|| format!("move the binaries to {}", folder.display()))
    }
}

/// What `go` prints in the folder of a module.
///
/// # Errors
/// When Go is missing or says no.
pub(crate) fn go(module: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("go")
        .current_dir(module)
        .args(arguments)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!(
                "Go 1.26 or newer is needed to build what the tests run, and there is no `go` in PATH: get it from https://go.dev/dl"
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
