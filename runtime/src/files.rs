//! Policy sets out of files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::document::{Module, WasmPolicy};
use crate::engine::Engine;
use crate::entry::Entry;
use crate::load::LoadError;
use crate::loaded::Loaded;

/// The built-in policies as their own documents put them in force.
///
/// # Errors
/// See [`LoadError`].
pub fn load_builtin(engine: &Engine) -> Result<Loaded, LoadError> {
    Loaded::compose(load_all(engine, builtin_documents()?)?)
}

/// The policies of these files and folders (`*.yaml`, `*.yml`, `*.json`), and the built-in ones
/// that none of them names.
///
/// # Errors
/// See [`LoadError`]; one broken document means no policy set, so that the last good one can
/// stay in force.
pub fn load_files(engine: &Engine, paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    Loaded::compose(load_entries(engine, paths, &[])?)
}

/// The same as entries, but without the built-in policies in `left_out`, unless a document names
/// them: for a process that lacks what such a policy counts on.
///
/// # Errors
/// See [`load_files`].
pub fn load_entries(
    engine: &Engine,
    paths: &[PathBuf],
    left_out: &[&str],
) -> Result<Vec<Entry>, LoadError> {
    let mut all = Vec::new();
    for path in paths {
        for file in documents(path)? {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, error))?;
            let parsed = WasmPolicy::parse(&text, &file)?;
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            all.extend(
                parsed
                    .into_iter()
                    .map(|document| (document, folder.clone())),
            );
        }
    }
    let named: BTreeSet<Module> = all
        .iter()
        .map(|(document, _)| document.module.clone())
        .collect();
    let mut defaults = builtin_documents()?;
    defaults.retain(|(document, _)| {
        let module = &document.module;
        let is_left_out = left_out.iter().any(|name| module.is_builtin(name));
        !named.contains(module) && !is_left_out
    });
    all.extend(defaults);
    load_all(engine, all)
}

/// A document, and the folder that its file is relative to.
type Document = (WasmPolicy, PathBuf);

fn builtin_documents() -> Result<Vec<Document>, LoadError> {
    let mut all = Vec::new();
    for builtin in policies::builtin() {
        let path = PathBuf::from(format!("policies/{}/policy.yaml", builtin.name));
        let parsed = WasmPolicy::parse(builtin.manifest, &path)?;
        all.extend(
            parsed
                .into_iter()
                .map(|document| (document, PathBuf::new())),
        );
    }
    Ok(all)
}

fn load_all(engine: &Engine, all: Vec<Document>) -> Result<Vec<Entry>, LoadError> {
    let mut names = BTreeSet::new();
    if let Some((twice, _)) = all
        .iter()
        .find(|(document, _)| !names.insert(&document.name))
    {
        let policy = twice.name.clone();
        return Err(LoadError::Twice { policy });
    }
    let loaded = all.into_iter();
    loaded
        .map(|(document, folder)| load_one(engine, &document, &folder))
        .collect()
}

fn load_one(engine: &Engine, document: &WasmPolicy, folder: &Path) -> Result<Entry, LoadError> {
    if let Some(component) = document.builtin_component()? {
        return document.load(engine, component);
    }
    let Module::File(file) = &document.module else {
        return Err(LoadError::OnlyInACluster {
            policy: document.name.clone(),
            module: document.module.clone(),
        });
    };
    let file = folder.join(file);
    let component = fs::read(&file).map_err(|error| unreadable(&file, error))?;
    document.load(engine, &component)
}

/// The documents at a path: itself, or a folder's own in the order of their names.
fn documents(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let is_document = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml" | "json"))
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, error))? {
        files.push(entry.map_err(|error| unreadable(path, error))?.path());
    }
    files.retain(is_document);
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, source: std::io::Error) -> LoadError {
    LoadError::Unreadable {
        path: path.to_owned(),
        source,
    }
}
