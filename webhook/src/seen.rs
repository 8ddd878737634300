//! Lists of the API server, kept as they are now in a store that anybody may look into.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::Stream;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{Lookup, Store};
use kube::runtime::watcher::{self, Config, Event};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::cluster::WATCH;
use crate::following::{Closed, PAGE, Sink, code, follow};

/// How often to look whether a kind has been installed.
const NOT_INSTALLED: Duration = Duration::from_secs(3);

/// Follows lists until it is dropped, and says that something has changed in one of them.
#[derive(Default)]
pub(crate) struct Seeing {
    changed: Arc<Notify>,
    tasks: JoinSet<()>,
}

/// The objects of one list.
pub(crate) struct Seen<K: Lookup + 'static>
where
    K::DynamicType: Eq + Hash,
{
    store: Store<K>,
    /// The API server has said something, be it no.
    answered: Arc<AtomicBool>,
    /// The objects are known.
    listed: Arc<AtomicBool>,
}

/// Fills a store, and says so.
struct Filling<K: Lookup + Clone + 'static>
where
    K::DynamicType: Eq + Hash + Clone,
{
    writer: Writer<K>,
    answered: Arc<AtomicBool>,
    listed: Arc<AtomicBool>,
    changed: Arc<Notify>,
    resource: &'static str,
}

impl Seeing {
    /// Begins to follow one list.
    pub(crate) fn follow<K, W>(
        &mut self,
        resource: &'static str,
        writer: Writer<K>,
        watch: impl Fn() -> W + Send + Sync + 'static,
    ) -> Seen<K>
    where
        K: Lookup + Clone + Debug + Send + Sync + 'static,
        K::DynamicType: Eq + Hash + Clone + Send + Sync,
        W: Stream<Item = watcher::Result<Event<K>>> + Send,
    {
        let seen = Seen {
            store: writer.as_reader(),
            answered: Arc::default(),
            listed: Arc::default(),
        };
        let mut filling = Filling {
            writer,
            answered: Arc::clone(&seen.answered),
            listed: Arc::clone(&seen.listed),
            changed: Arc::clone(&self.changed),
            resource,
        };
        self.tasks
            .spawn(async move { follow(watch, &mut filling, NOT_INSTALLED).await });
        seen
    }

    /// Waits until something has changed since the last time; of those who wait, one is told.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl<K: Lookup + Clone + 'static> Seen<K>
where
    K::DynamicType: Eq + Hash + Clone,
{
    /// The objects as they are known now.
    pub(crate) fn state(&self) -> Vec<Arc<K>> {
        self.store.state()
    }

    /// One of them.
    pub(crate) fn find(&self, is_it: impl Fn(&K) -> bool) -> Option<Arc<K>> {
        self.store.find(is_it)
    }

    /// Whether the API server has said something, be it no.
    pub(crate) fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    /// Whether the objects are known.
    pub(crate) fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }
}

impl<K: Lookup + Clone + 'static> Filling<K>
where
    K::DynamicType: Eq + Hash + Clone,
{
    fn apply(&mut self, event: &Event<K>) {
        self.writer.apply_watcher_event(event);
        if matches!(event, Event::Init | Event::InitApply(_)) {
            return;
        }
        self.listed.store(true, Ordering::Release);
        self.answered.store(true, Ordering::Release);
        self.changed.notify_one();
    }
}

impl<K> Sink<K> for Filling<K>
where
    K: Lookup + Clone + Send + Sync + 'static,
    K::DynamicType: Eq + Hash + Clone + Send + Sync,
{
    async fn event(&mut self, event: Event<K>) -> Result<(), Closed> {
        self.apply(&event);
        Ok(())
    }

    async fn nothing(&mut self) -> Result<(), Closed> {
        self.apply(&Event::Init);
        self.apply(&Event::InitDone);
        Ok(())
    }

    fn broke(&mut self, error: watcher::Error, wait: Duration) {
        let resource = self.resource;
        tracing::warn!(resource, %error, ?wait, "a watch broke");
        if code(&error).is_some() {
            self.answered.store(true, Ordering::Release);
            self.changed.notify_one();
        }
    }
}

/// How every list is watched.
pub(crate) fn config() -> Config {
    Config {
        timeout: u32::try_from(WATCH.as_secs()).ok(),
        page_size: Some(PAGE),
        ..Config::default()
    }
}
