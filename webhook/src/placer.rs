//! The placer: looks at the cluster, decides with `placement`, and carries that out.
//!
//! Every replica watches, so that another can go on at once; only the one that holds the Lease
//! acts. It remembers nothing that it can't see in the cluster: what it wrote it learns from the
//! API server's answer, and after anything that went wrong it looks again.
//!
//! ```text
//! watch x 7 ──► mirror ──► decide (placement, a thread of its own) ──► act ──► API server
//!                  ▲                                                    │
//!                  └─────────────── answers to our own writes ──────────┘
//! ```
//!
//! A replica answers reviews whether or not the placer gets on: `/readyz` says nothing of it. Were
//! a replica unready while the API server doesn't answer it, Pods that request TPUs would be
//! refused; so they are gated, and wait. `placer_synced` and `placer_leader` of `/metrics` tell.
//!
//! In reading order: [`kinds`] and [`watch`] (what is seen), [`mirror`] (what is known),
//! [`election`] (who acts), [`rounds`] (when is decided), [`act`] (what is done), [`journal`] and
//! [`events`] (what is said).

mod act;
mod api;
mod election;
mod events;
mod journal;
mod kinds;
mod metrics;
mod mirror;
mod rounds;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use placement::{Rank, Settings};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

pub(crate) use api::ApiError;
use api::ApiServer;
use election::Election;
pub(crate) use election::{Leadership, TIMING};
use kinds::What;
pub(crate) use metrics::PlacerMetrics;
use rounds::Rounds;
use watch::{Update, Watch};

/// Updates that wait to be taken in; then the watches wait.
const QUEUE: usize = 1024;
/// How often to look whether a kind that isn't installed has been.
const NOT_INSTALLED: Duration = Duration::from_secs(10);

/// A placer that stands for election.
pub(crate) struct Placer {
    api: ApiServer,
    settings: Settings,
    rank: Arc<dyn Rank + Send + Sync>,
    identity: String,
    election: Election<ApiServer>,
    leadership: Leadership,
}

impl Placer {
    /// A placer for the cluster of `client`, whose claims lie in `namespace`. `rank` ranks
    /// feasible domains; `metrics` count what is done.
    pub(crate) fn new(
        (client, namespace): (Client, String),
        settings: Settings,
        rank: Arc<dyn Rank + Send + Sync>,
        metrics: Arc<PlacerMetrics>,
    ) -> Placer {
        let api = ApiServer {
            client,
            namespace,
            metrics,
        };
        let identity = identity();
        let (election, leadership) = Election::new(api.clone(), identity.clone(), TIMING);
        Placer {
            api,
            settings,
            rank,
            identity,
            election,
            leadership,
        }
    }

    /// What this replica calls itself; no other process has that name.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether this replica leads, for whatever else only one replica may do.
    pub(crate) fn leadership(&self) -> Leadership {
        self.leadership.clone()
    }

    /// Watches, and places while it leads, until `stop` is done; then lets another lead.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Placer {
            api,
            settings,
            rank,
            identity,
            mut election,
            leadership,
        } = self;
        let rounds = Rounds::new(
            api.clone(),
            watch_all(&api),
            events::start(api.clone(), &identity),
            leadership,
            (settings, rank),
        );
        tracing::info!(identity, "placing groups where this replica leads");
        let (quit, quitted) = oneshot::channel::<()>();
        let acting = rounds.run(quitted);
        tokio::pin!(acting);
        tokio::select! {
            () = election.run(|error| tracing::warn!(%error, "the election of a placer failed")) => {}
            () = &mut acting => {}
            () = stop => {}
        }
        // What is under way is finished; nothing new begins.
        drop(quit);
        if timeout(TIMING.request, acting).await.is_err() {
            tracing::warn!("stopped in the middle of a write");
        }
        if let Ok(Err(error)) = timeout(TIMING.request, election.release()).await {
            tracing::warn!(%error, "the Lease could not be released; another takes it when it is over");
        }
    }
}

/// Starts all watches. Leases and nodes come before Pods: no claim may look empty because its
/// Pods aren't known yet, and which Pods matter depends on their nodes.
fn watch_all(api: &ApiServer) -> mpsc::Receiver<Update> {
    let (updates, receiver) = mpsc::channel(QUEUE);
    let listed = Arc::new(Semaphore::new(0));
    let watch = || Watch {
        api: api.clone(),
        updates: updates.clone(),
        listed: Arc::clone(&listed),
        not_installed: NOT_INSTALLED,
    };
    tokio::spawn(watch().run::<kinds::Nodes>());
    tokio::spawn(watch().run::<kinds::Jobs>());
    tokio::spawn(watch().run::<kinds::JobSets>());
    tokio::spawn(watch().run::<kinds::StatefulSets>());
    tokio::spawn(watch().run::<kinds::LeaderWorkerSets>());
    tokio::spawn(watch().run::<kinds::Leases>());
    let (pods, before) = (watch(), What::ALL.len() - 1);
    tokio::spawn(async move {
        let permits = u32::try_from(before).unwrap_or(u32::MAX);
        if listed.acquire_many(permits).await.is_ok() {
            pods.run::<kinds::Pods>().await;
        }
    });
    receiver
}

/// A name that no other process has: host, process id, start.
fn identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "sax-webhook" } else { host };
    format!("{host}_{}_{:x}", std::process::id(), rounds::now().0)
}
