//! What a command needs on this machine, installed where that can be done without asking.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use xtask::progress::{self, say};
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
    if !can_install() {
        return Err(missing);
    }
    install(&DEBIAN_PACKAGES).context("install a compiler for WebAssembly")?;
    Toolchain::find().map(|_| ())
}

/// A compiler for C++, which libFuzzer is written in. As root on Debian it is installed; elsewhere the
/// error says how.
///
/// # Errors
/// When there is none and it can't be installed.
pub(crate) fn cxx_compiler() -> Result<()> {
    let named = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let has_one = Command::new(named).arg("--version").output();
    if has_one.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    ensure!(
        can_install(),
        "no compiler for C++ was found, which libFuzzer needs. Install it with `apt-get install g++`, \
         or name yours in CXX"
    );
    install(&["g++"]).context("install a compiler for C++")
}

/// The shells whose completion is tested. Where they can't be installed their cases are left out,
/// as on a developer's machine that has none of them; it is said.
pub(crate) fn shells() {
    let missing: Vec<&str> = ["fish", "zsh"]
        .into_iter()
        .filter(|shell| !Path::new("/usr/bin").join(shell).exists())
        .collect();
    if missing.is_empty() || (can_install() && install(&missing).is_ok()) {
        return;
    }
    let shells = missing.join(", ");
    say(&format!("without {shells}: completion isn't tested there"));
}

/// Python's own environments, in which a client that another tool makes talks to the Sax
/// simulator. Where they can't be had its test is left out; it says so.
pub(crate) fn python() {
    let has_venv = Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .output()
        .is_ok_and(|output| output.status.success());
    let packages = ["python3", "python3-venv"];
    let is_ready = has_venv || (can_install() && install(&packages).is_ok());
    if !is_ready {
        say("without python3-venv: no other tool's client talks to the Sax simulator");
    }
}

fn can_install() -> bool {
    is_root() && Path::new("/usr/bin/apt-get").exists()
}

fn install(packages: &[&str]) -> Result<()> {
    if try_install(packages).is_ok() {
        return Ok(());
    }
    // A fresh machine may not know the packages' list yet.
    progress::run("apt-get update", apt_get().arg("update"))?;
    try_install(packages)
}

fn try_install(packages: &[&str]) -> Result<()> {
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
