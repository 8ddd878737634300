//! The Helm that charts are tried with.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::go_tools::GoTools;

/// The folder of the Go module that names the version.
const MODULE: &str = "tests/helm";

/// The program, which is built first where it is missing (about two minutes on two cores).
///
/// # Errors
/// When Go is missing or the build fails.
pub fn program(root: &Path) -> Result<PathBuf> {
    let tools = GoTools {
        module: root.join(MODULE),
        cache: root.join(".cache/helm"),
        flags: "-s -w".to_owned(),
        progress: "building Helm, once (about 2 minutes on two cores)",
        is_complete: |folder| folder.join("helm").is_file(),
        finish: |_| Ok(()),
    };
    Ok(tools.ready()?.join("helm"))
}
