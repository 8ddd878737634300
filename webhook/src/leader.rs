//! The one replica that acts for all of them: it places, keeps the certificates and the
//! registration. Who that is says the Lease of [`crate::placer`]'s election.

use std::sync::Arc;

use kube::Client;
use tokio::time::timeout;

use crate::placer::{ApiServer, Election, Leadership, PlacerMetrics, TIMING, now_millis};

/// This process as a candidate.
pub(crate) struct Leader {
    /// The API server, with the placer's counters.
    pub(crate) api: ApiServer,
    /// What this process calls itself; no other process has the name.
    pub(crate) identity: String,
    /// Whether it leads; to be cloned by whoever acts.
    pub(crate) leadership: Leadership,
    election: Election<ApiServer>,
}

impl Leader {
    /// A candidate for the Lease in `namespace`, which is our own.
    pub(crate) fn new(client: Client, namespace: String, metrics: Arc<PlacerMetrics>) -> Leader {
        let api = ApiServer {
            client,
            namespace,
            metrics,
        };
        let identity = identity();
        let (election, leadership) = Election::new(api.clone(), identity.clone(), TIMING);
        Leader {
            api,
            identity,
            leadership,
            election,
        }
    }

    /// Stands for election until nobody acts any more, which is when `done` is done; then lets
    /// another lead.
    pub(crate) async fn run(mut self, done: impl Future<Output = ()>) {
        tokio::select! {
            () = self.election.run(|error| tracing::warn!(%error, "the election of a leader failed")) => {}
            () = done => {}
        }
        if let Ok(Err(error)) = timeout(TIMING.request, self.election.release()).await {
            tracing::warn!(%error, "the Lease could not be released; another takes it when it is over");
        }
    }
}

/// Host, process id, start.
fn identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "sax-webhook" } else { host };
    format!("{host}_{}_{:x}", std::process::id(), now_millis())
}
