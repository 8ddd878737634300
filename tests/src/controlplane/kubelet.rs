//! What kwok plays of a kubelet besides starting Pods: their logs, commands in them, and their
//! ports. Each is an object of kwok's own kinds, beside the Pod and of its name.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::binaries::module_folder;
use crate::kubectl::Kubectl;

/// The kinds that kwok reads from the API server while it runs.
pub(super) const KINDS: [&str; 3] = ["Logs", "Exec", "PortForward"];

/// Their CRDs.
pub(super) const RESOURCES: [&str; 3] = [
    "logs.kwok.x-k8s.io",
    "execs.kwok.x-k8s.io",
    "portforwards.kwok.x-k8s.io",
];

/// kwok's sources, for the manifests in it.
///
/// # Errors
/// When Go is missing or the module can't be had.
pub(super) fn module(root: &Path) -> Result<PathBuf> {
    module_folder(root, "sigs.k8s.io/kwok")
}

/// The CRDs of [`KINDS`].
///
/// # Errors
/// When they can't be read.
pub(super) fn definitions(root: &Path, kubectl: &Kubectl) -> Result<Value> {
    let folder = module(root)?.join("kustomize/crd");
    let text = kubectl.run(&["kustomize", &folder.to_string_lossy()])?;
    let definitions: Vec<Value> =
        serde_saphyr::from_multiple(&text).context("parse kwok's CRDs")?;
    let is_ours = |definition: &Value| {
        let name = definition["metadata"]["name"].as_str();
        name.is_some_and(|name| RESOURCES.contains(&name))
    };
    let items: Vec<Value> = definitions.into_iter().filter(is_ours).collect();
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}))
}

/// Writes the configuration by which commands run on this machine in every Pod that has no
/// [`exec`] of its own.
///
/// # Errors
/// When it can't be written.
pub(super) fn configure(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("kubelet.json");
    let everywhere = object(
        "ClusterExec",
        "everywhere",
        &json!({"execs": [{"local": {}}]}),
    );
    std::fs::write(&path, everywhere.to_string())
        .with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

/// Lets commands in Pods find programs in the cluster's `bin/` before all others.
///
/// # Errors
/// When the folder can't be made.
pub(super) fn find_programs(command: &mut Command, folder: &Path) -> Result<()> {
    let programs = folder.join("bin");
    std::fs::create_dir_all(&programs).with_context(|| format!("make {}", programs.display()))?;
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(programs).chain(std::env::split_paths(&others));
    command.env("PATH", std::env::join_paths(all)?);
    Ok(())
}

/// Lets commands in Pods find `program` under this name.
///
/// # Errors
/// When it can't be linked.
pub(super) fn install(folder: &Path, name: &str, program: &Path) -> Result<()> {
    let link = folder.join("bin").join(name);
    match std::os::unix::fs::symlink(program, &link) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("link {}", link.display()))
        }
        _ => Ok(()),
    }
}

/// A Pod's logs are this file: lines as a container runtime writes them
/// (`2026-01-02T03:04:05.000000006Z stderr F text`).
#[must_use]
pub fn logs(pod: &str, file: &Path) -> Value {
    object(
        "Logs",
        pod,
        &json!({"logs": [{"logsFile": file, "follow": true}]}),
    )
}

/// What stands behind a Pod's ports: pairs of the Pod's port and one of 127.0.0.1.
#[must_use]
pub fn ports(pod: &str, ports: &[(u16, u16)]) -> Value {
    let forward = |(of_pod, here): &(u16, u16)| json!({"ports": [of_pod], "target": {"address": "127.0.0.1", "port": here}});
    let forwards: Vec<Value> = ports.iter().map(forward).collect();
    object("PortForward", pod, &json!({"forwards": forwards}))
}

/// Commands in a Pod run on this machine, with these variables.
#[must_use]
pub fn exec(pod: &str, variables: &[(&str, &str)]) -> Value {
    let variable = |(name, value): &(&str, &str)| json!({"name": name, "value": value});
    let variables: Vec<Value> = variables.iter().map(variable).collect();
    object(
        "Exec",
        pod,
        &json!({"execs": [{"local": {"envs": variables}}]}),
    )
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    })
}
