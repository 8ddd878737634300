//! What policies read of the cluster: of each granted kind one list that is watched, whichever
//! policies it is granted to, and none of a kind that isn't.
//!
//! Reviews read from memory only, each from one state ([`Mirror`]). Of a kind that isn't known (it
//! isn't listed yet, or may not be; there is more of it than is kept) a read is an error, never
//! an absence.
//!
//! In reading order: [`mirror`] (what is known), [`trouble`] (why something isn't), [`kind`] (what a
//! grant is called by the API server), [`following`] (one list), [`reads`](Reads) (which lists).

mod following;
mod kind;
mod mirror;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::Client;
use runtime::{Grant, Grants};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub(crate) use following::Caps;
pub(crate) use mirror::Mirror;
pub(crate) use trouble::Trouble;

use following::Following;

/// Counts are told this often: a status that changed with every object would be a load of its own.
const TOLD: Duration = Duration::from_secs(60);

/// How far the list of a kind is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Being listed for the first time.
    Listing,
    /// Its objects are known.
    Known,
    /// They are not.
    Unknown(Trouble),
}

/// The lists of all granted kinds.
pub(crate) struct Reads {
    client: Client,
    caps: Caps,
    mirror: Arc<Mirror>,
    changed: Arc<Notify>,
    lists: BTreeMap<Grant, List>,
}

/// What is told of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Whether its objects are known.
    pub(crate) synced: bool,
    /// How many they are, or were within the last minute.
    pub(crate) objects: usize,
}

struct List {
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
    told: Option<(Instant, Told)>,
}

impl Reads {
    /// None yet.
    pub(crate) fn new(client: Client, caps: Caps, mirror: Arc<Mirror>) -> Reads {
        Reads {
            client,
            caps,
            mirror,
            changed: Arc::default(),
            lists: BTreeMap::new(),
        }
    }

    /// Follows the lists of these kinds and no others.
    pub(crate) fn want(&mut self, wanted: &BTreeSet<Grant>) {
        let unwanted: Vec<Grant> = self.lists.keys().cloned().collect();
        for grant in unwanted.iter().filter(|grant| !wanted.contains(grant)) {
            // From here on its task changes nothing any more.
            self.lists.remove(grant);
            self.mirror.change(|objects| objects.forget(grant));
            tracing::info!(%grant, "no policy is granted it any more");
        }
        for grant in wanted {
            if !self.lists.contains_key(grant) {
                self.lists.insert(grant.clone(), self.follow(grant));
            }
        }
    }

    /// The first of these kinds that isn't known, if there is one.
    pub(crate) fn lacking(&self, grants: &Grants) -> Option<State> {
        let mut states = grants.0.iter().map(|grant| self.state(grant));
        states.find(|state| *state != State::Known)
    }

    /// Waits until a list has become known, or is no longer.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes a new count where the last is old.
    pub(crate) fn count(&mut self, now: Instant) {
        let objects = self.mirror.now();
        for (grant, list) in &mut self.lists {
            let synced = *list.state.borrow() == State::Known;
            let old = |(since, told): &(Instant, Told)| {
                told.synced != synced || now.saturating_duration_since(*since) >= TOLD
            };
            if list.told.as_ref().is_none_or(old) {
                let objects = objects.of(grant).map_or(0, |all| all.objects());
                list.told = Some((now, Told { synced, objects }));
            }
        }
    }

    /// What is told of a kind.
    pub(crate) fn told(&self, grant: &Grant) -> Told {
        let told = self.lists.get(grant).and_then(|list| list.told.clone());
        told.map_or_else(Told::nothing, |(_, told)| told)
    }

    /// Objects and bytes in memory, and how many kinds aren't known.
    pub(crate) fn sums(&self) -> [usize; 4] {
        let objects = self.mirror.now();
        let held = self.lists.keys().filter_map(|grant| objects.of(grant));
        let (count, bytes) = held.fold((0, 0), |(count, bytes), all| {
            (count + all.objects(), bytes + all.bytes())
        });
        let is_known = |list: &&List| *list.state.borrow() == State::Known;
        let known = self.lists.values().filter(is_known).count();
        [self.lists.len(), self.lists.len() - known, count, bytes]
    }

    fn state(&self, grant: &Grant) -> State {
        let list = self.lists.get(grant);
        list.map_or(State::Listing, |list| list.state.borrow().clone())
    }

    fn follow(&self, grant: &Grant) -> List {
        let (says, state) = watch::channel(State::Listing);
        let following = Following {
            client: self.client.clone(),
            grant: grant.clone(),
            caps: self.caps,
            mirror: Arc::clone(&self.mirror),
            says,
            changed: Arc::clone(&self.changed),
        };
        tracing::info!(%grant, "a policy is granted it: following");
        List {
            state,
            task: tokio::spawn(following.run()),
            told: None,
        }
    }
}

/// Nobody reads any more.
impl Drop for List {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Told {
    fn nothing() -> Told {
        Told {
            synced: false,
            objects: 0,
        }
    }
}
