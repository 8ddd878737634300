//! An object on its way to the cluster: typed before, JSON from here on.

use k8s_openapi::Resource;
use serde::Serialize;
use serde_json::Value;

/// A Kubernetes object with what is needed to name and address it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    /// Such as `apps/v1`.
    pub(crate) api_version: String,
    /// Such as `Deployment`.
    pub(crate) kind: String,
    /// Its name.
    pub(crate) name: String,
    /// Its namespace; `None` for cluster-scoped objects.
    pub(crate) namespace: Option<String>,
    /// The whole.
    pub(crate) value: Value,
}

impl Object {
    /// The JSON of a typed object.
    pub(crate) fn of<T: Resource + Serialize>(object: &T) -> Self {
        let value = serde_json::to_value(object).expect("Kubernetes types must be JSON");
        Self::from_value(value)
    }

    /// An object that is JSON already, such as a server's answer.
    pub(crate) fn from_value(value: Value) -> Self {
        let text = |pointer: &str| {
            let found = value.pointer(pointer).and_then(Value::as_str);
            found.map(str::to_owned)
        };
        Self {
            api_version: text("/apiVersion").unwrap_or_default(),
            kind: text("/kind").unwrap_or_default(),
            name: text("/metadata/name").unwrap_or_default(),
            namespace: text("/metadata/namespace"),
            value,
        }
    }

    /// Is it of this type?
    pub(crate) fn is<T: Resource>(&self) -> bool {
        self.api_version == T::API_VERSION && self.kind == T::KIND
    }

    /// The way kubectl names it: `deployment.apps/sax-admin-server`.
    pub(crate) fn display_name(&self) -> String {
        let kind = self.kind.to_lowercase();
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}/{}", self.name),
            None => format!("{kind}/{}", self.name),
        }
    }
}

/// A copy without the server's record of who owns which field: a third of a small object, which
/// is for nobody to read.
pub(crate) fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}
