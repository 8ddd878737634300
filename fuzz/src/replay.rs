//! Inputs out of files.

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Checks the files that the command line names, and says which one it is at.
#[must_use]
pub fn files(check: fn(&[u8])) -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    for path in &paths {
        writeln!(stderr(), "{}", path.display()).ok();
        match std::fs::read(path) {
            Ok(bytes) => check(&bytes),
            Err(error) => {
                writeln!(stderr(), "error: {error}").ok();
                return ExitCode::FAILURE;
            }
        }
    }
    match paths.is_empty() {
        true => {
            writeln!(stderr(), "error: name the inputs to replay").ok();
            ExitCode::FAILURE
        }
        false => ExitCode::SUCCESS,
    }
}

/// The committed inputs of a target, in the order of their names.
///
/// # Errors
/// When the folder can't be read.
pub fn corpus(target: &str) -> std::io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let entries = std::fs::read_dir(folder)?;
    let paths: std::io::Result<Vec<PathBuf>> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}
