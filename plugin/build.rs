//! Embeds every manifest of `manifests/base`, so that the binary installs what the repository
//! holds. A kustomization is for kubectl, not for us.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let package = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&package).join("../manifests/base");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path().canonicalize()?;
        let is_manifest = path
            .extension()
            .is_some_and(|extension| extension == "yaml");
        if is_manifest && path.file_stem().is_none_or(|stem| stem != "kustomization") {
            files.push(path);
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        writeln!(table, "    include_str!({file:?}),").map_err(io::Error::other)?;
    }
    table.push(']');
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("manifests.rs"), table)
}
