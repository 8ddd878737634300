//! What tells kwok of a Pod: where its log is and what stands behind its ports. The objects belong
//! to the Pod and go with it.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use crate::saxutil;

/// Writes these objects for Pods of one namespace.
pub(super) struct Objects {
    client: Client,
    namespace: String,
}

impl Objects {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
        }
    }

    /// A Pod's log is this file.
    pub(super) async fn log(&self, pod: &Pod, file: &Path) -> Result<()> {
        let spec = json!({"logs": [{"logsFile": file, "follow": true}]});
        self.write(pod, "Logs", "logs", &spec).await
    }

    /// Behind a Pod's ports are these.
    pub(super) async fn ports(&self, pod: &Pod, ports: &[(u16, SocketAddr)]) -> Result<()> {
        let forward = |(port, here): &(u16, SocketAddr)| {
            let target = json!({"address": here.ip(), "port": here.port()});
            json!({"ports": [port], "target": target})
        };
        let forwards: Vec<Value> = ports.iter().map(forward).collect();
        let spec = json!({ "forwards": forwards });
        self.write(pod, "PortForward", "portforwards", &spec).await
    }

    /// Commands in a Pod find the admin server there.
    pub(super) async fn commands(&self, pod: &Pod, admin: SocketAddr) -> Result<()> {
        let variable = json!({"name": saxutil::ADMIN, "value": admin.to_string()});
        let spec = json!({"execs": [{"local": {"envs": [variable]}}]});
        self.write(pod, "Exec", "execs", &spec).await
    }

    async fn write(&self, pod: &Pod, kind: &str, plural: &str, spec: &Value) -> Result<()> {
        let kind_of = GroupVersionKind::gvk("kwok.x-k8s.io", "v1alpha1", kind);
        let resource = ApiResource::from_gvk_with_plural(&kind_of, plural);
        let objects: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let object = json!({
            "apiVersion": resource.api_version,
            "kind": kind,
            "metadata": {"name": name, "ownerReferences": [{
                "apiVersion": "v1",
                "kind": "Pod",
                "name": name,
                "uid": pod.metadata.uid,
            }]},
            "spec": spec,
        });
        let parameters = PatchParams::apply("sax-simulator").force();
        let object = Patch::Apply(object);
        let patched = objects.patch(name, &parameters, &object).await;
        patched.with_context(|| format!("write {kind} {name}"))?;
        Ok(())
    }
}
