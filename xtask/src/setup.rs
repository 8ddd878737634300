//! What a command needs on this machine, installed where that can be done without asking.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use xtask::progress;
use xtask::wasm::{DEBIAN_PACKAGES, Toolchain};

/// Tells the test harness where `kubectl-sax` and `sax-webhook` are, so that it needn't build them.
pub(crate) const PRODUCT_FOLDER: &str = "SAX_PRODUCT_DIR";

/// The folder of this profile's programs, where this one lies too.
///
/// # Errors
/// When this program's own path isn't known.
pub(crate) fn program_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("find this program")?;
    Ok(program
        .parent()
        .context("find this program's folder")?
        .to_path_buf())
}

/// A compiler for WebAssembly. As root on Debian it is installed; elsewhere the error says how.
///
/// # Errors
/// When there is none and it can't be installed.
pub(crate) fn wasm_compiler() -> Result<()> {
    let Err(missing) = Toolchain::find() else {
        return Ok(());
    };
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(missing);
    }
    if install(&DEBIAN_PACKAGES).is_err() {
        // A fresh machine may not know the packages' list yet.
        progress::run("apt-get update", apt_get().arg("update"))?;
        install(&DEBIAN_PACKAGES).context("install a compiler for WebAssembly")?;
    }
    Toolchain::find().map(|_| ())
}

fn install(packages: &[&str]) -> Result<()> {
    let what = format!("apt-get install {}", packages.join(" "));
    let mut command = apt_get();
    command
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages);
    progress::run(&what, &mut command)
}

fn apt_get() -> Command {
    let mut command = Command::new("/usr/bin/apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
