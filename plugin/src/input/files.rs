//! Files, folders and stdin.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Input, SourceFault, document};

/// The most that is read from one file. The API server takes 3 MiB for one object.
const MAX_FILE: u64 = 64 << 20;

/// The files that hold no object but tell kustomize what to do.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Reads all paths, in order; `-` is stdin.
pub(super) fn read(paths: &[PathBuf], recursive: bool, input: &mut Input) {
    let mut stdin_read = false;
    for path in paths {
        let name = path.to_string_lossy();
        if name == "-" {
            if std::mem::replace(&mut stdin_read, true) {
                input.source_failed("-", SourceFault::StdinTwice);
            } else {
                read_stream("-", Ok(io::stdin().lock()), input);
            }
        } else if name.starts_with("http://") || name.starts_with("https://") {
            input.source_failed(name, SourceFault::Url);
        } else if path.is_dir() {
            read_folder(path, recursive, input);
        } else {
            read_stream(&name, File::open(path), input);
        }
    }
}

/// The bytes of one file; `-` is stdin.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, SourceFault> {
    if path.as_os_str() == "-" {
        return read_bounded(io::stdin().lock());
    }
    read_bounded(File::open(path)?)
}

fn read_folder(folder: &Path, recursive: bool, input: &mut Input) {
    let mut found = Vec::new();
    if let Err(error) = collect(folder, recursive, &mut found) {
        input.source_failed(folder.to_string_lossy(), SourceFault::Read(error));
        return;
    }
    if found.is_empty() {
        input.source_failed(folder.to_string_lossy(), SourceFault::NoManifests);
    }
    for path in found {
        let name = path.to_string_lossy().into_owned();
        if is_kustomization(&path) {
            let folder = path.parent().unwrap_or(folder).display();
            input
                .notes
                .push(format!("{name}: skipped; lint its result with -k {folder}"));
        } else {
            read_stream(&name, File::open(&path), input);
        }
    }
}

/// The manifests of a folder by name, each folder's after its own files. Links to folders are
/// not followed, so that a circle ends.
fn collect(folder: &Path, recursive: bool, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            folders.push(path);
        } else if is_manifest(&path) && path.is_file() {
            found.push(path);
        }
    }
    for folder in folders.iter().filter(|_| recursive) {
        collect(folder, recursive, found)?;
    }
    Ok(())
}

fn read_stream(name: &str, stream: io::Result<impl Read>, input: &mut Input) {
    match stream.map_err(SourceFault::Read).and_then(read_bounded) {
        Ok(bytes) => document::read(name, &bytes, input),
        Err(fault) => input.source_failed(name, fault),
    }
}

fn read_bounded(stream: impl Read) -> Result<Vec<u8>, SourceFault> {
    let mut bytes = Vec::new();
    stream.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(SourceFault::TooLarge { limit: MAX_FILE });
    }
    Ok(bytes)
}

fn is_manifest(path: &Path) -> bool {
    let known = ["yaml", "yml", "json"];
    is_kustomization(path)
        || path
            .extension()
            .is_some_and(|extension| known.iter().any(|known| extension == *known))
}

fn is_kustomization(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| KUSTOMIZATIONS.iter().any(|known| name == *known))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Input, read};

    const POD: &str = "apiVersion: v1\nkind: Pod\n";

    fn sources(folder: &Path, recursive: bool) -> Vec<String> {
        let mut input = Input::default();
        read(&[folder.to_owned()], recursive, &mut input);
        let relative = |source: &str| source.replace(&folder.display().to_string(), "");
        let read = input.manifests.iter().map(|m| relative(&m.place.source));
        let failed = input.unusable.iter().map(|u| relative(&u.to_string()));
        read.chain(failed).collect()
    }

    #[test]
    fn folders_are_read_in_order_with_those_below() {
        let folder = tempfile::tempdir().expect("a folder must be creatable");
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).expect("must create");
        for file in [
            "z.yaml",
            "a.json.txt",
            "b/c/d.yml",
            "m.json",
            "kustomization.yaml",
        ] {
            let text = if file == "m.json" {
                "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}"
            } else {
                POD
            };
            fs::write(root.join(file), text).expect("must write");
        }
        assert_eq!(sources(root, true), ["/m.json", "/z.yaml", "/b/c/d.yml"]);
        assert_eq!(sources(root, false), ["/m.json", "/z.yaml"]);
    }

    #[test]
    fn a_folder_without_manifests_and_a_missing_file_are_errors() {
        let folder = tempfile::tempdir().expect("a folder must be creatable");
        assert_eq!(
            sources(folder.path(), true),
            [": no .yaml, .yml or .json file in this folder"]
        );
        let missing = sources(&folder.path().join("no.yaml"), true);
        assert!(
            missing[0].contains("can't be read: No such file"),
            "{missing:?}"
        );
    }
}
