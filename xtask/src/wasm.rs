//! Which compiler makes `wasm32-unknown-unknown` on this machine.
//!
//! A rustup toolchain with the target is best. Machines that can't download it may have Debian's
//! `rustc-web`, which compiles the standard library from source along with the policy.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The only target of policies: no WASI, so a policy can import nothing but the contract.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages that make up the second way.
pub const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// Where `rustc-web` installs its compiler; it doesn't shadow rustup's, which comes first in PATH.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Bytes of stack in a policy's memory. The default of 1 MiB costs page faults in every fresh
/// instance; `serde_json` stops at 128 levels, which fits well into this.
const STACK_BYTES: u32 = 128 * 1024;

/// Bytes of memory that a policy starts with: its stack, its data and the heap of a common review.
/// More would have to be asked for, and each growth changes page protections in the host.
const MEMORY_BYTES: u32 = 1024 * 1024;

/// A way to compile for [`TARGET`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The active toolchain has the target.
    Active,
    /// Debian's compiler with its sources, linked by `linker`.
    Debian {
        /// `rust-lld` or `wasm-ld`.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds the best way, or says how to get one.
    ///
    /// # Errors
    /// When neither way is installed; the message names both.
    pub fn find() -> Result<Self> {
        if active_has_target() {
            return Ok(Self::Active);
        }
        if debian_has_sources() {
            return Ok(Self::Debian { linker: linker()? });
        }
        bail!(
            "no compiler for {TARGET} was found. Install the target with `rustup target add {TARGET}`, \
             or Debian's compiler with `apt-get install -y --no-install-recommends {}`",
            DEBIAN_PACKAGES.join(" ")
        )
    }

    /// A `cargo build` for the target, free of what an outer cargo put into the environment.
    /// Its own target folder keeps it from waiting for the outer build's lock.
    #[must_use]
    pub fn cargo_build(&self, root: &Path) -> Command {
        let mut cargo =
            Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| belongs_to_outer_build(&name.to_string_lossy()))
        {
            cargo.env_remove(name);
        }
        cargo.current_dir(root).args(["build", "--target", TARGET]);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", rustflags());
        if let Self::Debian { linker } = self {
            cargo
                .args(["-Z", "build-std=std,panic_abort"])
                .env("RUSTC", DEBIAN_RUSTC)
                // Build-std is an unstable flag of cargo, and Debian's compiler is a stable release.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        cargo
    }
}

fn rustflags() -> String {
    let stack = format!("link-arg=stack-size={STACK_BYTES}");
    let memory = format!("link-arg=--initial-memory={MEMORY_BYTES}");
    // The unit separator is how cargo keeps arguments apart here.
    ["-C", "link-arg=-z", "-C", &stack, "-C", &memory].join("\u{1f}")
}

/// Whether cargo sets the variable for build scripts or a wrapper of the outer build. What a user
/// sets to reach a registry or a proxy (`CARGO_HOME`, `CARGO_NET_*`, `CARGO_REGISTRIES_*`) stays.
fn belongs_to_outer_build(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_MAKEFLAGS",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_DIR",
        "CARGO_TARGET_TMPDIR",
        "CLIPPY_ARGS",
        "DEBUG",
        "HOST",
        "MAKEFLAGS",
        "MFLAGS",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PROFILE",
        "RUSTC",
        "RUSTC_BOOTSTRAP",
        "RUSTC_LINKER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
        "TARGET",
    ];
    const PREFIXES: [&str; 9] = [
        "CARGO_BIN_EXE_",
        "CARGO_BUILD_",
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_WASM32_",
        "DEP_",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn active_has_target() -> bool {
    rustc("rustc", &["--print", "target-libdir", "--target", TARGET])
        .ok()
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .is_some_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
        })
}

fn debian_has_sources() -> bool {
    rustc(DEBIAN_RUSTC, &["--print", "sysroot"]).is_ok_and(|sysroot| {
        Path::new(&sysroot)
            .join("lib/rustlib/src/rust/library/std/Cargo.toml")
            .exists()
    })
}

/// The active toolchain brings a linker that knows Wasm, so that Debian's lld isn't needed.
fn linker() -> Result<PathBuf> {
    for compiler in ["rustc", DEBIAN_RUSTC] {
        let Ok(libraries) = rustc(compiler, &["--print", "target-libdir"]) else {
            continue;
        };
        let Some(host) = Path::new(&libraries).parent() else {
            continue;
        };
        let candidate = host.join("bin/rust-lld");
        if candidate.exists() {
            return Ok(candidate);
        }
    }
    let installed = Path::new("/usr/bin/wasm-ld");
    if installed.exists() {
        return Ok(installed.to_path_buf());
    }
    bail!(
        "no linker for {TARGET} was found: neither rust-lld in the toolchain nor {}; install Debian's `lld`",
        installed.display()
    )
}

fn rustc(program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| belongs_to_outer_build(&name.to_string_lossy()))
    {
        command.env_remove(name);
    }
    let output = command
        .args(arguments)
        .output()
        .with_context(|| format!("run {program}"))?;
    if !output.status.success() {
        bail!(
            "`{program} {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::belongs_to_outer_build;

    #[test]
    fn what_cargo_sets_for_build_scripts_is_not_inherited() {
        for name in [
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_PKG_NAME",
            "CARGO_ENCODED_RUSTFLAGS",
            "OUT_DIR",
            "TARGET",
        ] {
            assert!(belongs_to_outer_build(name), "{name}");
        }
    }

    #[test]
    fn what_reaches_registries_is_inherited() {
        for name in [
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_CRATES_IO_PROTOCOL",
            "HTTPS_PROXY",
            "PATH",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(!belongs_to_outer_build(name), "{name}");
        }
    }
}
