//! Builds the built-in policies as components and embeds them, so that a plain `cargo build` is
//! enough. `xtask::policies` holds the recipe; `cargo xtask policies` also installs what it needs.

use std::fmt::Write as _;
use std::path::PathBuf;

fn main() {
    let root = xtask::workspace_root();
    let inputs = xtask::policies::inputs(&root).unwrap_or_else(|error| fail(&error));
    for input in inputs {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    let components = xtask::policies::build(&root).unwrap_or_else(|error| fail(&error));
    let mut table = String::from("&[\n");
    for component in components {
        let manifest = root
            .join("policies")
            .join(&component.name)
            .join("policy.yaml");
        println!("cargo::rerun-if-changed={}", manifest.display());
        let (name, component) = (component.name, component.path);
        writeln!(
            table,
            "    Builtin {{ name: {name:?}, component: include_bytes!({component:?}), \
             manifest: include_str!({manifest:?}) }},"
        )
        .expect("writing to a String must succeed");
    }
    table.push_str("]\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo must set OUT_DIR"));
    std::fs::write(out.join("builtin.rs"), table).expect("OUT_DIR must be writable");
}

/// Ends the build with the whole chain of causes; cargo shows it as this package's error.
fn fail(error: &dyn std::fmt::Display) -> ! {
    println!("cargo::error={}", format!("{error:#}").replace('\n', "; "));
    std::process::exit(1)
}
