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
//! [`election`] (who acts: see [`crate::leader`]), [`rounds`] (when is decided), [`act`] (what is done), [`journal`] and
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

use placement::{Rank, Settings};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

pub(crate) use api::{ApiError, ApiServer};
#[cfg(test)]
pub(crate) use election::leads_until;
pub(crate) use election::{Election, Leadership, TIMING};
use kinds::What;
pub(crate) use metrics::PlacerMetrics;
use rounds::Rounds;
use watch::{Update, Watch};

/// Updates that wait to be taken in; then the watches wait.
const QUEUE: usize = 1024;
/// How often to look whether a kind that isn't installed has been.
const NOT_INSTALLED: Duration = Duration::from_secs(10);

/// What the placer is started with.
pub(crate) struct Placer {
    /// The cluster, with our own namespace in it.
    pub(crate) api: ApiServer,
    /// What this process calls itself.
    pub(crate) identity: String,
    /// Whether it may act.
    pub(crate) leadership: Leadership,
    /// How to place.
    pub(crate) settings: Settings,
    /// Ranks feasible domains.
    pub(crate) rank: Arc<dyn Rank + Send + Sync>,
}

impl Placer {
    /// Watches, and places while it leads, until `stop` is done; whatever is under way then is
    /// finished.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let (api, identity) = (self.api, self.identity);
        let rounds = Rounds::new(
            api.clone(),
            watch_all(&api),
            events::start(api.clone(), &identity),
            self.leadership,
            (self.settings, self.rank),
        );
        tracing::info!(identity, "placing groups where this replica leads");
        let (quit, quitted) = oneshot::channel::<()>();
        let acting = rounds.run(quitted);
        tokio::pin!(acting);
        tokio::select! {
            () = &mut acting => return,
            () = stop => {}
        }
        // What is under way is finished; nothing new begins.
        drop(quit);
        if timeout(TIMING.request, acting).await.is_err() {
            tracing::warn!("stopped in the middle of a write");
        }
    }
}

/// Milliseconds of the machine's clock.
pub(crate) fn now_millis() -> u64 {
    rounds::now().0
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
