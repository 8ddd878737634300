//! Kustomizations, rendered by the user's kubectl: kustomize has no second implementation.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Input, SourceFault, document};

/// The kubectl that started us says where it is; otherwise the one on PATH.
const KUBECTL_PATH: &str = "KUBECTL_PATH";

/// Renders a folder and reads the result into `input`.
pub(super) fn read(folder: &Path, input: &mut Input) {
    let name = folder.to_string_lossy();
    match render(folder) {
        Ok(bytes) => document::read(&name, &bytes, input),
        Err(fault) => input.source_failed(name, fault),
    }
}

fn render(folder: &Path) -> Result<Vec<u8>, SourceFault> {
    let program = std::env::var_os(KUBECTL_PATH)
        .filter(|path| !path.is_empty())
        .unwrap_or_else(|| "kubectl".into());
    let output = Command::new(&program)
        .arg("kustomize")
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| SourceFault::NoKubectl {
            program: program.to_string_lossy().into_owned(),
            cause,
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(SourceFault::Kustomize {
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
