//! Programs on PATH that kubectl runs in place of our verbs.

use std::path::{Path, PathBuf};

/// What their names begin with.
const PREFIX: &str = "kubectl-sax-";

/// All of them.
pub(super) fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| in_folder(&folder))
        .collect()
}

/// Those of a folder; one that can't be read has none that kubectl could run.
fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    let mut found: Vec<_> = ours.map(|entry| entry.path()).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::in_folder;

    #[test]
    fn only_programs_that_stand_before_a_verb_are_found() {
        let folder = tempfile::tempdir().expect("a folder must be creatable");
        for name in ["kubectl-sax", "kubectl-sax-plan", "kubectl-saxophone"] {
            std::fs::write(folder.path().join(name), "").expect("a file must be writable");
        }
        assert_eq!(
            in_folder(folder.path()),
            [folder.path().join("kubectl-sax-plan")]
        );
        assert!(in_folder(&folder.path().join("none")).is_empty());
    }
}
