//! The cluster as the watches tell it, and as the API server's answers to our own writes tell it
//! a moment earlier.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use placement::{Node, Pod, View};

use super::kinds::{Item, Object, What};
use super::watch::Update;

/// Node label: GKE's TPU nodes have it before their first Pod.
const ACCELERATOR_LABEL: &str = "cloud.google.com/gke-tpu-accelerator";

/// What is known, and how new it is.
#[derive(Default)]
pub(crate) struct Mirror {
    view: Arc<View>,
    kinds: HashMap<What, Known>,
    /// A node tells that it is alive by being written: what hasn't changed need not be decided on.
    nodes: HashMap<String, Arc<Node>>,
}

/// The objects of one kind.
#[derive(Default)]
struct Known {
    /// The version of each that is kept, by its key.
    versions: HashMap<String, u64>,
    /// What the list that is under way has named so far.
    listing: Option<HashSet<String>>,
    /// Whether a list has been complete.
    listed: bool,
}

impl Mirror {
    /// Takes one update in; whether a decision may differ now.
    pub(crate) fn take(&mut self, update: Update) -> bool {
        match update {
            Update::Listing(what) => {
                self.known(what).listing = Some(HashSet::new());
                false
            }
            Update::Put(what, item) => self.put(what, item),
            Update::Gone(what, item) => self.remove(what, &item.key),
            Update::Listed(what) => self.listed(what),
        }
    }

    /// Takes in what the API server answered to a write of ours, before the watch tells it.
    pub(crate) fn answered(&mut self, what: What, item: Item) {
        self.put(what, item);
    }

    /// Whether every list has been complete once.
    pub(crate) fn is_complete(&self) -> bool {
        What::ALL.iter().all(|what| {
            let known = self.kinds.get(what);
            known.is_some_and(|known| known.listed)
        })
    }

    /// The version of an object that is kept.
    pub(crate) fn version(&self, what: What, key: &str) -> Option<u64> {
        self.kinds.get(&what)?.versions.get(key).copied()
    }

    /// To decide on. While it is held, the next change costs a copy.
    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view)
    }

    fn put(&mut self, what: What, item: Item) -> bool {
        let known = self.known(what);
        if let Some(listing) = &mut known.listing {
            listing.insert(item.key.clone());
        }
        // An answer came first and this is what was before it.
        let newer = known
            .versions
            .get(&item.key)
            .is_none_or(|version| item.version >= *version);
        if !newer {
            return false;
        }
        match item.object {
            Ok(object) if self.matters(&object) => {
                let known = self.known(what);
                known.versions.insert(item.key.clone(), item.version);
                self.keep(item.key, object)
            }
            Ok(_) => self.remove(what, &item.key),
            Err(reason) => {
                tracing::warn!(
                    resource = what.resource(),
                    key = item.key,
                    reason,
                    "object left out"
                );
                self.remove(what, &item.key)
            }
        }
    }

    fn keep(&mut self, key: String, object: Object) -> bool {
        if let Object::Node(node) = &object {
            if self.nodes.get(&key).is_some_and(|known| **known == *node) {
                return false;
            }
            self.nodes.insert(key, Arc::new(node.clone()));
        }
        let view = Arc::make_mut(&mut self.view);
        match object {
            Object::Node(node) => view.put_node(node),
            Object::Pod(pod) => view.put_pod(*pod),
            Object::Job(job) => view.put_job(job),
            Object::Owner(owner) => view.put_owner(owner),
            Object::Claim(claim) => view.put_claim(claim),
        }
        true
    }

    fn remove(&mut self, what: What, key: &str) -> bool {
        if self.known(what).versions.remove(key).is_none() {
            return false;
        }
        let view = Arc::make_mut(&mut self.view);
        match what {
            What::Nodes => {
                self.nodes.remove(key);
                view.remove_node(key);
            }
            What::Pods => view.remove_pod(key),
            What::Jobs => view.remove_job(key),
            What::JobSets | What::StatefulSets | What::LeaderWorkerSets => view.remove_owner(key),
            What::Leases => view.remove_claim(key),
        }
        true
    }

    /// What the list didn't name is gone.
    fn listed(&mut self, what: What) -> bool {
        let known = self.known(what);
        known.listed = true;
        let Some(named) = known.listing.take() else {
            return false;
        };
        let gone: Vec<String> = known
            .versions
            .keys()
            .filter(|key| !named.contains(*key))
            .cloned()
            .collect();
        for key in &gone {
            self.remove(what, key);
        }
        true
    }

    /// Of Pods only those are kept that want chips or a domain, or wait at our gate, or take
    /// room on a node that has chips.
    fn matters(&self, object: &Object) -> bool {
        let Object::Pod(pod) = object else {
            return true;
        };
        pod.requests.chips > 0 || pod.gated() || pod.exclusive.is_some() || self.takes_room(pod)
    }

    /// A node that isn't known yet may have chips.
    fn takes_room(&self, pod: &Pod) -> bool {
        let Some(name) = &pod.node else {
            return false;
        };
        self.nodes.get(name).is_none_or(|node| {
            node.allocatable.chips > 0 || node.labels.contains_key(ACCELERATOR_LABEL)
        })
    }

    fn known(&mut self, what: What) -> &mut Known {
        self.kinds.entry(what).or_default()
    }
}

#[cfg(test)]
#[path = "mirror_tests.rs"]
mod tests;
