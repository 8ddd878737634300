//! What a grant is called by the API server.

use kube::api::{ApiResource, GroupVersionKind};
use kube::core::discovery::verbs::WATCH;
use kube::error::DiscoveryError;
use kube::{Client, discovery};
use runtime::Grant;
use tokio::time::timeout;

use super::Trouble;
use crate::placer::TIMING;

/// Asks for the resource of a granted kind.
pub(super) async fn find(client: &Client, grant: &Grant) -> Result<ApiResource, Trouble> {
    let (group, version) = split(&grant.api_version);
    let kind = GroupVersionKind::gvk(group, version, &grant.kind);
    let grant = || grant.clone();
    let found = timeout(TIMING.request, discovery::pinned_kind(client, &kind)).await;
    match found {
        Ok(Ok((resource, can))) if can.supports_operation(WATCH) => Ok(resource),
        Ok(Ok(_)) => Err(Trouble::NotWatched { grant: grant() }),
        Ok(Err(error)) if is_absence(&error) => Err(Trouble::NotServed { grant: grant() }),
        Ok(Err(error)) => {
            tracing::warn!(grant = %grant(), %error, "cannot find a granted kind");
            Err(Trouble::Silent { grant: grant() })
        }
        Err(_) => Err(Trouble::Silent { grant: grant() }),
    }
}

/// As RBAC writes it.
pub(super) fn rbac_name(resource: &ApiResource) -> String {
    match resource.group.is_empty() {
        true => resource.plural.clone(),
        false => format!("{}.{}", resource.plural, resource.group),
    }
}

fn is_absence(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 404,
        kube::Error::Discovery(why) => matches!(
            why,
            DiscoveryError::MissingKind(_)
                | DiscoveryError::MissingApiGroup(_)
                | DiscoveryError::MissingResource(_)
                | DiscoveryError::EmptyApiGroup(_)
        ),
        _ => false,
    }
}

/// `("batch", "v1")` of `batch/v1`.
fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}
