//! Our own webhook beside a cluster, as `cluster up --webhook` runs it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Cluster;
use crate::product::Product;
use crate::wait::{Look, until};

/// Compiling the built-in policies without a cache takes seconds on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Starts the webhook beside `cluster` and registers it; `policies` are files or folders of
/// WasmPolicy documents. Returns when it serves. A second call puts another one in its place.
///
/// # Errors
/// When it doesn't come up or can't be registered.
pub fn install(cluster: &Cluster, product: &Product, policies: &[&Path]) -> Result<()> {
    let folder = cluster.folder().join("webhook");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let ready = folder.join("address");
    if ready.exists() {
        std::fs::remove_file(&ready).with_context(|| format!("remove {}", ready.display()))?;
    }
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
    let authority = authority.to_string_lossy();
    let answer = product.sax(
        cluster.kubectl(),
        &["webhook", "install", "--url", url, "--ca-file", &authority],
        "",
    )?;
    ensure!(
        answer.success,
        "`kubectl-sax webhook install` failed: {}",
        answer.stderr.trim()
    );
    Ok(())
}
