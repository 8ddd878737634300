//! `cargo xtask policies`: the built-in policies as files.

use std::io::{Write, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use xtask::{cargo, policies, progress};

use crate::setup::wasm_compiler;

/// Builds the package that embeds the components: its build script makes them.
///
/// # Errors
/// When there is no compiler for WebAssembly or a policy doesn't compile.
pub(crate) fn run(root: &Path) -> Result<()> {
    wasm_compiler()?;
    progress::run(
        "building the policies",
        cargo::command(root).args(["build", "--package", "policies"]),
    )?;
    for guest in policies::guests(root)? {
        let path = policies::component_path(root, &guest.name);
        let bytes = std::fs::metadata(&path)
            .with_context(|| format!("read {}", path.display()))?
            .len();
        writeln!(
            stdout(),
            "{} ({} KiB)",
            path.display(),
            bytes.div_ceil(1024)
        )
        .context("write to stdout")?;
    }
    Ok(())
}
