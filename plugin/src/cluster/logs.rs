//! Logs of containers.

use std::time::Duration;

use futures_util::AsyncBufReadExt;
use futures_util::stream::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};
use tokio::time::timeout;

use super::{Cluster, ClusterError};

/// How long the API server and a kubelet may take to begin.
const PATIENCE: Duration = Duration::from_secs(15);

/// What of a log is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogRequest {
    /// Go on as more is written.
    pub(crate) follow: bool,
    /// The log of the container before this one.
    pub(crate) previous: bool,
    /// Only what is as new as this.
    pub(crate) since: Option<Duration>,
    /// Only so many of its last lines.
    pub(crate) tail: Option<u32>,
    /// The kubelet's time before each line.
    pub(crate) timestamps: bool,
}

impl Cluster {
    /// The last lines of a container's log, at most so many bytes.
    pub(crate) async fn log_end(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        lines: i64,
        bytes: i64,
    ) -> Result<String, ClusterError> {
        let params = LogParams {
            container: Some(container.to_owned()),
            tail_lines: Some(lines),
            limit_bytes: Some(bytes),
            ..LogParams::default()
        };
        let text = self.pod_api(namespace).logs(pod, &params).await;
        text.map_err(|cause| self.error(cause))
    }

    /// The lines of a container's log, as they come.
    ///
    /// # Errors
    /// When there is no such log, or nothing comes in time.
    pub(crate) async fn log_lines(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        request: &LogRequest,
    ) -> Result<impl Stream<Item = std::io::Result<String>> + use<>, ClusterError> {
        let whole = |time: Duration| i64::try_from(time.as_secs().max(1)).unwrap_or(i64::MAX);
        let params = LogParams {
            container: Some(container.to_owned()),
            follow: request.follow,
            previous: request.previous,
            since_seconds: request.since.map(whole),
            tail_lines: request.tail.map(i64::from),
            timestamps: request.timestamps,
            ..LogParams::default()
        };
        let pods = self.pod_api(namespace);
        let begun = timeout(PATIENCE, pods.log_stream(pod, &params)).await;
        let seconds = PATIENCE.as_secs();
        let stream = begun.map_err(|_| ClusterError::TooLate { seconds })?;
        let stream = stream.map_err(|cause| self.error(cause))?;
        Ok(stream.lines().boxed())
    }

    fn pod_api(&self, namespace: &str) -> Api<Pod> {
        Api::namespaced(self.client.clone(), namespace)
    }
}
