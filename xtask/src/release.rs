//! `cargo xtask dist`: builds the plugin and packs it.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use xtask::dist::{Archive, NAME, Platform, checksums, krew_manifest, pack, packed};
use xtask::{cargo, progress};

use crate::setup::wasm_compiler;

/// What to release.
#[derive(Args)]
pub(crate) struct DistArgs {
    /// Platform to build for, as Rust names it; repeat for several [default: this machine's].
    #[arg(long = "target", value_name = "TRIPLE")]
    targets: Vec<String>,

    /// Where the archives will be published.
    #[arg(long, value_name = "URL", default_value = concat!("https://kubectl-sax.dev/releases/v", env!("CARGO_PKG_VERSION")))]
    url: String,

    /// Build nothing: take the archives in --out, which several machines have made, and write the
    /// checksums and krew's manifest of all of them.
    #[arg(long, conflicts_with = "targets")]
    packed: bool,

    /// Folder for the archives.
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    out: PathBuf,
}

/// Builds, packs, and prints the paths of what was made.
///
/// # Errors
/// When a build fails or a file can't be written.
pub(crate) fn run(root: &Path, args: &DistArgs) -> Result<()> {
    let out = root.join(&args.out);
    let archives = if args.packed {
        packed(&out)?
    } else {
        build_and_pack(root, &args.targets, &out)?
    };
    let texts = [
        ("checksums.txt".to_owned(), checksums(&archives)),
        (format!("{NAME}.yaml"), krew_manifest(&archives, &args.url)),
    ];
    let mut made: Vec<PathBuf> = archives.into_iter().map(|archive| archive.path).collect();
    for (name, text) in texts {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        made.push(path);
    }
    for path in made {
        writeln!(stdout(), "{}", path.display()).context("write to stdout")?;
    }
    Ok(())
}

/// An archive for each of these platforms.
fn build_and_pack(root: &Path, triples: &[String], out: &Path) -> Result<Vec<Archive>> {
    wasm_compiler()?;
    let here = Platform::here()?;
    let platforms = match triples {
        [] => vec![here],
        triples => triples
            .iter()
            .map(|triple| Platform::of(triple))
            .collect::<Result<_>>()?,
    };
    let talker = build(root, here)?;
    let mut archives = Vec::new();
    for platform in platforms {
        let program = if platform == here {
            talker.clone()
        } else {
            build(root, platform)?
        };
        archives.push(pack(root, &program, &talker, platform, out)?);
    }
    Ok(archives)
}

/// The plugin's program for a platform.
fn build(root: &Path, platform: Platform) -> Result<PathBuf> {
    let triple = platform.triple;
    let mut command = cargo::command(root);
    command.args(["build", "--release", "--locked", "--package", "plugin"]);
    let is_here = platform == Platform::here()?;
    // Without --target the build shares what other release builds have compiled.
    if !is_here {
        command.args(["--target", triple]);
    }
    progress::run(&format!("building kubectl-sax for {triple}"), &mut command)?;
    let folder = if is_here {
        "target/release".to_owned()
    } else {
        format!("target/{triple}/release")
    };
    Ok(root.join(folder).join("kubectl-sax"))
}
