//! Versions until November 2026 kept two Leases a replica. The one for policies had the label and
//! the kind of name that the one record has now, so it is read and forgotten like any other. The
//! one for certificates is nobody's business any more: it is deleted when nobody renews it.

use std::collections::HashMap;
use std::time::Duration;

use kube::api::Preconditions;
use tokio::time::sleep;

use crate::placer::{ApiError, ApiServer};

/// Label of such a Lease.
const LABEL: &str = "kubectl-sax.dev/serves";
/// They were renewed every five seconds: one that is the same after so long is nobody's.
const PACE: Duration = Duration::from_secs(20);

/// Looks until there are none.
pub(super) async fn sweep(api: &ApiServer) {
    let mut last = HashMap::new();
    loop {
        match look(api, &last).await {
            Ok(seen) if seen.is_empty() => return,
            Ok(seen) => last = seen,
            Err(error) => {
                tracing::debug!(%error, "Leases of an earlier version can't be looked at")
            }
        }
        sleep(PACE).await;
    }
}

/// Versions by name. What is the same as `last` time is deleted, unless it changes meanwhile.
async fn look(
    api: &ApiServer,
    last: &HashMap<String, Option<String>>,
) -> Result<HashMap<String, Option<String>>, ApiError> {
    let mut seen = HashMap::new();
    for lease in api.list_leases(LABEL).await? {
        let (name, version) = (lease.metadata.name, lease.metadata.resource_version);
        let name = name.unwrap_or_default();
        if last.get(&name) == Some(&version) {
            let only = Preconditions {
                uid: lease.metadata.uid,
                resource_version: version.clone(),
            };
            match api.delete_lease(&name, only).await {
                Err(error) if !error.is_stale() => return Err(error),
                _ => tracing::info!(lease = name, "an earlier version's record is gone"),
            }
        }
        seen.insert(name, version);
    }
    Ok(seen)
}
