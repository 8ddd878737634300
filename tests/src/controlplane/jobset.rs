//! JobSet's own manifests, bent to a controller that runs beside the cluster.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::binaries::module_folder;
use crate::kubectl::Kubectl;

/// The Go module.
const MODULE: &str = "sigs.k8s.io/jobset";

/// The controller's namespace and ServiceAccount in JobSet's default installation.
pub(super) const NAMESPACE: &str = "jobset-system";
/// The user that the API server sees for the controller.
pub(super) const USER: &str = "system:serviceaccount:jobset-system:jobset-controller-manager";

/// JobSet's default installation without what needs containers.
pub(super) struct Manifests {
    /// CRD, namespace, roles.
    pub(super) base: Value,
    webhooks: Vec<Value>,
}

impl Manifests {
    /// Builds JobSet's own kustomization.
    ///
    /// # Errors
    /// When the module or its kustomization can't be read.
    pub(super) fn read(root: &Path, kubectl: &Kubectl) -> Result<Self> {
        let folder = module_folder(root, MODULE)?.join("config/default");
        let text = kubectl.run(&["kustomize", &folder.to_string_lossy()])?;
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).context("parse JobSet's manifests")?;
        let of_kind = |kinds: &[&str]| -> Vec<Value> {
            documents
                .iter()
                .filter(|document| kinds.iter().any(|kind| document["kind"] == *kind))
                .cloned()
                .collect()
        };
        let base = of_kind(&[
            "CustomResourceDefinition",
            "Namespace",
            "ServiceAccount",
            "ClusterRole",
            "ClusterRoleBinding",
            "Role",
            "RoleBinding",
        ]);
        let webhooks = of_kind(&[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ]);
        Ok(Self {
            base: list(base),
            webhooks,
        })
    }

    /// The webhook configurations, calling `https://127.0.0.1:<port>` and trusting `authority`.
    #[must_use]
    pub(super) fn webhooks(&self, port: u16, authority: &str) -> Value {
        let bundle = STANDARD.encode(authority);
        let mut configurations = self.webhooks.clone();
        let webhooks = configurations
            .iter_mut()
            .filter_map(|configuration| configuration["webhooks"].as_array_mut())
            .flatten();
        for webhook in webhooks {
            let path = webhook["clientConfig"]["service"]["path"]
                .as_str()
                .unwrap_or_default();
            webhook["clientConfig"] =
                json!({"url": format!("https://127.0.0.1:{port}{path}"), "caBundle": bundle});
        }
        list(configurations)
    }
}

/// The controller's configuration file.
#[must_use]
pub(super) fn configuration(webhook_port: u16, health_port: u16, certificates: &Path) -> Value {
    json!({
        "apiVersion": "config.jobset.x-k8s.io/v1alpha1",
        "kind": "Configuration",
        "leaderElection": {"leaderElect": false},
        "internalCertManagement": {"enable": false},
        "webhook": {"host": "127.0.0.1", "port": webhook_port, "certDir": certificates},
        "health": {"healthProbeBindAddress": format!("127.0.0.1:{health_port}")},
        "metrics": {"bindAddress": "0"},
        "clientConnection": {"qps": 500, "burst": 500},
    })
}

fn list(items: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}
