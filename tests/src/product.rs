//! The product's two programs, built and run as a user runs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::kubectl::{Answer, Kubectl, answer};

/// The two programs of the product.
#[derive(Clone, Debug)]
pub struct Product {
    /// `kubectl-sax`.
    pub plugin: PathBuf,
    /// `sax-webhook`.
    pub webhook: PathBuf,
    /// `sax-simulator`, which plays Saxml: no part of the product, but built with it.
    pub simulator: PathBuf,
}

/// Names the folder of both programs where they were built along with everything else.
const READY_FOLDER: &str = "SAX_PRODUCT_DIR";

impl Product {
    /// The programs in the folder that `SAX_PRODUCT_DIR` names; else builds both in the profile
    /// of the running program.
    ///
    /// # Errors
    /// When they don't compile.
    pub fn build(root: &Path) -> Result<Self> {
        if let Some(folder) = std::env::var_os(READY_FOLDER) {
            return Self::of(Path::new(&folder));
        }
        let folder = profile_folder()?;
        let mut cargo = xtask::cargo::command(root);
        // The whole workspace: another choice of packages would compile all dependencies anew.
        cargo.args(["build", "--workspace", "--bins"]);
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        xtask::progress::run("building kubectl-sax and sax-webhook", &mut cargo)?;
        Self::of(&folder)
    }

    fn of(folder: &Path) -> Result<Self> {
        let product = Self {
            plugin: folder.join("kubectl-sax"),
            webhook: folder.join("sax-webhook"),
            simulator: folder.join("sax-simulator"),
        };
        for program in [&product.plugin, &product.webhook, &product.simulator] {
            ensure!(program.is_file(), "there is no {}", program.display());
        }
        Ok(product)
    }

    /// Runs `kubectl-sax` against a cluster, whatever comes of it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn sax(&self, kubectl: &Kubectl, arguments: &[&str], stdin: &str) -> Result<Answer> {
        let mut command = Command::new(&self.plugin);
        command
            .args(arguments)
            .env("KUBECONFIG", kubectl.kubeconfig());
        answer(&mut command, stdin)
    }
}

/// `target/<profile>`, where this program's siblings are; test programs lie in `deps` below it.
fn profile_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("find this program")?;
    let folder = program.parent().context("find this program's folder")?;
    let folder = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    Ok(folder.to_path_buf())
}
