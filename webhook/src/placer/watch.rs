//! What the placer is told of one kind's list and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use kube::Api;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::{Semaphore, mpsc};

use super::api::{ApiError, ApiServer};
use super::kinds::{Item, Kind, Of, What};
use crate::cluster::WATCH;
use crate::following::{Closed, PAGE, Sink, follow};

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

/// Turns what happens into updates.
struct Teller<'a> {
    watch: &'a Watch,
    what: What,
    first: bool,
}

impl Watch {
    /// Runs until nobody listens any more.
    pub(crate) async fn run<K: Kind>(self) {
        let mut teller = Teller {
            watch: &self,
            what: K::WHAT,
            first: true,
        };
        follow(|| self.events::<K>(), &mut teller, self.not_installed).await;
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
}

impl<K: Kind> Sink<Of<K>> for Teller<'_> {
    async fn event(&mut self, event: Event<Of<K>>) -> Result<(), Closed> {
        let what = self.what;
        match event {
            Event::Init => self.tell(Update::Listing(what)).await,
            Event::InitApply(of) | Event::Apply(of) => self.tell(Update::Put(what, of.item)).await,
            Event::InitDone => self.listed().await,
            Event::Delete(of) => self.tell(Update::Gone(what, of.item)).await,
        }
    }

    async fn nothing(&mut self) -> Result<(), Closed> {
        self.tell(Update::Listing(self.what)).await?;
        self.listed().await
    }

    /// Says and counts it.
    fn broke(&mut self, error: watcher::Error, wait: Duration) {
        let resource = self.what.resource();
        tracing::warn!(resource, %error, ?wait, "a watch broke");
        if let Some(error) = of_kube(error) {
            let error = ApiError::from(error);
            self.watch.api.count("watch", resource, &error);
        }
    }
}

impl Teller<'_> {
    async fn listed(&mut self) -> Result<(), Closed> {
        self.tell(Update::Listed(self.what)).await?;
        if std::mem::take(&mut self.first) {
            self.watch.listed.add_permits(1);
        }
        Ok(())
    }

    async fn tell(&self, update: Update) -> Result<(), Closed> {
        self.watch.updates.send(update).await.map_err(|_| Closed)
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
