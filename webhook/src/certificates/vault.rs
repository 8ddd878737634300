//! Where the certificates are kept and where they are trusted: a Secret in our namespace, and the
//! registrations.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{GetParams, Patch, PatchParams, PostParams};
use kube::core::{ObjectMeta, Request};
use serde_json::{Value, json};

use crate::placer::{ApiError, ApiServer};

/// Who owns the fields that the keeper writes.
const FIELD_MANAGER: &str = "sax-webhook";
/// Both registrations have this name.
const REGISTRATION: &str = "admission.kubectl-sax.dev";
/// The annotation that `kubectl sax webhook pause` gives them.
pub(crate) const PAUSED: &str = "kubectl-sax.dev/paused";
/// Their resources.
const REGISTRATIONS: [&str; 2] = [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
];

/// The Secret as it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Stored {
    /// What it holds.
    pub(crate) data: BTreeMap<String, ByteString>,
    /// What is asked for by annotations.
    pub(crate) annotations: BTreeMap<String, String>,
    /// All of it: what we don't know is written back as it was.
    pub(crate) secret: Secret,
}

/// Where the keeper keeps. Every write fails where somebody else has written meanwhile.
pub(crate) trait Vault: Send + Sync {
    /// The Secret; `None` where there is none.
    fn read(&self) -> impl Future<Output = Result<Option<Stored>, ApiError>> + Send;

    /// Makes the Secret; an error where there is one.
    fn create(
        &self,
        data: BTreeMap<String, ByteString>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Puts something else in the place of what was read.
    fn replace(&self, stored: Stored) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Is anything registered that trusts somebody?
    fn is_registered(&self) -> impl Future<Output = Result<bool, ApiError>> + Send;

    /// Has every registration trust this bundle.
    fn trust(&self, bundle: &str) -> impl Future<Output = Result<Trust, ApiError>> + Send;
}

/// How the registrations stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trust {
    /// Did all of them trust the bundle already?
    pub(crate) already: bool,
    /// Is one of them paused?
    pub(crate) paused: bool,
}

/// The cluster.
#[derive(Clone)]
pub(crate) struct ClusterVault {
    /// The API server, with our own namespace.
    pub(crate) api: ApiServer,
    /// The Secret's name.
    pub(crate) secret: String,
}

impl Vault for ClusterVault {
    async fn read(&self) -> Result<Option<Stored>, ApiError> {
        let request = self.secrets().get(&self.secret, &GetParams::default());
        let found: Result<Secret, _> = self.api.send("get", "secrets", request).await;
        match found {
            Ok(secret) => Ok(Some(Stored {
                data: secret.data.clone().unwrap_or_default(),
                annotations: secret.metadata.annotations.clone().unwrap_or_default(),
                secret,
            })),
            Err(error) if error.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, data: BTreeMap<String, ByteString>) -> Result<(), ApiError> {
        let labels = [
            ("app.kubernetes.io/name", "sax-webhook"),
            ("app.kubernetes.io/part-of", "kubectl-sax"),
        ];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(self.secret.clone()),
                labels: Some(labels.into()),
                ..ObjectMeta::default()
            },
            type_: Some("kubernetes.io/tls".to_owned()),
            data: Some(data),
            ..Secret::default()
        };
        let request = self.secrets().create(&params(), bytes(&secret));
        self.api
            .send::<Value>("create", "secrets", request)
            .await
            .map(drop)
    }

    async fn replace(&self, stored: Stored) -> Result<(), ApiError> {
        let mut secret = stored.secret;
        secret.data = Some(stored.data);
        secret.metadata.annotations = Some(stored.annotations);
        let request = self
            .secrets()
            .replace(&self.secret, &params(), bytes(&secret));
        self.api
            .send::<Value>("update", "secrets", request)
            .await
            .map(drop)
    }

    async fn is_registered(&self) -> Result<bool, ApiError> {
        for resource in REGISTRATIONS {
            let found = self.registration(resource).await?;
            if found
                .as_ref()
                .is_some_and(|found| webhooks(found).any(trusts_somebody))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn trust(&self, bundle: &str) -> Result<Trust, ApiError> {
        let bundle = json!(ByteString(bundle.as_bytes().to_vec()));
        let (mut already, mut paused) = (true, false);
        for resource in REGISTRATIONS {
            let Some(found) = self.registration(resource).await? else {
                continue;
            };
            paused |= found["metadata"]["annotations"][PAUSED].is_string();
            let Some(patch) = trusting(&found, &bundle) else {
                continue;
            };
            already = false;
            self.patch(resource, &patch).await?;
            tracing::info!(
                resource,
                name = REGISTRATION,
                "the registration's caBundle is new"
            );
        }
        Ok(Trust { already, paused })
    }
}

impl ClusterVault {
    fn secrets(&self) -> Request {
        let namespace = &self.api.namespace;
        Request::new(format!("/api/v1/namespaces/{namespace}/secrets"))
    }

    async fn registration(&self, resource: &'static str) -> Result<Option<Value>, ApiError> {
        let request = registrations(resource).get(REGISTRATION, &GetParams::default());
        match self.api.send("get", resource, request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn patch(&self, resource: &'static str, patch: &Value) -> Result<(), ApiError> {
        let patch = serde_json::from_value(patch.clone()).expect("ours must be a JSON patch");
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let request =
            registrations(resource).patch(REGISTRATION, &params, &Patch::Json::<()>(patch));
        self.api
            .send::<Value>("patch", resource, request)
            .await
            .map(drop)
    }
}

fn registrations(resource: &str) -> Request {
    Request::new(format!("/apis/admissionregistration.k8s.io/v1/{resource}"))
}

fn webhooks(registration: &Value) -> impl Iterator<Item = &Value> {
    registration["webhooks"].as_array().into_iter().flatten()
}

fn trusts_somebody(webhook: &Value) -> bool {
    webhook["clientConfig"]["caBundle"]
        .as_str()
        .is_some_and(|bundle| !bundle.is_empty())
}

/// The patch by which all of its webhooks trust a bundle (base64); `None` where they do. It is
/// refused where the registration has changed meanwhile.
fn trusting(registration: &Value, bundle: &Value) -> Option<Value> {
    let version = &registration["metadata"]["resourceVersion"];
    let mut patch = vec![json!({
        "op": "test", "path": "/metadata/resourceVersion", "value": version,
    })];
    for (at, webhook) in webhooks(registration).enumerate() {
        if webhook["clientConfig"]["caBundle"] != *bundle {
            let path = format!("/webhooks/{at}/clientConfig/caBundle");
            patch.push(json!({"op": "add", "path": path, "value": bundle}));
        }
    }
    (patch.len() > 1).then(|| patch.into())
}

fn params() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}

fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("an object must be JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_patched_and_only_in_the_registration_that_was_read() {
        let entry =
            |bundle: Value| json!({"clientConfig": {"url": "https://a", "caBundle": bundle}});
        let mut registration = json!({
            "metadata": {"resourceVersion": "7"},
            "webhooks": [entry("bmV3".into()), entry("b2xk".into()), {"clientConfig": {}}],
        });
        let patch = trusting(&registration, &"bmV3".into()).unwrap();
        let patch: json_patch::Patch = serde_json::from_value(patch).unwrap();
        json_patch::patch(&mut registration, &patch).unwrap();
        assert!(webhooks(&registration).all(|w| w["clientConfig"]["caBundle"] == "bmV3"));
        assert_eq!(
            registration["webhooks"][1]["clientConfig"]["url"],
            "https://a"
        );
        assert_eq!(trusting(&registration, &"bmV3".into()), None);
        registration["metadata"]["resourceVersion"] = "8".into();
        assert!(json_patch::patch(&mut registration, &patch).is_err());
    }
}
