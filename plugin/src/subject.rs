//! One policy, as `policy test|run|inspect` are told about it: a built-in by name, a component
//! file, a `WasmPolicy` document, or the folder of one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use admission::{Matching, Policy};
use runtime::{
    Engine, EngineError, Grant, Grants, LoadError, Loaded, LoadedPolicy, Module, WasmPolicy,
};
use serde_json::Value;

use crate::suggest;
use crate::system;

/// The document beside a policy's sources.
pub(crate) const DOCUMENT: &str = "policy.yaml";

/// One policy.
pub(crate) struct Subject {
    /// How the policy set calls it.
    pub(crate) name: String,
    /// The component.
    pub(crate) component: Vec<u8>,
    /// The policy, ready to answer.
    pub(crate) module: LoadedPolicy,
    /// What it may read.
    pub(crate) grants: Grants,
    /// The settings that its document gives it; `{}` without one.
    pub(crate) settings: Value,
    /// The folder of its file, where it has a place on disk: its cases stand below it.
    pub(crate) folder: Option<PathBuf>,
    /// What the operator keeps from it.
    matching: Matching,
}

/// Why there is no such policy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubjectError {
    /// Neither a file nor a built-in.
    #[error("no policy {name:?}: it is neither a file or folder nor built in ({})", known.join(", "))]
    Unknown {
        /// As written.
        name: String,
        /// The built-in policies.
        known: Vec<&'static str>,
    },
    /// A folder without a policy, or with several.
    #[error("{}: expected {DOCUMENT} or exactly one .wasm file, found {found} .wasm files", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// How many components are there.
        found: usize,
    },
    /// A document of no or several policies.
    #[error("{}: expected one WasmPolicy, found {found}", path.display())]
    Documents {
        /// The file.
        path: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// A file that can't be read.
    #[error("{}: can't be read: {}", path.display(), system::plain(cause))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The sandbox doesn't start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The policy can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl SubjectError {
    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        match self {
            Self::Unknown { name, known } => {
                suggest::nearest(name, known.iter().copied()).map(|known| format!("write {known}"))
            }
            _ => None,
        }
    }
}

impl Subject {
    /// Finds and loads a policy.
    pub(crate) fn find(reference: &str, engine: &Engine) -> Result<Self, SubjectError> {
        let path = Path::new(reference);
        if path.is_dir() {
            return Self::of_folder(path, engine);
        }
        if path.is_file() {
            return Self::of_file(path, engine);
        }
        match builtin(reference) {
            Some(builtin) => Self::of_document(builtin.manifest, path, engine),
            None => Err(unknown(reference)),
        }
    }

    /// The policy alone as a policy set, under these settings.
    pub(crate) fn alone(self, settings: Value) -> Result<Loaded, SubjectError> {
        self.module.check_settings(&settings)?;
        let mut matching = self.matching;
        matching
            .rules
            .clone_from(&self.module.description().matches);
        let policy = Policy::new(&self.name, matching, settings);
        Ok(Loaded::of([(policy, self.module)]))
    }

    fn of_folder(folder: &Path, engine: &Engine) -> Result<Self, SubjectError> {
        let document = folder.join(DOCUMENT);
        if document.is_file() {
            return Self::of_file(&document, engine);
        }
        let found = components(folder)?;
        match found.as_slice() {
            [component] => Self::of_file(component, engine),
            several => Err(SubjectError::Folder {
                folder: folder.to_owned(),
                found: several.len(),
            }),
        }
    }

    fn of_file(path: &Path, engine: &Engine) -> Result<Self, SubjectError> {
        let bytes = read(path)?;
        if is_wasm(&bytes) {
            return Self::of_component(path, bytes, engine);
        }
        let text = String::from_utf8_lossy(&bytes);
        Self::of_document(&text, path, engine)
    }

    /// A component on its own gets the reads that it wants: there is no document that could
    /// grant them.
    fn of_component(
        path: &Path,
        component: Vec<u8>,
        engine: &Engine,
    ) -> Result<Self, SubjectError> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let asking = Grants(vec![Grant {
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
        }]);
        let described = engine.load(&stem, &component, &asking)?;
        let description = described.description();
        let wanted = description.grants.iter().map(|(grant, _)| grant.clone());
        let grants = Grants(wanted.collect());
        let name = description.name.clone();
        Ok(Self {
            module: engine.load(&name, &component, &grants)?,
            name,
            component,
            grants,
            settings: empty(),
            folder: Some(beside(path).to_owned()),
            matching: Matching::default(),
        })
    }

    fn of_document(text: &str, path: &Path, engine: &Engine) -> Result<Self, SubjectError> {
        let mut documents = WasmPolicy::parse(text, path)?;
        let found = documents.len();
        let (Some(document), 1) = (documents.pop(), found) else {
            let path = path.to_owned();
            return Err(SubjectError::Documents { path, found });
        };
        let component = component_of(&document, path)?;
        let module = engine.load(&document.name, &component, &document.grants)?;
        Ok(Self {
            module: module.with_limits(document.limits)?,
            name: document.name,
            component,
            grants: document.grants,
            settings: document.settings,
            folder: path.is_file().then(|| beside(path).to_owned()),
            matching: document.matching,
        })
    }
}

fn component_of(document: &WasmPolicy, path: &Path) -> Result<Vec<u8>, SubjectError> {
    if let Some(component) = document.builtin_component()? {
        return Ok(component.to_vec());
    }
    match &document.module {
        Module::File(file) => read(&beside(path).join(file)),
        module => Err(SubjectError::Load(LoadError::OnlyInACluster {
            policy: document.name.clone(),
            module: module.clone(),
        })),
    }
}

/// What is neither a file or folder nor built in.
pub(crate) fn unknown(name: &str) -> SubjectError {
    SubjectError::Unknown {
        name: name.to_owned(),
        known: policies::builtin()
            .iter()
            .map(|builtin| builtin.name)
            .collect(),
    }
}

/// A built-in policy.
pub(crate) fn builtin(name: &str) -> Option<&'static policies::Builtin> {
    policies::builtin()
        .iter()
        .find(|builtin| builtin.name == name)
}

/// The components in a folder.
pub(crate) fn components(folder: &Path) -> Result<Vec<PathBuf>, SubjectError> {
    let failed = |cause| SubjectError::Read {
        path: folder.to_owned(),
        cause,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            found.push(path);
        }
    }
    Ok(found)
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, SubjectError> {
    fs::read(path).map_err(|cause| SubjectError::Read {
        path: path.to_owned(),
        cause,
    })
}

/// The folder that a document's files are relative to.
pub(crate) fn beside(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The four bytes that every WebAssembly binary begins with.
pub(crate) fn is_wasm(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm")
}

fn empty() -> Value {
    Value::Object(Default::default())
}
