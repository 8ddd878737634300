//! Our own webhook beside a cluster, as `cluster up --webhook` runs it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Cluster;
use crate::wait::{Look, until};

/// Compiling the built-in policies without a cache takes seconds on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// The two programs of the product.
#[derive(Clone, Debug)]
pub struct Product {
    /// `kubectl-sax`.
    pub plugin: PathBuf,
    /// `sax-webhook`.
    pub webhook: PathBuf,
}

impl Product {
    /// Builds both programs in the profile of the running program, and returns their paths.
    ///
    /// # Errors
    /// When they don't compile.
    pub fn build(root: &Path) -> Result<Self> {
        let folder = profile_folder()?;
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(root).args([
            "build",
            "--package",
            "plugin",
            "--package",
            "webhook",
            "--bins",
        ]);
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        xtask::progress::run("building kubectl-sax and sax-webhook", &mut cargo)?;
        let product = Self {
            plugin: folder.join("kubectl-sax"),
            webhook: folder.join("sax-webhook"),
        };
        for program in [&product.plugin, &product.webhook] {
            ensure!(program.is_file(), "cargo built no {}", program.display());
        }
        Ok(product)
    }
}

/// Starts the webhook beside `cluster` and registers it; `policies` are files or folders of
/// WasmPolicy documents. Returns when it serves.
///
/// # Errors
/// When it doesn't come up or can't be registered.
pub fn install(cluster: &Cluster, product: &Product, policies: &[&Path]) -> Result<()> {
    let folder = cluster.folder().join("webhook");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let ready = folder.join("address");
    let mut serve = Command::new(&product.webhook);
    serve
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--self-signed",
            "--host",
            "127.0.0.1",
            "--tls-dir",
        ])
        .arg(&folder);
    serve.arg("--ready-file").arg(&ready);
    for path in policies {
        serve.arg("--policies").arg(path);
    }
    cluster.add_process("webhook", &mut serve)?;
    let address = until("the webhook to serve", DEADLINE, || {
        cluster.check_alive()?;
        Ok(match std::fs::read_to_string(&ready) {
            Ok(address) => Look::Ready(address.trim().to_owned()),
            Err(error) => Look::Waiting(error.to_string()),
        })
    })?;
    register(
        cluster,
        product,
        &format!("https://{address}"),
        &folder.join("ca.crt"),
    )
}

fn register(cluster: &Cluster, product: &Product, url: &str, authority: &Path) -> Result<()> {
    let mut install = Command::new(&product.plugin);
    install
        .args(["webhook", "install", "--url", url, "--ca-file"])
        .arg(authority);
    let output = install
        .env("KUBECONFIG", cluster.kubectl().kubeconfig())
        .output()
        .context("run kubectl-sax")?;
    if !output.status.success() {
        bail!(
            "`kubectl-sax webhook install` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
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
