//! Manifests from files, folders, stdin and kustomizations, document by document.
//!
//! What can't be used is reported with file, document and line and never hides the rest.

mod document;
mod files;
mod kustomize;
mod split;
mod value;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::system;

/// Where manifests come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Files and folders, `-` for stdin.
    Paths {
        /// In the order in which they were named.
        paths: Vec<PathBuf>,
        /// Folders with all folders below them?
        recursive: bool,
    },
    /// A folder with a kustomization, rendered by kubectl.
    Kustomization(PathBuf),
}

/// The place of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file's path as given, `-` for stdin, the folder of a kustomization.
    pub(crate) source: String,
    /// The document in it, counted from 0, empty ones included.
    pub(crate) document: usize,
    /// The line, counted from 1; `None` where it isn't known.
    pub(crate) line: Option<usize>,
}

/// One Kubernetes object of the input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manifest {
    /// Where it stands.
    pub(crate) place: Place,
    /// The object, with `apiVersion` and `kind`.
    pub(crate) object: Value,
}

/// All that was read.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// The objects in reading order; a List's items in place of the List.
    pub(crate) manifests: Vec<Manifest>,
    /// What couldn't be used.
    pub(crate) unusable: Vec<Unusable>,
    /// Things to tell about that are no errors.
    pub(crate) notes: Vec<String>,
}

/// A file or document that can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// A document that isn't a Kubernetes object.
    #[error("{place}: {fault}")]
    Document {
        /// Where.
        place: Place,
        /// Why.
        fault: DocumentFault,
    },
    /// A file, folder or kustomization that can't be read.
    #[error("{name}: {fault}")]
    Source {
        /// As it was named.
        name: String,
        /// Why.
        #[source]
        fault: SourceFault,
    },
}

/// Why a document can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DocumentFault {
    /// Not YAML or JSON, or beyond the bounds.
    #[error("{0}")]
    Syntax(String),
    /// A byte sequence that isn't UTF-8.
    #[error("invalid UTF-8 at byte {byte}")]
    Utf8 {
        /// The offset in the file.
        byte: usize,
    },
    /// A list, a string, a number.
    #[error("expected a Kubernetes object, found {found}")]
    NotAnObject {
        /// What it is instead.
        found: &'static str,
    },
    /// Without a field that every object has.
    #[error("the object has no {field}")]
    Missing {
        /// `apiVersion` or `kind`.
        field: &'static str,
    },
    /// With a wrong type in a field that every object has.
    #[error("{field} must be {expected}, found {found}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// The type it must have.
        expected: &'static str,
        /// What it is instead.
        found: &'static str,
    },
    /// Something else than fields with values.
    #[error("expected fields with values, found {found}")]
    Fields {
        /// What it is instead.
        found: &'static str,
    },
    /// More than one document where there must be one.
    #[error("expected one document, found {found}")]
    Several {
        /// How many.
        found: usize,
    },
    /// Not usable as a request, in the words of the admission crate.
    #[error("{0}")]
    NoRequest(String),
}

/// Why a file or folder can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceFault {
    /// The system's answer.
    #[error("can't be read: {}", system::plain(_0))]
    Read(#[from] io::Error),
    /// Larger than we want to hold.
    #[error("larger than the limit of {} MiB", limit >> 20)]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// A folder with no file that looks like a manifest.
    #[error("no .yaml, .yml or .json file in this folder")]
    NoManifests,
    /// An address where a file was expected.
    #[error("addresses aren't fetched; pipe the manifest in with -f -")]
    Url,
    /// Named twice.
    #[error("stdin can be read only once")]
    StdinTwice,
    /// kubectl couldn't be started.
    #[error("can't start {program} for kustomize: {}", system::plain(cause))]
    NoKubectl {
        /// The program that was tried.
        program: String,
        /// The system's answer.
        cause: io::Error,
    },
    /// kubectl refused the kustomization.
    #[error("kubectl kustomize failed: {stderr}")]
    Kustomize {
        /// What it said.
        stderr: String,
    },
}

/// Reads everything.
pub(crate) fn read(source: &Source) -> Input {
    on_large_stack(|| {
        let mut input = Input::default();
        match source {
            Source::Paths { paths, recursive } => files::read(paths, *recursive, &mut input),
            Source::Kustomization(folder) => kustomize::read(folder, &mut input),
        }
        input
    })
}

/// Reads a text that is in memory already; `source` names it in errors.
pub(crate) fn of_text(source: &str, text: &str) -> Input {
    on_large_stack(|| {
        let mut input = Input::default();
        document::read(source, text.as_bytes(), &mut input);
        input
    })
}

/// The one object of a file, or of stdin with `-`, that is no manifest.
pub(crate) fn only_object(path: &Path) -> Result<Map<String, Value>, Unusable> {
    on_large_stack(|| {
        let name = path.to_string_lossy();
        let bytes = files::bytes(path).map_err(|fault| Unusable::Source {
            name: name.clone().into_owned(),
            fault,
        })?;
        document::only_object(&name, &bytes)
    })
}

/// Parsers recurse once a level: with our bound on the depth this is always enough, whatever
/// `ulimit -s` says.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    const STACK: usize = 16 << 20;
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .expect("the system must have room for a thread");
        match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

impl Input {
    fn source_failed(&mut self, name: impl Into<String>, fault: SourceFault) {
        self.unusable.push(Unusable::Source {
            name: name.into(),
            fault,
        });
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: document {}", self.source, self.document)?;
        match self.line {
            Some(line) => write!(f, ", line {line}"),
            None => Ok(()),
        }
    }
}
