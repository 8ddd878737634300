//! The cells of all namespaces at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use serde_json::Value;

use super::route::{in_time, limit};
use super::{Grpc, Parts, SaxError};
use crate::cli::SaxFlags;
use crate::cluster::{Cluster, ClusterError, Listing};
use crate::failure::Failure;

/// Connections to cells, kept from look to look.
pub(crate) struct AllCells {
    cluster: Arc<Cluster>,
    limit: Duration,
    /// By namespace and cell.
    known: BTreeMap<(String, String), Grpc>,
}

/// A cell that can't be asked.
pub(crate) struct Unasked {
    /// Its namespace.
    pub(crate) namespace: String,
    /// Why.
    pub(crate) error: SaxError,
}

impl AllCells {
    /// Connects to the cluster, and to no cell yet.
    pub(crate) async fn connect(flags: &SaxFlags) -> Result<Self, Failure> {
        Ok(Self {
            cluster: Arc::new(Cluster::connect(&flags.connection).await?),
            limit: limit(flags),
            known: BTreeMap::new(),
        })
    }

    /// Saxml's Pods, by namespace.
    pub(crate) async fn parts(&self) -> Result<Vec<Parts>, Failure> {
        in_time(&self.cluster, everywhere(&self.cluster)).await
    }

    /// Those of one namespace.
    pub(crate) async fn parts_of(&self, namespace: &str) -> Result<Parts, Failure> {
        in_time(&self.cluster, Parts::find(&self.cluster, namespace)).await
    }

    /// Looks for the Pods anew. A connection to Pods that haven't changed is kept.
    pub(crate) async fn look(&mut self, flags: &SaxFlags) -> Result<Vec<Unasked>, Failure> {
        let mut known = std::mem::take(&mut self.known);
        let mut unasked = Vec::new();
        for parts in self.parts().await? {
            let with_admin = parts.cells.iter().filter(|cell| !cell.admins.is_empty());
            let wanted = with_admin.filter(|cell| {
                flags
                    .cell
                    .as_ref()
                    .is_none_or(|wanted| cell.cell == *wanted)
            });
            for cell in wanted {
                let key = (parts.namespace.clone(), cell.cell.to_string());
                let kept = known
                    .remove(&key)
                    .filter(|grpc| grpc.parts().as_ref() == Some(cell));
                let cluster = Arc::clone(&self.cluster);
                let grpc = kept.map_or_else(
                    || Grpc::inside(cluster, &parts.namespace, cell, self.limit),
                    Ok,
                );
                match grpc {
                    Ok(grpc) => {
                        self.known.insert(key, grpc);
                    }
                    Err(error) => unasked.push(Unasked {
                        namespace: parts.namespace.clone(),
                        error,
                    }),
                }
            }
        }
        Ok(unasked)
    }

    /// The cells that can be asked, by namespace and name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Grpc> {
        self.known.values()
    }
}

/// All Pods are looked through: those of the tutorial's manifests have no label to select by.
async fn everywhere(cluster: &Cluster) -> Result<Vec<Parts>, ClusterError> {
    let read = |pod: &Value| {
        let pod: Pod = serde_json::from_value(pod.clone()).ok()?;
        Parts::holds(&pod).then_some(pod)
    };
    let listing = Listing::all("v1", "pods", "Pod");
    let pods = cluster.list(&listing, read).await?.unwrap_or_default();
    let mut by_namespace: BTreeMap<String, Vec<Pod>> = BTreeMap::new();
    for pod in pods.into_iter().flatten() {
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        by_namespace.entry(namespace).or_default().push(pod);
    }
    let parts = by_namespace.iter();
    Ok(parts
        .map(|(namespace, pods)| Parts::of(namespace, pods))
        .collect())
}
