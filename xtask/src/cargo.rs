//! Cargo, called by a program that cargo runs.

use std::path::Path;
use std::process::Command;

/// What cargo tells a program that it runs about that program's package. Build scripts (ring's)
/// watch these variables: handed on, they would compile half of the dependencies anew each time
/// `cargo xtask test` and a plain `cargo test` take turns.
const OF_THE_RUNNING_PACKAGE: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];

/// A cargo command in the workspace, as if typed into a shell.
#[must_use]
pub fn command(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    for (name, _) in std::env::vars_os() {
        if is_of_the_running_package(&name.to_string_lossy()) {
            cargo.env_remove(name);
        }
    }
    cargo
}

fn is_of_the_running_package(name: &str) -> bool {
    let mut prefixes = OF_THE_RUNNING_PACKAGE.iter();
    prefixes.any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::command;

    #[test]
    fn what_cargo_said_of_this_package_is_not_handed_on() {
        let cargo = command(Path::new("."));
        let removed = |name: &str| cargo.get_envs().any(|entry| entry == (name.as_ref(), None));
        assert!(removed("CARGO_MANIFEST_DIR") && removed("CARGO_PKG_NAME"));
    }
}
