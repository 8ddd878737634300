//! The requests that the placer sends, each with a time limit of its own, none repeated behind
//! its back.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Request as HttpRequest;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::api::{
    DeleteParams, GetParams, ListParams, Patch, PatchParams, PostParams, Preconditions,
};
use kube::core::{ObjectList, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::election::{LEASE, Records, TIMING};
use super::kinds::What;
use super::metrics::PlacerMetrics;

/// Who owns the fields that the placer sets.
const FIELD_MANAGER: &str = "kubectl-sax";
/// Where Events are written.
const EVENTS: &str = "events";

/// Why a request had no success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The API server, or the way to it, says no.
    #[error(transparent)]
    Kube(Box<kube::Error>),
    /// No answer.
    #[error("no answer within {} ms", limit.as_millis())]
    Silent {
        /// How long was waited.
        limit: Duration,
    },
}

impl ApiError {
    /// The HTTP status; `None` where there was no answer.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            ApiError::Kube(error) => match error.as_ref() {
                kube::Error::Api(status) => Some(status.code),
                _ => None,
            },
            ApiError::Silent { .. } => None,
        }
    }

    /// Does it only mean that we looked at something older than what is there? A conflict, an
    /// object that exists already or no longer, a change that no longer makes sense.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self.code(), Some(404 | 409 | 410 | 422))
    }

    /// The label of metrics.
    fn label(&self) -> String {
        match self.code() {
            Some(code) => code.to_string(),
            None => "none".to_owned(),
        }
    }
}

impl From<kube::Error> for ApiError {
    fn from(error: kube::Error) -> Self {
        ApiError::Kube(Box::new(error))
    }
}

/// The API server, for one namespace of ours.
#[derive(Clone)]
pub(crate) struct ApiServer {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) metrics: Arc<PlacerMetrics>,
}

impl ApiServer {
    /// Strategic merge patch of a Pod; the Pod as it is now.
    pub(crate) async fn patch_pod(
        &self,
        namespace: &str,
        name: &str,
        patch: Value,
    ) -> Result<Value, ApiError> {
        let request = Request::new(What::Pods.path_in(namespace));
        let patch = Patch::Strategic(patch);
        let request = request.patch(name, &patch_params(), &patch);
        self.send("patch", "pods", request).await
    }

    /// Deletes a Pod, which must be the one that was seen.
    pub(crate) async fn delete_pod(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
    ) -> Result<Value, ApiError> {
        let request = Request::new(What::Pods.path_in(namespace));
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        self.send("delete", "pods", request.delete(name, &params))
            .await
    }

    /// Creates a Lease, which must not exist.
    pub(crate) async fn create_lease(&self, lease: &Value) -> Result<Value, ApiError> {
        let request = self.leases().create(&post_params(), bytes(lease));
        self.send("create", "leases", request).await
    }

    /// Replaces a Lease, which must be the one that was seen: the new one carries its version.
    pub(crate) async fn replace_lease(&self, name: &str, lease: &Value) -> Result<Value, ApiError> {
        let request = self.leases().replace(name, &post_params(), bytes(lease));
        self.send("update", "leases", request).await
    }

    /// Deletes a Lease, which must be the one that was seen.
    pub(crate) async fn delete_lease(
        &self,
        name: &str,
        preconditions: Preconditions,
    ) -> Result<Value, ApiError> {
        let params = DeleteParams {
            preconditions: Some(preconditions),
            ..DeleteParams::default()
        };
        self.send("delete", "leases", self.leases().delete(name, &params))
            .await
    }

    /// Applies a Lease as a whole: of that name there is one writer.
    pub(crate) async fn apply_lease(&self, name: &str, lease: &Lease) -> Result<Value, ApiError> {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let request = self.leases().patch(name, &params, &Patch::Apply(lease));
        self.send("patch", "leases", request).await
    }

    /// The Leases with this label.
    pub(crate) async fn list_leases(&self, selector: &str) -> Result<Vec<Lease>, ApiError> {
        let request = self.leases().list(&ListParams::default().labels(selector));
        let list: ObjectList<Lease> = self.send("list", "leases", request).await?;
        Ok(list.items)
    }

    /// Creates an Event.
    pub(crate) async fn create_event(
        &self,
        namespace: &str,
        event: &Value,
    ) -> Result<Value, ApiError> {
        let request = events(namespace).create(&post_params(), bytes(event));
        self.send("create", EVENTS, request).await
    }

    /// Merge patch of an Event.
    pub(crate) async fn patch_event(
        &self,
        namespace: &str,
        name: &str,
        patch: Value,
    ) -> Result<Value, ApiError> {
        let request = events(namespace).patch(name, &patch_params(), &Patch::Merge(patch));
        self.send("patch", EVENTS, request).await
    }

    /// Counts an error that came some other way.
    pub(crate) fn count(&self, verb: &'static str, resource: &'static str, error: &ApiError) {
        self.metrics.api_error(verb, resource, error.label());
    }

    fn leases(&self) -> Request {
        Request::new(What::Leases.path(&self.namespace))
    }

    /// Sends a request and counts it where it fails.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        verb: &'static str,
        resource: &'static str,
        request: Result<HttpRequest<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<T, ApiError> {
        let answer = match request {
            Ok(request) => self.answer(request).await,
            Err(error) => Err(kube::Error::BuildRequest(error).into()),
        };
        answer.inspect_err(|error| self.count(verb, resource, error))
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: HttpRequest<Vec<u8>>,
    ) -> Result<T, ApiError> {
        let limit = TIMING.request;
        let answer = timeout(limit, self.client.request(request)).await;
        Ok(answer.map_err(|_| ApiError::Silent { limit })??)
    }
}

impl Records for ApiServer {
    type Error = ApiError;

    async fn read(&self) -> Result<Option<Lease>, ApiError> {
        let request = self.leases().get(LEASE, &GetParams::default());
        match self.send("get", "leases", request).await {
            Ok(lease) => Ok(Some(lease)),
            Err(error) if error.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, lease: Lease) -> Result<(), ApiError> {
        let request = self.leases().create(&post_params(), bytes(&lease));
        self.send::<Value>("create", "leases", request)
            .await
            .map(drop)
    }

    async fn replace(&self, lease: Lease) -> Result<(), ApiError> {
        let request = self.leases().replace(LEASE, &post_params(), bytes(&lease));
        self.send::<Value>("update", "leases", request)
            .await
            .map(drop)
    }
}

fn events(namespace: &str) -> Request {
    Request::new(format!(
        "/apis/events.k8s.io/v1/namespaces/{namespace}/{EVENTS}"
    ))
}

fn post_params() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}

fn patch_params() -> PatchParams {
    PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("an object must be JSON")
}
