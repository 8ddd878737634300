//! A WasmPolicy as the cluster stores it.

use kube::api::{ApiResource, DynamicObject};
use runtime::{DocumentError, Grants, WasmPolicy};
use serde_json::{Value, json};

/// The kind, as the API server serves it.
pub(crate) fn kind() -> ApiResource {
    ApiResource {
        group: "kubectl-sax.dev".to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: "kubectl-sax.dev/v1alpha1".to_owned(),
        kind: "WasmPolicy".to_owned(),
        plural: "wasmpolicies".to_owned(),
    }
}

/// A WasmPolicy as the cluster stores it.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// Also the policy's name in findings.
    pub(crate) name: String,
    /// Another one of this name has another.
    pub(crate) uid: String,
    /// Counts the changes of the spec.
    pub(crate) generation: i64,
    /// What is asked for.
    pub(crate) document: Result<WasmPolicy, DocumentError>,
    /// The same, unread.
    pub(crate) spec: Value,
    /// What the leader last said.
    pub(crate) status: Value,
}

/// What the status says was in force.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    pub(crate) generation: i64,
    pub(crate) digest: String,
    pub(crate) document: WasmPolicy,
    pub(crate) spec: Value,
}

impl Resource {
    /// Reads what a watch gave.
    pub(crate) fn read(object: &DynamicObject) -> Resource {
        let member = |name: &str| object.data.get(name).cloned().unwrap_or_default();
        let (name, spec) = (
            object.metadata.name.clone().unwrap_or_default(),
            member("spec"),
        );
        Resource {
            document: document(&name, &spec),
            name,
            uid: object.metadata.uid.clone().unwrap_or_default(),
            generation: object.metadata.generation.unwrap_or_default(),
            spec,
            status: member("status"),
        }
    }

    /// What it asks to be granted; none where it can't be read.
    pub(crate) fn grants(&self) -> Option<&Grants> {
        self.document.as_ref().ok().map(|document| &document.grants)
    }

    /// What was in force when the leader last said so: for a replica that starts while the newer
    /// one is refused.
    pub(crate) fn earlier(&self) -> Option<Earlier> {
        let told = self.status.get("inForce")?;
        let spec = told.get("spec")?.clone();
        Some(Earlier {
            generation: told.get("generation")?.as_i64()?,
            digest: told.get("digest")?.as_str()?.to_owned(),
            document: document(&self.name, &spec).ok()?,
            spec,
        })
    }
}

fn document(name: &str, spec: &Value) -> Result<WasmPolicy, DocumentError> {
    let kind = kind();
    WasmPolicy::from_object(&json!({
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name},
        "spec": spec,
    }))
}
