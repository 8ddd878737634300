//! The container registry that images are pulled from.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::go_tools::GoTools;

/// The folder of the Go module that names the version.
const MODULE: &str = "tests/registry";

/// The program, which is built first where it is missing (some seconds). It keeps what is pushed
/// in memory, and listens on `localhost` without TLS.
///
/// # Errors
/// When Go is missing or the build fails.
pub fn program(root: &Path) -> Result<PathBuf> {
    let tools = GoTools {
        module: root.join(MODULE),
        cache: root.join(".cache/registry"),
        flags: "-s -w".to_owned(),
        progress: "building a container registry, once (some seconds)",
        is_complete: |folder| folder.join("registry").is_file(),
        finish: |_| Ok(()),
    };
    Ok(tools.ready()?.join("registry"))
}
