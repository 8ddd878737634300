//! Files onto the disk: all of them or none, and none over what is there unless that was asked
//! for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::File;
use crate::system;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Was there one before?
    pub(crate) replaced: bool,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Files are in the way.
    #[error("{} there already: nothing was written", there(.0))]
    Exists(Vec<PathBuf>),
    /// The system refuses it.
    #[error("{}: can't be written: {}", path.display(), system::plain(cause))]
    Io {
        /// What was to be made.
        path: PathBuf,
        /// The system's answer.
        cause: io::Error,
    },
}

/// Writes the files below a folder. A folder that isn't there appears whole, by one rename; in one
/// that is there each file appears whole, after all of them have been written beside it.
pub(crate) fn write(
    folder: &Path,
    files: &[File],
    force: bool,
) -> Result<Vec<Written>, WriteError> {
    let targets: Vec<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
    let existing: Vec<PathBuf> = targets
        .iter()
        .filter(|path| is_there(path))
        .cloned()
        .collect();
    if !existing.is_empty() && !force {
        return Err(WriteError::Exists(existing));
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match is_there(folder) {
        true => write_into(folder, files)?,
        false => make(parent, folder, files)?,
    }
    Ok(targets
        .into_iter()
        .map(|path| Written {
            replaced: existing.contains(&path),
            path,
        })
        .collect())
}

impl WriteError {
    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        match self {
            Self::Exists(_) => {
                Some("take another folder, or add --force to replace them".to_owned())
            }
            Self::Io { .. } => None,
        }
    }
}

/// A new folder.
fn make(parent: &Path, folder: &Path, files: &[File]) -> Result<(), WriteError> {
    let failed = |cause| failed(folder, cause);
    fs::create_dir_all(parent).map_err(failed)?;
    let staging = staging(parent).map_err(failed)?;
    let whole = staging.path().join("whole");
    fs::create_dir(&whole).map_err(failed)?;
    stage(&whole, files).map_err(failed)?;
    fs::rename(&whole, folder).map_err(failed)
}

/// Into a folder that is there.
fn write_into(folder: &Path, files: &[File]) -> Result<(), WriteError> {
    let staging = staging(folder).map_err(|cause| failed(folder, cause))?;
    stage(staging.path(), files).map_err(|cause| failed(folder, cause))?;
    for file in files {
        let target = folder.join(&file.path);
        let moved = make_parent(&target)
            .and_then(|()| fs::rename(staging.path().join(&file.path), &target));
        moved.map_err(|cause| failed(&target, cause))?;
    }
    Ok(())
}

/// A folder on the same disk, gone when this is over.
fn staging(folder: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new()
        .prefix(".kubectl-sax-")
        .tempdir_in(folder)
}

fn stage(folder: &Path, files: &[File]) -> io::Result<()> {
    for file in files {
        let path = folder.join(&file.path);
        make_parent(&path)?;
        fs::write(&path, &file.text)?;
    }
    Ok(())
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// A link that leads nowhere is there, too.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn failed(path: &Path, cause: io::Error) -> WriteError {
    let path = path.to_owned();
    WriteError::Io { path, cause }
}

fn there(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{File, WriteError, write};

    fn files() -> [File; 2] {
        [("a.yaml", "new"), ("templates/b.yaml", "new")]
            .map(|(path, text)| File::new(path, text.to_owned()))
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("must be a folder")
            .map(|entry| {
                entry
                    .expect("must be readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_folder_is_whole_and_nothing_else_is_left() {
        let root = tempfile::tempdir().expect("a folder must be creatable");
        let folder = root.path().join("deep/er");
        let written = write(&folder, &files(), false).expect("must be written");
        assert_eq!(written.len(), 2);
        assert_eq!(names(&folder), ["a.yaml", "templates"]);
        assert_eq!(names(&root.path().join("deep")), ["er"]);
    }

    #[test]
    fn what_is_there_is_kept_unless_asked() {
        let root = tempfile::tempdir().expect("a folder must be creatable");
        let (mine, theirs) = (root.path().join("a.yaml"), root.path().join("z"));
        fs::write(&mine, "old").expect("must be writable");
        fs::write(&theirs, "theirs").expect("must be writable");
        let refused = write(root.path(), &files(), false);
        assert!(matches!(&refused, Err(WriteError::Exists(paths)) if *paths == [mine.clone()]));
        assert_eq!(names(root.path()), ["a.yaml", "z"]);
        assert_eq!(fs::read_to_string(&mine).expect("must be there"), "old");

        let written = write(root.path(), &files(), true).expect("must be written");
        assert_eq!(
            written.iter().map(|one| one.replaced).collect::<Vec<_>>(),
            [true, false]
        );
        assert_eq!(fs::read_to_string(&mine).expect("must be there"), "new");
        assert_eq!(names(root.path()), ["a.yaml", "templates", "z"]);
        assert_eq!(
            fs::read_to_string(&theirs).expect("must be there"),
            "theirs"
        );
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let root = tempfile::tempdir().expect("a folder must be creatable");
        let file = root.path().join("file");
        fs::write(&file, "").expect("must be writable");
        for folder in [file.clone(), file.join("below")] {
            assert!(matches!(
                write(&folder, &files(), true),
                Err(WriteError::Io { .. })
            ));
        }
        assert_eq!(names(root.path()), ["file"]);
    }
}
