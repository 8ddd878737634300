//! Policies on their way to the cluster: read, checked by the cluster's own engine, and made
//! objects of.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runtime::{DocumentError, Engine, LoadError, Module, WasmPolicy, digest};
use serde_json::{Value, json};

use crate::cli::PolicyMode;
use crate::input::{self, Source, Unusable};
use crate::scaffold::Object;
use crate::subject::{self, SubjectError};
use crate::suggest;

/// What a ConfigMap holds at most, as the API server counts it.
const LARGEST: usize = 1 << 20;
/// The key of the component in its ConfigMap.
const KEY: &str = "policy.wasm";
/// Whose component a ConfigMap holds.
const POLICY: &str = "kubectl-sax.dev/policy";

/// One policy on its way to the cluster.
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    /// The WasmPolicy.
    pub(crate) policy: Object,
    /// The ConfigMap with its component, where that comes from a file.
    pub(crate) module: Option<Object>,
    /// Is the component already where the cluster finds it, so that it wasn't checked here?
    pub(crate) unchecked: bool,
}

/// What the command line says instead of the documents.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    /// Its name.
    pub(crate) name: Option<String>,
    /// What follows from its findings.
    pub(crate) mode: Option<PolicyMode>,
    /// Its settings.
    pub(crate) settings: Option<Value>,
}

/// Why a policy can't be shipped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShipmentError {
    /// A file that can't be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// A file, folder or name that is none of a policy.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// A document that is no policy.
    #[error("{place}: {cause}")]
    Document {
        /// File and document.
        place: String,
        /// What is wrong.
        cause: DocumentError,
    },
    /// The component, its settings or its limits are wrong.
    #[error("{place}: {cause}")]
    Load {
        /// File and document.
        place: String,
        /// What is wrong.
        cause: Box<LoadError>,
    },
    /// More than a ConfigMap holds.
    #[error("{place}: the component has {bytes} bytes, a ConfigMap holds at most {LARGEST}")]
    TooLarge {
        /// Where it is.
        place: String,
        /// How many.
        bytes: usize,
    },
    /// No policy of this name in the cluster.
    #[error("the cluster has no WasmPolicy {name:?}; it has {}", listed(known))]
    NotThere {
        /// As asked for.
        name: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// Two policies of one name.
    #[error("{name:?} stands twice among the policies")]
    Twice {
        /// The name.
        name: String,
    },
}

impl ShipmentError {
    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        match self {
            Self::Subject(error) => error.fix(),
            Self::TooLarge { .. } => Some(
                "make it smaller: build with `opt-level = \"s\"`, `lto` and `strip`, and without \
                 what it doesn't use; `wasm-tools strip` takes out names and debug sections"
                    .to_owned(),
            ),
            Self::NotThere { name, known } => {
                suggest::nearest(name, known.iter().map(String::as_str))
                    .map(|near| format!("write {near}"))
            }
            Self::Twice { .. } => Some("install them one after the other, with --name".to_owned()),
            _ => None,
        }
    }
}

/// Reads and checks the policies that are named. Components go to `namespace`.
pub(crate) fn shipments(
    references: &[String],
    overrides: &Overrides,
    namespace: &str,
    engine: &Engine,
) -> Result<Vec<Shipment>, ShipmentError> {
    let mut all: Vec<Shipment> = Vec::new();
    for reference in references {
        for draft in drafts(reference, engine)? {
            let shipment = draft.overridden(overrides).shipment(namespace, engine)?;
            let name = &shipment.policy.name;
            if all.iter().any(|other| other.policy.name == *name) {
                return Err(ShipmentError::Twice { name: name.clone() });
            }
            all.push(shipment);
        }
    }
    Ok(all)
}

/// Selects the ConfigMaps with components of a policy.
pub(crate) fn selector_of(policy: &str) -> String {
    format!("{POLICY}={policy}")
}

/// A document before it is one for the cluster.
struct Draft {
    place: String,
    /// What its files are relative to.
    folder: PathBuf,
    document: Value,
}

fn drafts(reference: &str, engine: &Engine) -> Result<Vec<Draft>, ShipmentError> {
    let path = Path::new(reference);
    if path.is_dir() {
        return of_folder(path, engine);
    }
    if path.is_file() {
        return of_file(path, engine);
    }
    match subject::builtin(reference) {
        Some(builtin) => of_input(input::of_text(reference, builtin.manifest)),
        None => Err(subject::unknown(reference).into()),
    }
}

/// A policy's own folder, or one with documents.
fn of_folder(folder: &Path, engine: &Engine) -> Result<Vec<Draft>, ShipmentError> {
    let document = folder.join(subject::DOCUMENT);
    if document.is_file() {
        return of_file(&document, engine);
    }
    match subject::components(folder)?.as_slice() {
        [component] => of_file(component, engine),
        _ => of_paths(folder),
    }
}

fn of_file(path: &Path, engine: &Engine) -> Result<Vec<Draft>, ShipmentError> {
    let bytes = subject::read(path)?;
    if !subject::is_wasm(&bytes) {
        return of_paths(path);
    }
    let name = subject::Subject::find(&path.to_string_lossy(), engine)?.name;
    Ok(vec![Draft {
        place: path.display().to_string(),
        folder: subject::beside(path).to_owned(),
        document: json!({
            "apiVersion": "kubectl-sax.dev/v1alpha1",
            "kind": "WasmPolicy",
            "metadata": {"name": name},
            "spec": {"module": {"file": path.file_name().unwrap_or_default().to_string_lossy()}},
        }),
    }])
}

fn of_paths(path: &Path) -> Result<Vec<Draft>, ShipmentError> {
    of_input(input::read(&Source::Paths {
        paths: vec![path.to_owned()],
        recursive: false,
    }))
}

fn of_input(input: input::Input) -> Result<Vec<Draft>, ShipmentError> {
    if let Some(unusable) = input.unusable.into_iter().next() {
        return Err(unusable.into());
    }
    let draft = |manifest: input::Manifest| Draft {
        folder: subject::beside(Path::new(&manifest.place.source)).to_owned(),
        place: manifest.place.to_string(),
        document: manifest.object,
    };
    Ok(input.manifests.into_iter().map(draft).collect())
}

impl Draft {
    fn overridden(mut self, overrides: &Overrides) -> Self {
        let document = &mut self.document;
        if let Some(name) = &overrides.name {
            set(document, "metadata", "name", json!(name));
        }
        if let Some(mode) = overrides.mode {
            set(document, "spec", "mode", json!(word(mode)));
        }
        if let Some(settings) = &overrides.settings {
            set(document, "spec", "settings", settings.clone());
        }
        self
    }

    fn shipment(mut self, namespace: &str, engine: &Engine) -> Result<Shipment, ShipmentError> {
        let policy = WasmPolicy::from_object(&self.document);
        let policy = policy.map_err(|cause| ShipmentError::Document {
            place: self.place.clone(),
            cause,
        })?;
        let component = self.component(&policy)?;
        if let Some(component) = &component {
            policy
                .load(engine, component)
                .map_err(|cause| self.load(cause))?;
        }
        let module = match (&policy.module, &component) {
            (Module::File(_), Some(component)) => Some(self.module(&policy, component, namespace)?),
            _ => None,
        };
        if let Some(module) = &module {
            let place = json!({"configMap": {"name": module.name}});
            set(&mut self.document, "spec", "module", place);
        }
        Ok(Shipment {
            policy: Object::from_value(self.document),
            module,
            unchecked: component.is_none(),
        })
    }

    /// None where only the cluster has it.
    fn component(&self, policy: &WasmPolicy) -> Result<Option<Vec<u8>>, ShipmentError> {
        let builtin = policy
            .builtin_component()
            .map_err(|cause| self.load(cause))?;
        match (&policy.module, builtin) {
            (_, Some(component)) => Ok(Some(component.to_vec())),
            (Module::File(file), None) => Ok(Some(subject::read(&self.folder.join(file))?)),
            _ => Ok(None),
        }
    }

    /// Named after its digest, so that it never changes under what is in force.
    fn module(
        &self,
        policy: &WasmPolicy,
        component: &[u8],
        namespace: &str,
    ) -> Result<Object, ShipmentError> {
        if component.len() > LARGEST {
            return Err(ShipmentError::TooLarge {
                place: self.place.clone(),
                bytes: component.len(),
            });
        }
        let digest = digest(component);
        let hex = digest.trim_start_matches("sha256:");
        let short = hex.get(..12).unwrap_or(hex);
        Ok(Object::from_value(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": format!("{}-{short}", policy.name),
                "namespace": namespace,
                "labels": {
                    "app.kubernetes.io/managed-by": "kubectl-sax",
                    POLICY: policy.name,
                },
            },
            "immutable": true,
            "binaryData": {KEY: STANDARD.encode(component)},
        })))
    }

    fn load(&self, cause: LoadError) -> ShipmentError {
        ShipmentError::Load {
            place: self.place.clone(),
            cause: Box::new(cause),
        }
    }
}

/// Sets a member of a member; what is no object is left for the reader to complain about.
fn set(document: &mut Value, within: &str, name: &str, value: Value) {
    if let Some(members) = document.get_mut(within).and_then(Value::as_object_mut) {
        members.insert(name.to_owned(), value);
    }
}

fn listed(known: &[String]) -> String {
    match known {
        [] => "none".to_owned(),
        known => known.join(", "),
    }
}

fn word(mode: PolicyMode) -> &'static str {
    match mode {
        PolicyMode::Enforce => "enforce",
        PolicyMode::Warn => "warn",
        PolicyMode::Audit => "audit",
    }
}
