//! The objects of our deployments, found by their labels.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::Resource as _;
use serde_json::Value;
use tpu::keys;

use super::{Cluster, ClusterError, Listing};
use crate::scaffold::{JOBSET_NAME_LABEL, JobSet, Object, instance_of, selector_of};

/// The kinds that a deployment is made of, in the order in which they are deleted: who is asked
/// from outside first, who the others need last.
const KINDS: [Listing<'static>; 4] = [
    Listing::all("v1", "services", "Service"),
    Listing::all(JobSet::API_VERSION, "jobsets", JobSet::KIND),
    Listing::all("apps/v1", "deployments", "Deployment"),
    Listing::all("v1", "serviceaccounts", "ServiceAccount"),
];

/// The policies of a cluster.
pub(crate) const WASM_POLICIES: Listing<'static> =
    Listing::all("kubectl-sax.dev/v1alpha1", "wasmpolicies", "WasmPolicy");

impl Cluster {
    /// Without the kind nobody reads a policy.
    pub(crate) async fn require_wasm_policies(&self) -> Result<(), ClusterError> {
        let Listing {
            api_version,
            resource,
            ..
        } = WASM_POLICIES;
        match self.serves(api_version, resource).await? {
            true => Ok(()),
            false => Err(ClusterError::NoWasmPolicies),
        }
    }

    /// All WasmPolicies, by name.
    pub(crate) async fn wasm_policies(&self) -> Result<Vec<Object>, ClusterError> {
        let read = |object: &Value| Object::from_value(object.clone());
        let found = self.list(&WASM_POLICIES, read).await?;
        found.ok_or(ClusterError::NoWasmPolicies)
    }

    /// The ConfigMaps of a namespace that a label selector selects.
    pub(crate) async fn config_maps(
        &self,
        namespace: &str,
        selector: &str,
    ) -> Result<Vec<Object>, ClusterError> {
        let kinds = [Listing::all("v1", "configmaps", "ConfigMap")];
        self.labelled(namespace, selector, &kinds).await
    }

    /// The objects of a deployment, in the order in which they are deleted.
    pub(crate) async fn objects_of(
        &self,
        namespace: &str,
        instance: &str,
    ) -> Result<Vec<Object>, ClusterError> {
        let selector = selector_of(Some(instance));
        self.labelled(namespace, &selector, &KINDS).await
    }

    /// The names of all deployments of a namespace.
    pub(crate) async fn instances(&self, namespace: &str) -> Result<Vec<String>, ClusterError> {
        let found = self.labelled(namespace, &selector_of(None), &KINDS).await?;
        let names: BTreeSet<_> = found.iter().filter_map(instance_of).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    /// The node pools on which a JobSet's Pods stand, with the number of their nodes that it uses.
    pub(crate) async fn pools_of(
        &self,
        jobset: &Object,
    ) -> Result<BTreeMap<String, usize>, ClusterError> {
        let namespace = jobset.namespace.as_deref().unwrap_or_default();
        let selector = format!("{JOBSET_NAME_LABEL}={}", jobset.name);
        let pods = self.pods(namespace, &selector).await?;
        let used: BTreeSet<String> = pods
            .into_iter()
            .filter_map(|pod| pod.spec?.node_name)
            .collect();
        let nodes = Listing {
            labels: Some(keys::NODE_POOL_LABEL),
            ..Listing::all("v1", "nodes", "Node")
        };
        let label = keys::NODE_POOL_LABEL.replace('/', "~1");
        let pool = |node: &Value| {
            let name = node.pointer("/metadata/name")?.as_str()?.to_owned();
            let pool = node.pointer(&format!("/metadata/labels/{label}"))?;
            Some((name, pool.as_str()?.to_owned()))
        };
        let found = self.list(&nodes, pool).await?.unwrap_or_default();
        let mut pools = BTreeMap::new();
        for (node, pool) in found.into_iter().flatten() {
            if used.contains(&node) {
                *pools.entry(pool).or_default() += 1;
            }
        }
        Ok(pools)
    }

    /// The names of what a listing lists; none where the API server doesn't serve it.
    pub(crate) async fn names(&self, listing: &Listing<'_>) -> Result<Vec<String>, ClusterError> {
        let read = |object: &Value| {
            object
                .pointer("/metadata/name")?
                .as_str()
                .map(str::to_owned)
        };
        let found = self.list(listing, read).await?.unwrap_or_default();
        Ok(found.into_iter().flatten().collect())
    }

    async fn labelled(
        &self,
        namespace: &str,
        selector: &str,
        kinds: &[Listing<'static>],
    ) -> Result<Vec<Object>, ClusterError> {
        let mut found = Vec::new();
        for kind in kinds {
            let listing = Listing {
                namespace: Some(namespace),
                labels: Some(selector),
                ..*kind
            };
            let read = |object: &Value| Object::from_value(object.clone());
            // Without JobSet's API there are none of them.
            found.extend(self.list(&listing, read).await?.unwrap_or_default());
        }
        Ok(found)
    }
}
