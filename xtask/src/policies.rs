//! The recipe of the built-in policies: Rust guests to WebAssembly components.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// One built-in policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The package's name, which is also its folder's under `policies/`.
    pub name: String,
    /// The package's folder.
    pub folder: PathBuf,
}

/// One component on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The policy's name.
    pub name: String,
    /// `target/policies/components/<name>.wasm`.
    pub path: PathBuf,
}

/// The packages under `policies/` that are linked as `cdylib`, by name.
///
/// # Errors
/// When the folder can't be read.
pub fn guests(root: &Path) -> Result<Vec<Guest>> {
    let guests = packages(root)?
        .into_iter()
        .filter(|folder| is_guest(folder));
    let name = |folder: &Path| {
        folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    Ok(guests
        .filter_map(|folder| {
            Some(Guest {
                name: name(&folder)?,
                folder,
            })
        })
        .collect())
}

/// Where the component of a policy is written.
#[must_use]
pub fn component_path(root: &Path, name: &str) -> PathBuf {
    target_folder(root)
        .join("components")
        .join(format!("{name}.wasm"))
}

/// Everything that a component is made from, for `cargo::rerun-if-changed`.
///
/// # Errors
/// When the policies' folder can't be read.
pub fn inputs(root: &Path) -> Result<Vec<PathBuf>> {
    let shared = [
        "Cargo.toml",
        "Cargo.lock",
        "sdk/Cargo.toml",
        "sdk/src",
        "tpu/Cargo.toml",
        "tpu/src",
        "wit",
    ];
    let mut inputs: Vec<PathBuf> = shared.iter().map(|path| root.join(path)).collect();
    for folder in packages(root)? {
        inputs.extend([folder.join("Cargo.toml"), folder.join("src")]);
    }
    inputs.retain(|path| path.exists());
    Ok(inputs)
}

/// The folders of all packages under `policies/`, guests and what they share.
fn packages(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("policies");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
    let mut packages: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|folder| folder.join("Cargo.toml").exists())
        .collect();
    packages.sort();
    Ok(packages)
}

fn is_guest(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("Cargo.toml"))
        .is_ok_and(|manifest| manifest.contains("cdylib"))
}

fn target_folder(root: &Path) -> PathBuf {
    root.join("target/policies")
}

#[cfg(feature = "components")]
pub use encode::build;

#[cfg(feature = "components")]
mod encode {
    use std::path::{Path, PathBuf};

    use anyhow::{Context, Result, bail};
    use wit_component::ComponentEncoder;

    use super::{Component, Guest, component_path, guests, target_folder};
    use crate::wasm::{TARGET, Toolchain};

    /// Compiles all built-in policies and returns their components, by name. Safe to call from a
    /// build script: it has a target folder, and so a lock, of its own. A component that didn't
    /// change keeps its time stamp.
    ///
    /// # Errors
    /// When no compiler for Wasm is installed (the message names both ways to get one), when a
    /// policy doesn't compile (with the compiler's output), or when it is no valid component.
    pub fn build(root: &Path) -> Result<Vec<Component>> {
        let guests = guests(root)?;
        if guests.is_empty() {
            return Ok(Vec::new());
        }
        compile(root, &guests)?;
        guests.iter().map(|guest| component(root, guest)).collect()
    }

    fn compile(root: &Path, guests: &[Guest]) -> Result<()> {
        let mut cargo = Toolchain::find()?.cargo_build(root);
        cargo
            .args(["--quiet", "--profile", "policy", "--lib", "--target-dir"])
            .arg(target_folder(root));
        for guest in guests {
            cargo.args(["--package", &guest.name]);
        }
        let output = cargo.output().context("run cargo for the policies")?;
        if !output.status.success() {
            bail!(
                "the policies don't compile for {TARGET}:\n{}",
                String::from_utf8_lossy(&output.stderr).trim_end()
            );
        }
        Ok(())
    }

    fn component(root: &Path, guest: &Guest) -> Result<Component> {
        let core = module_path(root, guest);
        let module = std::fs::read(&core).with_context(|| format!("read {}", core.display()))?;
        let encoded = ComponentEncoder::default()
            .validate(true)
            .module(&module)
            .and_then(|encoder| encoder.encode())
            .with_context(|| format!("make a component of policy {}", guest.name))?;
        let path = component_path(root, &guest.name);
        replace_if_changed(&path, &encoded).with_context(|| format!("write {}", path.display()))?;
        Ok(Component {
            name: guest.name.clone(),
            path,
        })
    }

    fn module_path(root: &Path, guest: &Guest) -> PathBuf {
        target_folder(root)
            .join(TARGET)
            .join("policy")
            .join(format!("{}.wasm", guest.name.replace('-', "_")))
    }

    /// Readers see the old file or the new one, never half of one.
    fn replace_if_changed(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        if std::fs::read(path).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&unfinished, bytes)?;
        std::fs::rename(&unfinished, path)
    }
}
