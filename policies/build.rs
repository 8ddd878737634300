//! Builds the built-in policies as components and embeds them, so that a plain `cargo build` is
//! enough. `xtask::policies` holds the recipe; `cargo xtask policies` also installs what it needs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use xtask::policies::Component;

/// Cargo shows what goes wrong as this package's error, with the whole chain of causes.
fn main() -> ExitCode {
    match embed(&xtask::workspace_root()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = format!("{error:#}").replace('\n', "; ");
            println!("cargo::error={causes}");
            ExitCode::FAILURE
        }
    }
}

fn embed(root: &Path) -> Result<()> {
    for input in xtask::policies::inputs(root)? {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    let mut table = String::from("&[\n");
    for component in xtask::policies::build(root)? {
        table.push_str(&row(root, &component)?);
    }
    table.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?;
    let file = PathBuf::from(out).join("builtin.rs");
    std::fs::write(&file, table).with_context(|| format!("write {}", file.display()))
}

/// The entry of one policy in the table.
fn row(root: &Path, component: &Component) -> Result<String> {
    let Component { name, path } = component;
    let manifest = root.join("policies").join(name).join("policy.yaml");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let mut row = String::new();
    writeln!(
        row,
        "    Builtin {{ name: {name:?}, component: include_bytes!({path:?}), \
         manifest: include_str!({manifest:?}) }},"
    )?;
    Ok(row)
}
