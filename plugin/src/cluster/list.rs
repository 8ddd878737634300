//! Lists, page by page, read into something smaller: no list is in memory as JSON as a whole.

use std::fmt;

use kube::api::ListParams;
use kube::core::{ListMeta, Request};
use serde::Deserialize;
use serde_json::Value;

use super::{Cluster, ClusterError};

/// How many objects come in one answer: kubectl's own number.
const PAGE: u32 = 500;
/// The answer to a page that was asked for too late.
const GONE: u16 = 410;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listing<'a> {
    /// Such as `batch/v1`.
    pub(crate) api_version: &'a str,
    /// Such as `jobs`.
    pub(crate) resource: &'a str,
    /// Such as `Job`: the items of a list don't say it themselves.
    pub(crate) kind: &'a str,
    /// `None` for all namespaces and for what has none.
    pub(crate) namespace: Option<&'a str>,
    /// A label selector.
    pub(crate) labels: Option<&'a str>,
    /// A field selector.
    pub(crate) fields: Option<&'a str>,
}

/// A permission to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    /// As RBAC writes it: `nodes`, `jobs.batch`.
    pub(crate) resource: String,
    /// `None` for all namespaces and for what has none.
    pub(crate) namespace: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    metadata: ListMeta,
    #[serde(default)]
    items: Vec<Value>,
}

impl<'a> Listing<'a> {
    /// All objects of a resource.
    pub(crate) const fn all(api_version: &'a str, resource: &'a str, kind: &'a str) -> Self {
        Self {
            api_version,
            resource,
            kind,
            namespace: None,
            labels: None,
            fields: None,
        }
    }

    fn complete(&self, item: &mut Value) {
        if let Some(members) = item.as_object_mut() {
            members.insert("apiVersion".to_owned(), self.api_version.into());
            members.insert("kind".to_owned(), self.kind.into());
        }
    }

    fn path(&self) -> String {
        let prefix = match self.api_version.contains('/') {
            true => "apis",
            false => "api",
        };
        let namespace = self.namespace.map(|name| format!("namespaces/{name}/"));
        let namespace = namespace.unwrap_or_default();
        format!(
            "/{prefix}/{}/{namespace}{}",
            self.api_version, self.resource
        )
    }

    fn permission(&self) -> Permission {
        let group = self.api_version.rsplit_once('/').map(|(group, _)| group);
        Permission {
            resource: match group {
                Some(group) => format!("{}.{group}", self.resource),
                None => self.resource.to_owned(),
            },
            namespace: self.namespace.map(str::to_owned),
        }
    }
}

/// `list jobs.batch`
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "list {}", self.resource)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}

impl Cluster {
    /// Reads each object of a list; `None` where the API server doesn't serve the resource.
    pub(crate) async fn list<T>(
        &self,
        listing: &Listing<'_>,
        read: impl Fn(&Value) -> T,
    ) -> Result<Option<Vec<T>>, ClusterError> {
        match self.pages(listing, Some(PAGE), &read).await {
            // The list changed too much between two pages: all of it in one answer, then.
            Err(kube::Error::Api(status)) if status.code == GONE => {
                let whole = self.pages(listing, None, &read).await;
                self.listed(listing, whole)
            }
            listed => self.listed(listing, listed),
        }
    }

    async fn pages<T>(
        &self,
        listing: &Listing<'_>,
        limit: Option<u32>,
        read: impl Fn(&Value) -> T,
    ) -> Result<Vec<T>, kube::Error> {
        let mut params = ListParams {
            label_selector: listing.labels.map(str::to_owned),
            field_selector: listing.fields.map(str::to_owned),
            limit,
            ..ListParams::default()
        };
        let mut found = Vec::new();
        loop {
            let request = Request::new(listing.path()).list(&params);
            let request = request.map_err(kube::Error::BuildRequest)?;
            let mut page: Page = self.client.request(request).await?;
            page.items
                .iter_mut()
                .for_each(|item| listing.complete(item));
            found.extend(page.items.iter().map(&read));
            params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if params.continue_token.is_none() {
                return Ok(found);
            }
        }
    }

    fn listed<T>(
        &self,
        listing: &Listing<'_>,
        listed: Result<Vec<T>, kube::Error>,
    ) -> Result<Option<Vec<T>>, ClusterError> {
        match listed {
            Ok(found) => Ok(Some(found)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(cause) => Err(self.error(cause).of_list(listing.permission())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Listing;

    #[test]
    fn a_listing_is_a_path_and_a_permission() {
        let nodes = Listing::all("v1", "nodes", "Node");
        assert_eq!(nodes.path(), "/api/v1/nodes");
        assert_eq!(nodes.permission().to_string(), "list nodes");
        let leases = Listing {
            namespace: Some("a"),
            ..Listing::all("coordination.k8s.io/v1", "leases", "Lease")
        };
        let path = "/apis/coordination.k8s.io/v1/namespaces/a/leases";
        assert_eq!(leases.path(), path);
        assert_eq!(
            leases.permission().to_string(),
            "list leases.coordination.k8s.io in namespace a"
        );
    }
}
