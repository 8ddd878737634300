//! The servers of a deployment: what `logs`, `exec`, `port-forward` and `endpoint` have in common.

use std::time::Duration;

use serde_json::Value;

use crate::cluster::{Cluster, ClusterError, ConnectionFlags, Listing, offline_namespace};
use crate::failure::Failure;
use crate::scaffold::JOBSET_NAME_LABEL;
use crate::sources::{Component, ServerError, Source};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A deployment in its namespace.
pub(super) struct Servers {
    /// The cluster.
    pub(super) cluster: Cluster,
    /// The namespace.
    pub(super) namespace: String,
    name: String,
}

impl Servers {
    /// Connects. Single answers come within our own time; a stream may be silent for longer.
    pub(super) async fn connect(flags: &ConnectionFlags, name: &str) -> Result<Self, Failure> {
        Ok(Self {
            cluster: Cluster::connect(flags).await?,
            namespace: offline_namespace(flags)?,
            name: name.to_owned(),
        })
    }

    /// The same for verbs that only ask: no answer may take long.
    pub(super) async fn connect_to_ask(
        flags: &ConnectionFlags,
        name: &str,
    ) -> Result<Self, Failure> {
        Self::connect(&flags.within(PATIENCE), name).await
    }

    /// All of them.
    ///
    /// # Errors
    /// When there are none, with what is there.
    pub(super) async fn all(&self) -> Result<Vec<Source>, Failure> {
        let pods = self.pods().await?;
        let found = Source::all(&pods, &self.name);
        match found.is_empty() {
            true => {
                let missing = tokio::time::timeout(PATIENCE, self.missing(&pods)).await;
                Err(missing.map_err(|_| self.cluster.silent(PATIENCE))??)
            }
            false => Ok(found),
        }
    }

    /// The one that answers for a component.
    ///
    /// # Errors
    /// When it doesn't run.
    pub(super) async fn running(
        &self,
        component: Component,
        slice: u32,
    ) -> Result<Source, Failure> {
        let server = match component {
            Component::Model => format!("primary model server of slice {slice}"),
            other => format!("{} server", other.role().word()),
        };
        let name = self.name.clone();
        let found = self.one(component, slice).await?;
        found.ok_or_else(|| ServerError::NotRunning { server, name }.into())
    }

    /// The same; `None` where it doesn't run.
    pub(super) async fn one(
        &self,
        component: Component,
        slice: u32,
    ) -> Result<Option<Source>, Failure> {
        let all = self.all().await?;
        let of_slice = |source: &Source| match component {
            Component::Model => source.is_primary() && source.slice.unwrap_or(0) == slice,
            Component::Http | Component::Admin => source.role == component.role(),
        };
        let mut fitting = all.into_iter().filter(of_slice);
        Ok(fitting.find(|source| source.runs))
    }

    /// Those that there are now; none is no error, as they may come again.
    pub(super) async fn now(&self) -> Result<Vec<Source>, ClusterError> {
        Ok(Source::all(&self.pods().await?, &self.name))
    }

    async fn pods(&self) -> Result<Vec<Value>, ClusterError> {
        let pods = Listing {
            namespace: Some(&self.namespace),
            ..Listing::all("v1", "pods", "Pod")
        };
        let listed = tokio::time::timeout(PATIENCE, self.cluster.list(&pods, Value::clone)).await;
        let listed = listed.map_err(|_| self.cluster.silent(PATIENCE))?;
        Ok(listed?.unwrap_or_default())
    }

    async fn missing(&self, pods: &[Value]) -> Result<Failure, Failure> {
        let mut known = self.cluster.instances(&self.namespace).await?;
        let jobset = |pod: &Value| {
            Some(
                pod.pointer("/metadata/labels")?[JOBSET_NAME_LABEL]
                    .as_str()?
                    .to_owned(),
            )
        };
        known.extend(pods.iter().filter_map(jobset));
        known.sort_unstable();
        known.dedup();
        if known.contains(&self.name) {
            let name = self.name.clone();
            let namespace = self.namespace.clone();
            return Ok(ServerError::None { name, namespace }.into());
        }
        Ok(Failure::no_deployment(
            &self.name,
            self.namespace.clone(),
            known,
        ))
    }
}
