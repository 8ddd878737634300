//! Connections to ports of Pods, through the API server.

use std::pin::Pin;

use k8s_openapi::api::core::v1::Pod;
use kube::api::Api;
use tokio::io::DuplexStream;

use super::answer::client;
use super::{Cluster, ClusterError};

/// An open port of a Pod.
pub(crate) struct Forwarded {
    /// What goes to the port and comes from it.
    pub(crate) stream: DuplexStream,
    /// Why the Pod takes nothing, if it comes to that; the end of it says nothing.
    pub(crate) trouble: Pin<Box<dyn Future<Output = Option<String>> + Send>>,
}

impl Cluster {
    /// Opens a port of a Pod. That it is open doesn't mean that anybody listens there.
    pub(crate) async fn forward(
        &self,
        namespace: &str,
        pod: &str,
        port: u16,
    ) -> Result<Forwarded, ClusterError> {
        let client = client(self.patient.clone(), self.limit).map_err(|cause| self.error(cause))?;
        let api: Api<Pod> = Api::namespaced(client, namespace);
        let forwarder = api.portforward(pod, &[port]).await;
        let mut forwarder = forwarder.map_err(|cause| self.error(cause))?;
        let stream = forwarder.take_stream(port);
        let trouble = forwarder.take_error(port);
        Ok(Forwarded {
            stream: stream.expect("a port that was asked for must be there"),
            trouble: Box::pin(trouble.expect("a port that was asked for must be there")),
        })
    }
}
