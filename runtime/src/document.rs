//! The `WasmPolicy` document: one entry of a policy set, in a file as in the cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use admission::{Matching, Mode, OnError};
use serde::Deserialize;
use serde_json::Value;

use crate::grants::{Grant, Grants};
use crate::limits::Limits;
use crate::load::LoadError;

const API_VERSION: &str = "kubectl-sax.dev/v1alpha1";
const KIND: &str = "WasmPolicy";
/// What an object has to be.
const DOCUMENT: &str = "an object with apiVersion, kind, metadata and spec";
/// Characters of what is wrong with an object out of a cluster: its author chose the names in it.
const REASON: usize = 1_024;
/// Where an entry stands that names no order.
const ORDER: i32 = 100;

/// One entry of a policy set.
#[derive(Debug, Clone, PartialEq)]
pub struct WasmPolicy {
    /// Names the policy in findings.
    pub name: String,
    /// Where its component is.
    pub module: Module,
    /// Lower ones are asked first; equal ones by name.
    pub order: i32,
    /// What follows from its findings.
    pub mode: Mode,
    /// What follows from its failure.
    pub on_error: OnError,
    /// Whether objects may opt out.
    pub skippable: bool,
    /// Checked against the policy's schema.
    pub settings: Value,
    /// What the operator keeps from it; the policy's own rules are added at load.
    pub matching: Matching,
    /// What it may read.
    pub grants: Grants,
    /// What one call may use.
    pub limits: Limits,
}

/// Where a component is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Module {
    /// One of ours, by name.
    Builtin(String),
    /// A file, relative to the document.
    File(PathBuf),
    /// Bytes in a ConfigMap of the webhook's own namespace; only in a cluster.
    ConfigMap(ConfigMapKey),
    /// An OCI image by digest; only in a cluster.
    Image(String),
}

/// Some bytes of a ConfigMap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigMapKey {
    /// The ConfigMap's name.
    pub name: String,
    /// Where in its `binaryData`.
    #[serde(default = "ConfigMapKey::usual")]
    pub key: String,
}

/// Why a value is no `WasmPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no WasmPolicy: {reason}")]
pub struct DocumentError {
    /// What is wrong with it and with which field.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    module: Module,
    order: Option<i32>,
    #[serde(default)]
    mode: SpecMode,
    #[serde(default)]
    on_error: SpecOnError,
    #[serde(default)]
    skippable: bool,
    settings: Option<Value>,
    #[serde(default, rename = "match")]
    matching: SpecMatch,
    #[serde(default)]
    grants: Vec<Grant>,
    #[serde(default)]
    limits: SpecLimits,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SpecMode {
    #[default]
    Enforce,
    Warn,
    Audit,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SpecOnError {
    #[default]
    Deny,
    Allow,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpecMatch {
    #[serde(default)]
    namespaces: Vec<String>,
    exclude_namespaces: Option<Vec<String>>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpecLimits {
    fuel: Option<u64>,
    memory_bytes: Option<u64>,
    output_bytes: Option<u64>,
    host_calls: Option<u32>,
    deadline_milliseconds: Option<u64>,
}

impl WasmPolicy {
    /// Reads all documents of a YAML (or JSON) text; `path` is for messages.
    ///
    /// # Errors
    /// [`LoadError::NotADocument`].
    pub fn parse(text: &str, path: &Path) -> Result<Vec<Self>, LoadError> {
        let refuse = |reason: String| LoadError::NotADocument {
            path: path.to_owned(),
            reason,
        };
        let documents: Vec<Document> =
            serde_saphyr::from_multiple(text).map_err(|error| refuse(error.to_string()))?;
        let entries = documents.into_iter().map(Self::try_from);
        entries.map(|entry| entry.map_err(refuse)).collect()
    }

    /// Reads an object as a cluster stores it; what the cluster adds is left alone.
    ///
    /// # Errors
    /// [`DocumentError`] with what is wrong.
    pub fn from_object(object: &Value) -> Result<Self, DocumentError> {
        if !object.is_object() {
            // A list would be read by position.
            let reason = format!("found no object, expected {DOCUMENT}");
            return Err(DocumentError { reason });
        }
        let document: Result<Document, _> = serde_path_to_error::deserialize(object);
        let document = document.map_err(|error| placed(&error));
        let read = document.and_then(Self::try_from);
        let excerpt = |reason: String| reason.chars().take(REASON).collect();
        read.map_err(|reason| DocumentError {
            reason: excerpt(reason),
        })
    }
}

/// What is wrong and with which field; an absent one is named by the reason itself.
fn placed(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().iter().next() {
        Some(_) => format!("{}: {}", error.path(), error.inner()),
        None => error.inner().to_string(),
    }
}

impl ConfigMapKey {
    /// The key that a ConfigMap usually has.
    #[must_use]
    pub fn usual() -> String {
        "policy.wasm".to_owned()
    }
}

impl std::fmt::Display for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Builtin(name) => write!(f, "built-in {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::ConfigMap(ConfigMapKey { name, key }) => write!(f, "ConfigMap {name}, key {key}"),
            Self::Image(image) => write!(f, "image {image}"),
        }
    }
}

impl TryFrom<Document> for WasmPolicy {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        let Document {
            api_version,
            kind,
            metadata,
            spec,
        } = document;
        if (api_version.as_str(), kind.as_str()) != (API_VERSION, KIND) {
            return Err(format!(
                "found {api_version} {kind}, expected {API_VERSION} {KIND}"
            ));
        }
        if !crate::description::is_dns_label(&metadata.name) {
            return Err(format!("metadata.name {:?} is no DNS label", metadata.name));
        }
        if let Some(grant) = spec.grants.iter().find(|grant| grant.is_forbidden()) {
            return Err(format!(
                "spec.grants names {grant}, which no policy may read: take it out"
            ));
        }
        Ok(Self {
            name: metadata.name,
            module: spec.module,
            order: spec.order.unwrap_or(ORDER),
            mode: spec.mode.into(),
            on_error: spec.on_error.into(),
            skippable: spec.skippable,
            settings: spec
                .settings
                .unwrap_or_else(|| Value::Object(Default::default())),
            matching: spec.matching.into(),
            grants: Grants(spec.grants),
            limits: spec.limits.into(),
        })
    }
}

impl From<SpecMode> for Mode {
    fn from(mode: SpecMode) -> Self {
        match mode {
            SpecMode::Enforce => Self::Enforce,
            SpecMode::Warn => Self::Warn,
            SpecMode::Audit => Self::Audit,
        }
    }
}

impl From<SpecOnError> for OnError {
    fn from(on_error: SpecOnError) -> Self {
        match on_error {
            SpecOnError::Deny => Self::Deny,
            SpecOnError::Allow => Self::Allow,
        }
    }
}

impl From<SpecMatch> for Matching {
    fn from(spec: SpecMatch) -> Self {
        let default = Self::default();
        Self {
            namespaces: spec.namespaces,
            exclude_namespaces: spec
                .exclude_namespaces
                .unwrap_or(default.exclude_namespaces),
            labels: spec.labels,
            rules: Vec::new(),
        }
    }
}

impl From<SpecLimits> for Limits {
    fn from(spec: SpecLimits) -> Self {
        let default = Self::default();
        let deadline = spec.deadline_milliseconds.map(Duration::from_millis);
        Self {
            fuel: spec.fuel.unwrap_or(default.fuel),
            memory_bytes: spec.memory_bytes.unwrap_or(default.memory_bytes),
            output_bytes: spec.output_bytes.unwrap_or(default.output_bytes),
            host_calls: spec.host_calls.unwrap_or(default.host_calls),
            deadline: deadline.unwrap_or(default.deadline),
        }
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
