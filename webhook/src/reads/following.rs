//! One list, as long as a policy is granted its kind.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Config, Event, watcher};
use runtime::{Collection, Grant, Objects};
use serde_json::{Map, Value};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use super::kind::{self, rbac_name};
use super::{Mirror, State, Trouble};
use crate::cluster::WATCH;
use crate::following::{Closed, PAGE, Sink, code, follow};

/// How often a kind is tried again that isn't served, or of which there is too much.
const AGAIN: Duration = Duration::from_secs(10);
/// How often one is that nobody could be asked for.
const SOON: Duration = Duration::from_secs(1);

/// How much is kept of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caps {
    /// Objects.
    pub(crate) objects: usize,
    /// Bytes of JSON.
    pub(crate) bytes: usize,
}

/// Follows one list.
pub(super) struct Following {
    pub(super) client: Client,
    pub(super) grant: Grant,
    pub(super) caps: Caps,
    pub(super) mirror: Arc<Mirror>,
    pub(super) says: watch::Sender<State>,
    pub(super) changed: Arc<Notify>,
}

/// Takes in what a watch tells.
struct Filling<'a> {
    of: &'a Following,
    resource: ApiResource,
    /// A list that isn't complete yet.
    next: Collection,
}

impl Following {
    /// Runs until it is aborted.
    pub(super) async fn run(self) {
        loop {
            match kind::find(&self.client, &self.grant).await {
                Ok(resource) => self.list(resource).await,
                // Nothing was heard of it: what is known stays.
                Err(Trouble::Silent { .. }) if self.is_known() => {}
                Err(trouble) => self.lose(trouble),
            }
            let is_silent = matches!(*self.says.borrow(), State::Unknown(Trouble::Silent { .. }));
            sleep(if is_silent { SOON } else { AGAIN }).await;
        }
    }

    /// Follows the list until it can't go on.
    async fn list(&self, resource: ApiResource) {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource);
        let mut filling = Filling {
            of: self,
            resource,
            next: Collection::default(),
        };
        let watch = || until_refused(watcher(api.clone(), config()));
        follow(watch, &mut filling, AGAIN).await;
    }

    fn is_known(&self) -> bool {
        *self.says.borrow() == State::Known
    }

    /// Changes what is known, unless nobody wants it any more.
    fn change(&self, change: impl FnOnce(&mut Objects)) {
        self.mirror.change(|objects| {
            if !self.says.is_closed() {
                change(objects);
            }
        });
    }

    fn say(&self, state: State) {
        let is_news = self.says.send_if_modified(|said| {
            let is_news = *said != state;
            *said = state;
            is_news
        });
        if is_news {
            self.changed.notify_one();
        }
    }

    /// What was known isn't any more: nobody must judge by it.
    fn lose(&self, trouble: Trouble) {
        self.change(|objects| match &trouble {
            Trouble::TooMany { limit, .. } => {
                let reason = format!("the webhook keeps at most {limit} of {}", self.grant);
                objects.hold_none(&self.grant, &reason);
            }
            _ => objects.forget(&self.grant),
        });
        if *self.says.borrow() != State::Unknown(trouble.clone()) {
            tracing::warn!(grant = %self.grant, %trouble, "a granted kind can't be read");
        }
        self.say(State::Unknown(trouble));
    }

    /// Whether a collection is within the caps.
    fn fits(&self, all: &Collection) -> Result<(), Trouble> {
        let Caps { objects, bytes } = self.caps;
        let (limit, flag) = match all {
            all if all.objects() > objects => (format!("{objects} objects"), "--read-objects"),
            all if all.bytes() > bytes => (format!("{bytes} bytes"), "--read-bytes"),
            _ => return Ok(()),
        };
        Err(Trouble::TooMany {
            grant: self.grant.clone(),
            limit,
            flag,
        })
    }
}

impl Filling<'_> {
    fn put(all: &mut Collection, grant: &Grant, object: DynamicObject) {
        let [namespace, name] = place(&object);
        all.put(&namespace, &name, json(grant, object));
    }

    /// A change of what is known.
    fn change(&self, change: impl FnOnce(&mut Collection, &Grant)) -> Result<(), Trouble> {
        let grant = &self.of.grant;
        let mut fits = Ok(());
        self.of.change(|objects| {
            objects.change(grant, |all| {
                change(all, grant);
                fits = self.of.fits(all);
            });
        });
        fits
    }

    fn take(&mut self, event: Event<DynamicObject>) -> Result<(), Trouble> {
        match event {
            Event::Init => self.next = Collection::default(),
            Event::InitApply(object) => {
                Self::put(&mut self.next, &self.of.grant, object);
                self.of.fits(&self.next)?;
            }
            Event::InitDone => {
                let all = std::mem::take(&mut self.next);
                self.of.change(|objects| objects.hold(&self.of.grant, all));
                self.of.say(State::Known);
            }
            Event::Apply(object) => self.change(|all, grant| Self::put(all, grant, object))?,
            Event::Delete(object) => {
                let [namespace, name] = place(&object);
                self.change(|all, _| all.remove(&namespace, &name))?;
            }
        }
        Ok(())
    }
}

impl Sink<DynamicObject> for Filling<'_> {
    async fn event(&mut self, event: Event<DynamicObject>) -> Result<(), Closed> {
        self.take(event).map_err(|trouble| {
            self.next = Collection::default();
            self.of.lose(trouble);
            Closed
        })
    }

    async fn nothing(&mut self) -> Result<(), Closed> {
        let grant = self.of.grant.clone();
        self.of.lose(Trouble::NotServed { grant });
        Err(Closed)
    }

    /// What we may not read any more isn't judged by. What can't be read for a moment is: whoever
    /// changes it doesn't get through to the API server either.
    fn broke(&mut self, error: watcher::Error, wait: Duration) {
        let grant = self.of.grant.clone();
        tracing::warn!(%grant, %error, ?wait, "the watch of a granted kind broke");
        if is_refusal(&error) {
            let resource = rbac_name(&self.resource);
            self.of.lose(Trouble::Forbidden { resource });
        } else if !self.of.is_known() {
            self.of.lose(Trouble::Silent { grant });
        }
    }
}

/// A watcher that was refused would take its watch up again where it was, though what it knew is
/// lost by then: it ends, and another begins with a list.
fn until_refused<K>(
    events: impl Stream<Item = watcher::Result<Event<K>>>,
) -> impl Stream<Item = watcher::Result<Event<K>>> {
    stream::unfold(Some(Box::pin(events)), |events| async {
        let mut events = events?;
        let event = events.next().await?;
        let refused = event.as_ref().is_err_and(is_refusal);
        Some((event, (!refused).then_some(events)))
    })
}

fn is_refusal(error: &watcher::Error) -> bool {
    matches!(code(error), Some(401 | 403))
}

/// Namespace and name.
fn place(object: &DynamicObject) -> [String; 2] {
    let metadata = &object.metadata;
    [&metadata.namespace, &metadata.name].map(|text| text.clone().unwrap_or_default())
}

/// As policies get it: with its kind, which the items of a list don't say, and without the API
/// server's record of who wrote which field.
fn json(grant: &Grant, mut object: DynamicObject) -> Arc<[u8]> {
    object.metadata.managed_fields = None;
    let metadata = serde_json::to_value(&object.metadata).expect("metadata must be JSON");
    let mut all = Map::new();
    all.insert("apiVersion".to_owned(), grant.api_version.as_str().into());
    all.insert("kind".to_owned(), grant.kind.as_str().into());
    all.insert("metadata".to_owned(), metadata);
    if let Value::Object(members) = object.data {
        all.extend(members);
    }
    Value::Object(all).to_string().into_bytes().into()
}

fn config() -> Config {
    Config {
        timeout: u32::try_from(WATCH.as_secs()).ok(),
        page_size: Some(PAGE),
        ..Config::default()
    }
}

#[cfg(test)]
#[path = "following_tests.rs"]
mod tests;
