//! Objects on file, which policies read by grant where there is no cluster to ask.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use runtime::{ObjectError, Objects};
use serde_json::Value;

/// Why the objects are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectsError {
    /// A file or folder can't be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// As given, or below it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is no YAML.
    #[error("{} is no YAML: {reason}", path.display())]
    NotYaml {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// Nothing could ask for the object.
    #[error("{}, document {document}: {source}", path.display())]
    NoObject {
        /// The file.
        path: PathBuf,
        /// Counts from 0.
        document: usize,
        /// What it lacks.
        source: ObjectError,
    },
}

/// The objects of all documents of these files and folders (`*.yaml`, `*.yml`, `*.json`), the
/// items of Lists one by one.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Objects, ObjectsError> {
    let mut objects = Objects::default();
    for path in paths {
        for file in files(path)? {
            record(&file, &mut objects)?;
        }
    }
    Ok(objects)
}

fn record(path: &Path, objects: &mut Objects) -> Result<(), ObjectsError> {
    let text = fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text).map_err(|error| ObjectsError::NotYaml {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    for (document, value) in documents.iter().enumerate() {
        let items = match value.get("items").and_then(Value::as_array) {
            Some(items) => items.as_slice(),
            None => std::slice::from_ref(value),
        };
        for item in items.iter().filter(|item| !item.is_null()) {
            let inserted = objects.insert(item);
            inserted.map_err(|source| ObjectsError::NoObject {
                path: path.to_owned(),
                document,
                source,
            })?;
        }
    }
    Ok(())
}

/// The file at a path, or a folder's own files in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, ObjectsError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|source| unreadable(path, source))? {
        files.push(entry.map_err(|source| unreadable(path, source))?.path());
    }
    let extension = |file: &PathBuf| file.extension().and_then(OsStr::to_str).map(str::to_owned);
    files.retain(|file| matches!(extension(file).as_deref(), Some("yaml" | "yml" | "json")));
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, source: io::Error) -> ObjectsError {
    ObjectsError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), text).unwrap();
        let error = read(&[folder.path().to_owned()]).unwrap_err();
        let prefix = folder.path().join("a.yaml").display().to_string();
        error.to_string().strip_prefix(&prefix).unwrap().to_owned()
    }

    #[test]
    fn documents_lists_and_empty_documents_are_read() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}}";
        let text = format!("{pod}\n---\n---\n{{apiVersion: v1, kind: List, items: [{pod}]}}\n");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), text).unwrap();
        fs::write(folder.path().join("notes.txt"), "{").unwrap();
        assert!(read(&[folder.path().to_owned()]).is_ok());
    }

    #[test]
    fn an_error_names_file_and_document() {
        let nameless = "---\n{apiVersion: v1, kind: Pod}\n";
        assert_eq!(
            error_of(nameless),
            ", document 0: the object has no metadata.name"
        );
        assert!(error_of("{").starts_with(" is no YAML: "));
    }
}
