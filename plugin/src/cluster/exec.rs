//! Programs that run in a container, through the API server.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams, AttachedProcess};
use tokio::time::timeout;

use super::{Cluster, ClusterError};

/// How long the API server and a kubelet may take to begin.
const PATIENCE: Duration = Duration::from_secs(15);
/// The reason of a status that tells a program's own exit status, and the one that says it was 0.
const NON_ZERO: &str = "NonZeroExitCode";
const SUCCESS: &str = "Success";

impl Cluster {
    /// Starts a program in a container.
    ///
    /// # Errors
    /// When it isn't allowed, or nothing comes in time.
    pub(crate) async fn exec(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        command: &[String],
        stdin: bool,
    ) -> Result<AttachedProcess, ClusterError> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let params = AttachParams::default()
            .container(container)
            .stdin(stdin)
            .stdout(true)
            .stderr(true);
        let begun = timeout(PATIENCE, pods.exec(pod, command, &params)).await;
        let process = begun.map_err(|_| self.silent(PATIENCE))?;
        process.map_err(|cause| self.error(cause))
    }
}

/// A program's exit status from what the kubelet says at its end; the kubelet's words where it
/// couldn't be run.
pub(crate) fn exit_status(status: Option<kube::core::Status>) -> Result<u8, String> {
    let Some(status) = status else {
        return Err("the connection ended before the program did".to_owned());
    };
    let text = serde_json::to_value(&status).unwrap_or_default();
    if text["status"] == SUCCESS {
        return Ok(0);
    }
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let mut codes = causes.filter(|cause| cause.reason == "ExitCode");
    let code = codes.next().and_then(|cause| cause.message.parse().ok());
    match code {
        Some(code) if status.reason == NON_ZERO => Ok(code),
        _ => Err(status.message),
    }
}
