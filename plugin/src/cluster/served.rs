//! Which resources the API server serves, and under which names.

use http::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIResource, APIResourceList};

use super::{Cluster, ClusterError};

/// A resource that can be listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Served {
    /// Such as `batch/v1`.
    pub(crate) api_version: String,
    /// Such as `jobs`.
    pub(crate) resource: String,
    /// Such as `Job`.
    pub(crate) kind: String,
    /// Whether its objects are in namespaces.
    pub(crate) namespaced: bool,
}

impl Cluster {
    /// The resources of one group and version that can be listed; none where it isn't served.
    pub(crate) async fn served(&self, api_version: &str) -> Result<Vec<Served>, ClusterError> {
        let resources = self.resources(api_version).await?;
        let listable = |resource: &APIResource| resource.verbs.iter().any(|verb| verb == "list");
        let found = resources.into_iter().filter(listable);
        let served = |resource: APIResource| Served {
            api_version: api_version.to_owned(),
            resource: resource.name,
            kind: resource.kind,
            namespaced: resource.namespaced,
        };
        Ok(found.map(served).collect())
    }

    /// Does the API server know this resource?
    pub(crate) async fn serves(
        &self,
        api_version: &str,
        plural: &str,
    ) -> Result<bool, ClusterError> {
        let resources = self.resources(api_version).await?;
        Ok(resources.iter().any(|resource| resource.name == plural))
    }

    /// All API versions that are served, the preferred one of each group.
    pub(crate) async fn api_versions(&self) -> Result<Vec<String>, ClusterError> {
        let groups = self.client.list_api_groups().await;
        let groups = groups.map_err(|cause| self.error(cause))?.groups;
        let preferred = groups.into_iter().filter_map(|group| {
            group
                .preferred_version
                .or(group.versions.into_iter().next())
        });
        let named = preferred.map(|version| version.group_version);
        Ok(std::iter::once("v1".to_owned()).chain(named).collect())
    }

    async fn resources(&self, api_version: &str) -> Result<Vec<APIResource>, ClusterError> {
        let prefix = match api_version.contains('/') {
            true => "apis",
            false => "api",
        };
        let request = Request::get(format!("/{prefix}/{api_version}")).body(Vec::new());
        let request = request.map_err(|cause| self.error(kube::Error::HttpError(cause)))?;
        match self.client.request::<APIResourceList>(request).await {
            Ok(list) => Ok(list.resources),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
            Err(cause) => Err(self.error(cause)),
        }
    }
}
