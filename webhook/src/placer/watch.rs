//! One kind's list and what becomes of it: pages of a list, then a watch that is taken up again
//! where it broke, then a new list where that is no longer possible.
//!
//! Why not `kube::runtime::watcher`: it would bring fourteen crates for this one state machine.
//! The requests and the decoding of the stream are kube's.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::core::{ListMeta, Request};
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use super::api::{ApiError, ApiServer};
use super::backoff::Backoff;
use super::kinds::{Item, Kind, Of, What};

/// Objects of one answer.
const PAGE: u32 = 500;
/// The API server ends a watch after so long; it is taken up again.
const WATCH: Duration = Duration::from_secs(290);
/// A bookmark comes once a minute: a watch that is silent for longer than this is dead.
const SILENCE: Duration = Duration::from_secs(100);
/// For one page of a list, and for a watch to begin.
const ANSWER: Duration = Duration::from_secs(30);
/// How often to look whether a kind that isn't installed has been.
const NOT_INSTALLED: Duration = Duration::from_secs(10);

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
}

/// A page of a list.
#[derive(Deserialize)]
struct Page<T> {
    metadata: ListMeta,
    items: Vec<T>,
}

/// Nobody listens any more.
#[derive(Debug)]
struct Closed;

/// Why a list or watch ended.
#[derive(Debug)]
enum End {
    /// The watch can go on from where it was.
    Resumable(ApiError),
    /// It can't: a new list is needed.
    Expired,
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
        let mut backoff = Backoff::default();
        let mut first = Some(());
        loop {
            let end = match self.list::<K>().await {
                Ok(version) => {
                    if first.take().is_some() {
                        self.listed.add_permits(1);
                    }
                    self.watch::<K>(version, &mut backoff).await
                }
                Err(end) => end,
            };
            match end {
                End::Closed => return,
                End::Expired => {}
                End::Resumable(error) => self.pause(K::WHAT, &error, &mut backoff).await,
                End::NotInstalled => {
                    if self.nothing(K::WHAT).await.is_err() {
                        return;
                    }
                    if first.take().is_some() {
                        self.listed.add_permits(1);
                    }
                    sleep(NOT_INSTALLED).await;
                }
            }
        }
    }

    /// Tells all objects of the list; where the watch begins.
    async fn list<K: Kind>(&self) -> Result<String, End> {
        let what = K::WHAT;
        let request = self.request(what);
        let mut params = ListParams {
            label_selector: what.labels().map(str::to_owned),
            field_selector: what.fields().map(str::to_owned),
            limit: Some(PAGE),
            ..ListParams::default()
        };
        self.tell(Update::Listing(what)).await?;
        loop {
            let page = request.list(&params).map_err(kube::Error::BuildRequest);
            let page = page.map_err(|error| End::Resumable(error.into()))?;
            let answer = timeout(ANSWER, self.api.client.request::<Page<Of<K>>>(page)).await;
            let page = answered(answer).map_err(end_of)?;
            for item in page.items {
                self.tell(Update::Put(what, item.0)).await?;
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => {
                    self.tell(Update::Listed(what)).await?;
                    return Ok(page.metadata.resource_version.unwrap_or_default());
                }
            }
        }
    }

    /// Tells what changes after `version`, and takes the watch up again when it ends, until a
    /// new list is needed.
    async fn watch<K: Kind>(&self, mut version: String, backoff: &mut Backoff) -> End {
        loop {
            match self.watch_once::<K>(&mut version, backoff).await {
                Ok(()) => {}
                Err(End::Resumable(error)) => self.pause(K::WHAT, &error, backoff).await,
                Err(end) => return end,
            }
        }
    }

    async fn watch_once<K: Kind>(
        &self,
        version: &mut String,
        backoff: &mut Backoff,
    ) -> Result<(), End> {
        let what = K::WHAT;
        let params = WatchParams {
            label_selector: what.labels().map(str::to_owned),
            field_selector: what.fields().map(str::to_owned),
            timeout: u32::try_from(WATCH.as_secs()).ok(),
            bookmarks: true,
            ..WatchParams::default()
        };
        let request = self.request(what).watch(&params, version);
        let request =
            request.map_err(|error| End::Resumable(kube::Error::BuildRequest(error).into()))?;
        let stream = timeout(ANSWER, self.api.client.request_events::<Of<K>>(request)).await;
        let mut stream = pin!(answered(stream).map_err(end_of)?);
        // Silent for too long, or at its end: both are no error, it goes on from where it was.
        while let Ok(Some(event)) = timeout(SILENCE, stream.next()).await {
            let event = event.map_err(|error| end_of(error.into()))?;
            backoff.reset();
            self.event(what, event, version).await?;
        }
        Ok(())
    }

    async fn event<K: Kind>(
        &self,
        what: What,
        event: WatchEvent<Of<K>>,
        version: &mut String,
    ) -> Result<(), End> {
        match event {
            WatchEvent::Added(item) | WatchEvent::Modified(item) => {
                version.clone_from(&item.0.resource_version);
                self.tell(Update::Put(what, item.0)).await?;
            }
            WatchEvent::Deleted(item) => {
                version.clone_from(&item.0.resource_version);
                self.tell(Update::Gone(what, item.0)).await?;
            }
            WatchEvent::Bookmark(mark) => *version = mark.metadata.resource_version,
            WatchEvent::Error(status) => return Err(end_of(kube::Error::Api(status).into())),
        }
        Ok(())
    }

    /// A kind that isn't installed has no objects.
    async fn nothing(&self, what: What) -> Result<(), Closed> {
        self.tell(Update::Listing(what)).await?;
        self.tell(Update::Listed(what)).await
    }

    async fn tell(&self, update: Update) -> Result<(), Closed> {
        self.updates.send(update).await.map_err(|_| Closed)
    }

    async fn pause(&self, what: What, error: &ApiError, backoff: &mut Backoff) {
        self.api.count("watch", what.resource(), error);
        let wait = backoff.next();
        tracing::warn!(resource = what.resource(), %error, ?wait, "a watch broke");
        sleep(wait).await;
    }

    fn request(&self, what: What) -> Request {
        Request::new(what.path(&self.api.namespace))
    }
}

fn answered<T>(
    answer: Result<kube::Result<T>, tokio::time::error::Elapsed>,
) -> Result<T, ApiError> {
    Ok(answer.map_err(|_| ApiError::Silent { limit: ANSWER })??)
}

fn end_of(error: ApiError) -> End {
    match error.code() {
        Some(404) => End::NotInstalled,
        // The version, or the token of the next page, is too old.
        Some(410) => End::Expired,
        _ => End::Resumable(error),
    }
}
