//! What the user is and may do, asked of the API server.

use http::Request;
use serde_json::{Value, json};

use super::{Cluster, ClusterError};
use crate::doctor::Right;

/// Where an account asks for itself.
const REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// Where an account asks who it is.
const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

impl Cluster {
    /// The user whom the API server takes us for; `None` where it doesn't say.
    pub(crate) async fn user(&self) -> Option<String> {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let answer = self.post(WHO, &review).await.ok()?;
        Some(
            answer
                .pointer("/status/userInfo/username")?
                .as_str()?
                .to_owned(),
        )
    }

    /// Whether the user may do this; `None` where the API server doesn't say.
    ///
    /// # Errors
    /// When it doesn't answer at all.
    pub(crate) async fn may(
        &self,
        right: &Right,
        namespace: &str,
    ) -> Result<Option<bool>, ClusterError> {
        let (resource, group) = right
            .resource
            .split_once('.')
            .unwrap_or((right.resource, ""));
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let mut attributes = json!({
            "verb": right.verb, "group": group, "resource": resource, "subresource": subresource,
        });
        if right.namespaced {
            attributes["namespace"] = namespace.into();
        }
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        match self.post(REVIEW, &review).await {
            Ok(answer) => Ok(answer.pointer("/status/allowed").and_then(Value::as_bool)),
            Err(kube::Error::Api(_)) => Ok(None),
            Err(cause) => Err(self.error(cause)),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, kube::Error> {
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(body.to_string().into_bytes());
        self.client
            .request(request.map_err(kube::Error::HttpError)?)
            .await
    }
}
