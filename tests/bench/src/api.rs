//! A client of a cluster's API server.

use std::path::Path;

use anyhow::{Context, Result};
use http::Request;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A client that waits for each answer.
pub(crate) struct Api {
    runtime: Runtime,
    client: kube::Client,
}

impl Api {
    /// With the credentials of a kubeconfig.
    pub(crate) fn of_cluster(kubeconfig: &Path) -> Result<Self> {
        let runtime = Runtime::new().context("start threads")?;
        let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
        let options = KubeConfigOptions::default();
        let config = runtime.block_on(Config::from_custom_kubeconfig(kubeconfig, &options))?;
        // The client spawns a task when it is made.
        let entered = runtime.enter();
        let client = kube::Client::try_from(config)?;
        drop(entered);
        Ok(Self { runtime, client })
    }

    /// Creates a Pod in the namespace `default` as a dry run, and returns the HTTP status.
    pub(crate) fn create_pod(&self, pod: &Value) -> Result<u16> {
        let request = Request::post("/api/v1/namespaces/default/pods?dryRun=All")
            .header("Content-Type", "application/json")
            .body(pod.to_string().into_bytes().into())?;
        self.runtime.block_on(async {
            let (head, body) = self.client.send(request).await?.into_parts();
            body.collect_bytes().await?;
            Ok(head.status.as_u16())
        })
    }
}
