//! One kind's list and what becomes of it, by `kube::runtime::watcher`: pages of a list, then a
//! watch that is taken up again where it broke, then a new list where that is no longer possible.
//!
//! What is left to us: a kind that isn't installed has no objects, and the pace after errors,
//! which kube's `.backoff()` takes back to its beginning with each list that begins, though none
//! succeeds.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use kube::Api;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use super::api::{ApiError, ApiServer};
use super::backoff::Backoff;
use super::kinds::{Item, Kind, Of, What};
use crate::cluster::WATCH;

/// Objects of one answer.
const PAGE: u32 = 500;

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Update {
    /// A list begins: what it doesn't name is gone when it is complete.
    Listing(What),
    /// An object is new or has changed.
    Put(What, Item),
    /// An object is gone; the item is its last state.
    Gone(What, Item),
    /// The list is complete.
    Listed(What),
}

/// Watches one kind for ever, and tells `updates`.
pub(crate) struct Watch {
    pub(crate) api: ApiServer,
    pub(crate) updates: mpsc::Sender<Update>,
    /// Gets a permit when the first list is complete.
    pub(crate) listed: Arc<Semaphore>,
    /// How often to look whether a kind that isn't installed has been.
    pub(crate) not_installed: Duration,
}

/// Nobody listens any more.
#[derive(Debug)]
struct Closed;

/// Why a watcher is asked no more.
#[derive(Debug)]
enum End {
    /// The version at which its watch should begin is forgotten: a new list is needed. The
    /// watcher itself sees that only in the middle of a watch.
    Forgotten,
    /// There is no such kind.
    NotInstalled,
    /// Nobody listens any more.
    Closed,
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        End::Closed
    }
}

impl Watch {
    /// Runs until nobody listens any more.
    pub(crate) async fn run<K: Kind>(self) {
        let mut first = true;
        let mut backoff = Backoff::default();
        loop {
            match self.follow::<K>(&mut first, &mut backoff).await {
                End::Forgotten => sleep(backoff.next()).await,
                End::NotInstalled => {
                    if self.nothing(K::WHAT, &mut first).await.is_err() {
                        return;
                    }
                    sleep(self.not_installed).await;
                }
                End::Closed => return,
            }
        }
    }

    /// Follows one watcher, which begins with a list, until it gets no further.
    async fn follow<K: Kind>(&self, first: &mut bool, backoff: &mut Backoff) -> End {
        let mut events = pin!(self.events::<K>());
        while let Some(event) = events.next().await {
            let taken = match event {
                Ok(event) => self.event(event, first, backoff).await.map_err(End::from),
                Err(error) => self.broke(K::WHAT, error, backoff).await,
            };
            if let Err(end) = taken {
                return end;
            }
        }
        End::Forgotten
    }

    fn events<K: Kind>(&self) -> impl Stream<Item = watcher::Result<Event<Of<K>>>> + use<K> {
        let what = K::WHAT;
        let client = self.api.client.clone();
        let api: Api<Of<K>> = match what {
            What::Leases => Api::namespaced_with(client, &self.api.namespace, &()),
            _ => Api::all(client),
        };
        let config = watcher::Config {
            label_selector: what.labels().map(str::to_owned),
            field_selector: what.fields().map(str::to_owned),
            timeout: u32::try_from(WATCH.as_secs()).ok(),
            page_size: Some(PAGE),
            ..watcher::Config::default()
        };
        watcher(api, config)
    }

    async fn event<K: Kind>(
        &self,
        event: Event<Of<K>>,
        first: &mut bool,
        backoff: &mut Backoff,
    ) -> Result<(), Closed> {
        let what = K::WHAT;
        // That a list begins is no success.
        if !matches!(event, Event::Init) {
            backoff.reset();
        }
        match event {
            Event::Init => self.tell(Update::Listing(what)).await,
            Event::InitApply(of) | Event::Apply(of) => self.tell(Update::Put(what, of.item)).await,
            Event::InitDone => self.listed(what, first).await,
            Event::Delete(of) => self.tell(Update::Gone(what, of.item)).await,
        }
    }

    /// A kind that isn't installed has no objects.
    async fn nothing(&self, what: What, first: &mut bool) -> Result<(), Closed> {
        self.tell(Update::Listing(what)).await?;
        self.listed(what, first).await
    }

    async fn listed(&self, what: What, first: &mut bool) -> Result<(), Closed> {
        self.tell(Update::Listed(what)).await?;
        if std::mem::take(first) {
            self.listed.add_permits(1);
        }
        Ok(())
    }

    async fn tell(&self, update: Update) -> Result<(), Closed> {
        self.updates.send(update).await.map_err(|_| Closed)
    }

    /// Says and counts it, and waits; then the watcher tries again, if that can help.
    async fn broke(
        &self,
        what: What,
        error: watcher::Error,
        backoff: &mut Backoff,
    ) -> Result<(), End> {
        let starts = matches!(error, watcher::Error::WatchStartFailed(_));
        match code(&error) {
            Some(404) => return Err(End::NotInstalled),
            Some(410) if starts => return Err(End::Forgotten),
            _ => {}
        }
        let (resource, wait) = (what.resource(), backoff.next());
        tracing::warn!(resource, %error, ?wait, "a watch broke");
        if let Some(error) = of_kube(error) {
            self.api.count("watch", resource, &ApiError::from(error));
        }
        sleep(wait).await;
        Ok(())
    }
}

/// The HTTP status, or that of an error in the middle of a watch.
fn code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status.code),
        _ => None,
    }
}

fn of_kube(error: watcher::Error) -> Option<kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(error),
        watcher::Error::WatchError(status) => Some(kube::Error::Api(status)),
        watcher::Error::NoResourceVersion => None,
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
