//! What the commands share with `policies/build.rs` and the test harness: cargo, long commands
//! with progress, the guard of a cluster, the archives of a release, and the recipe that turns Rust policies into WebAssembly
//! components.

pub mod cargo;
pub mod dist;
pub mod guard;
pub mod policies;
pub mod progress;
pub mod wasm;

use std::path::{Path, PathBuf};

/// The root of this workspace, where the outermost `Cargo.toml` stands.
#[must_use]
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
