//! Requests about policies, each with a time limit of its own.

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::events::v1::Event;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::Value;
use tokio::time::timeout;

use super::resource;
use crate::placer::{ApiError, TIMING};

/// Who owns the fields that the leader sets: entries of the registration, and status.
const LEADER: &str = "sax-webhook";
/// Events about objects without a namespace lie here.
const EVENTS: &str = "default";

/// The API server, for one namespace of ours.
#[derive(Clone)]
pub(super) struct ApiServer {
    pub(super) client: Client,
    pub(super) namespace: String,
}

impl ApiServer {
    /// A ConfigMap of ours.
    pub(super) async fn config_map(&self, name: &str) -> Result<ConfigMap, ApiError> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), &self.namespace);
        within(api.get(name)).await
    }

    /// Applies a WasmPolicy's status.
    pub(super) async fn apply_status(&self, name: &str, status: &Value) -> Result<(), ApiError> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource::kind());
        let params = PatchParams::apply(LEADER).force();
        within(api.patch_status(name, &params, &Patch::Apply(status))).await?;
        Ok(())
    }

    /// Applies what the leader owns of an object of `kind` without a namespace.
    pub(super) async fn apply(
        &self,
        kind: &ApiResource,
        name: &str,
        part: &Value,
    ) -> Result<DynamicObject, ApiError> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), kind);
        let params = PatchParams::apply(LEADER).force();
        within(api.patch(name, &params, &Patch::Apply(part))).await
    }

    /// Writes an Event; one that was written already is left as it is.
    pub(super) async fn event(&self, event: &Event) -> Result<(), ApiError> {
        let api: Api<Event> = Api::namespaced(self.client.clone(), EVENTS);
        let params = PostParams {
            field_manager: Some(LEADER.to_owned()),
            ..PostParams::default()
        };
        match within(api.create(&params, event)).await {
            Err(error) if error.code() == Some(409) => Ok(()),
            other => other.map(drop),
        }
    }
}

async fn within<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, ApiError> {
    let limit = TIMING.request;
    let answer = timeout(limit, request).await;
    Ok(answer.map_err(|_| ApiError::Silent { limit })??)
}
