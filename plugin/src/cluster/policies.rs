//! The policies that are in force in a cluster besides the built-in ones.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::Api;
use runtime::{ConfigMapKey, Engine, Entry, Grant, LoadError, Module, WasmPolicy};
use serde_json::{Value, json};

use super::{Cluster, ClusterError, Permission, WASM_POLICIES};

/// A policy of a cluster, and its component where that isn't a built-in one's.
pub(crate) struct PolicyInForce {
    document: WasmPolicy,
    component: Option<Vec<u8>>,
}

/// What is in force, and what isn't: names, each with the reason.
#[derive(Default)]
pub(crate) struct PoliciesInForce {
    pub(crate) policies: Vec<PolicyInForce>,
    pub(crate) left_out: Vec<String>,
}

impl PoliciesInForce {
    /// None that may be read.
    pub(crate) fn unknown(missing: &[Permission]) -> Self {
        let reason =
            |missing: &Permission| format!("the cluster's own policies, as you may not {missing}");
        Self {
            policies: Vec::new(),
            left_out: missing.iter().map(reason).collect(),
        }
    }
}

impl PolicyInForce {
    /// What it reads of the cluster.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.document.grants.0.iter()
    }

    /// As the webhook loads it.
    pub(crate) fn load(&self, engine: &Engine) -> Result<Entry, LoadError> {
        let component = match &self.component {
            Some(component) => Some(Cow::Borrowed(component.as_slice())),
            None => self.document.builtin_component()?.map(Cow::Borrowed),
        };
        let missing = || LoadError::OnlyInACluster {
            policy: self.document.name.clone(),
            module: self.document.module.clone(),
        };
        self.document.load(engine, &component.ok_or_else(missing)?)
    }
}

impl Cluster {
    /// The WasmPolicies as the webhook last said that they are in force: none where it isn't
    /// installed.
    pub(crate) async fn policies_in_force(&self) -> Result<PoliciesInForce, ClusterError> {
        let listed = self.list(&WASM_POLICIES, Value::clone).await?;
        let mut found = PoliciesInForce::default();
        for object in listed.unwrap_or_default() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            match in_force(name, &object) {
                Ok(document) => match self.component(&document.module).await? {
                    Ok(component) => found.policies.push(PolicyInForce {
                        document,
                        component,
                    }),
                    Err(reason) => found.left_out.push(format!("policy {name}: {reason}")),
                },
                Err(reason) => found.left_out.push(format!("policy {name}: {reason}")),
            }
        }
        Ok(found)
    }

    /// The bytes of a ConfigMap; none where the component is elsewhere.
    async fn component(
        &self,
        module: &Module,
    ) -> Result<Result<Option<Vec<u8>>, String>, ClusterError> {
        let ConfigMapKey { name, key } = match module {
            Module::ConfigMap(key) => key,
            Module::Image(_) => return Ok(Err(format!("{module} isn't pulled here"))),
            Module::Builtin(_) | Module::File(_) => return Ok(Ok(None)),
        };
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), placement::NAMESPACE);
        let found = api.get_opt(name).await.map_err(|cause| self.error(cause))?;
        let bytes = found.and_then(|found| found.binary_data?.remove(key));
        let missing = || format!("ConfigMap {name} has no binaryData {key:?} any more");
        Ok(bytes.map(|bytes| Some(bytes.0)).ok_or_else(missing))
    }
}

/// The document that the webhook says is in force.
fn in_force(name: &str, object: &Value) -> Result<WasmPolicy, String> {
    let Some(spec) = object.pointer("/status/inForce/spec") else {
        return Err("no webhook says that it is in force".to_owned());
    };
    let document = json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": {"name": name},
        "spec": spec,
    });
    WasmPolicy::from_object(&document).map_err(|error| error.to_string())
}
