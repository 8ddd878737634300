//! What troubles a cluster: nodes that break, Pods that nobody expected.

use super::make::{POOL, plain};
use super::world::{POOLS, World, is_intruder, nth};
use crate::{Pod, Taint};

/// More than this doesn't make it harder.
const MOST_PLAIN: usize = 5;
/// With more nothing would ever be placed.
const MOST_BAD: usize = 3;

impl World {
    pub(super) fn cordon(&mut self, which: usize) {
        self.change_node(which, |node| node.unschedulable = true);
    }

    pub(super) fn unready(&mut self, which: usize) {
        self.change_node(which, |node| node.ready = false);
    }

    pub(super) fn taint(&mut self, which: usize) {
        self.change_node(which, |node| {
            let (key, value) = ("maintenance".to_owned(), String::new());
            node.taints.push(Taint {
                key,
                value,
                effect: "NoSchedule".to_owned(),
            });
        });
    }

    /// A node without Pods goes, or one comes back.
    pub(super) fn node(&mut self, which: usize, back: bool) {
        if back {
            if let Some(node) = self.away.pop() {
                self.store.put_node(node);
            }
            return;
        }
        let Some(name) = nth(self.store.nodes.keys(), which).cloned() else {
            return;
        };
        let used = self
            .store
            .pods
            .values()
            .any(|pod| pod.node.as_ref() == Some(&name));
        if !used && self.away.len() < 3 {
            self.away.extend(self.store.nodes.get(&name).cloned());
            self.store.remove_node(&name);
        }
    }

    pub(super) fn new_plain(&mut self, a: usize, b: usize) {
        if self.plain().count() >= MOST_PLAIN {
            return;
        }
        let mut pod = plain(&self.uid("plain"));
        pod.created = self.store.now;
        pod.requests.chips = [1, 2, 4][a % 3];
        if b.is_multiple_of(4) {
            let pool = POOLS[b / 4 % POOLS.len()].0;
            pod.constraints
                .selector
                .insert(POOL.to_owned(), pool.to_owned());
        }
        self.store.put_pod(pod);
    }

    pub(super) fn plain_ends(&mut self, which: usize) {
        let going = self.plain().filter(|pod| !pod.deleting);
        if let Some(mut pod) = nth(going, which).cloned() {
            pod.deleting = true;
            self.store.put_pod(pod);
        }
    }

    /// A TPU Pod with a nodeName, or one that our webhook never saw.
    pub(super) fn intruder(&mut self, a: usize, b: usize) {
        if self.intruders().count() >= 2 {
            return;
        }
        let mut pod = plain(&self.uid("intruder"));
        pod.gates.clear();
        pod.requests.chips = [1, 4][b % 2];
        if !a.is_multiple_of(3) {
            let Some(node) = nth(self.store.nodes.keys(), b / 2).cloned() else {
                return;
            };
            pod.node = Some(node);
        } else {
            let pool = POOLS[b / 2 % POOLS.len()].0;
            pod.constraints
                .selector
                .insert(POOL.to_owned(), pool.to_owned());
        }
        self.counts.intruders += 1;
        self.store.put_pod(pod);
    }

    pub(super) fn intruder_ends(&mut self, which: usize) {
        if let Some(uid) = nth(self.intruders(), which).map(|pod| pod.reference.uid.clone()) {
            self.store.remove_pod(&uid);
        }
    }

    fn plain(&self) -> impl Iterator<Item = &Pod> {
        self.store
            .pods
            .values()
            .filter(|pod| pod.reference.uid.starts_with("plain"))
    }

    fn intruders(&self) -> impl Iterator<Item = &Pod> {
        self.store.pods.values().filter(|pod| is_intruder(pod))
    }

    /// Spoils a node, or mends one.
    fn change_node(&mut self, which: usize, spoil: impl Fn(&mut crate::Node)) {
        let bad = |node: &&crate::Node| node.unschedulable || !node.ready || node.taints.len() > 1;
        let spoilt: Vec<&crate::Node> = self.store.nodes.values().filter(bad).collect();
        let mend = spoilt.len() >= MOST_BAD || (which.is_multiple_of(2) && !spoilt.is_empty());
        let node = if mend {
            nth(spoilt.into_iter(), which / 2)
        } else {
            nth(self.store.nodes.values(), which / 2)
        };
        let Some(mut node) = node.cloned() else {
            return;
        };
        if mend {
            (node.unschedulable, node.ready) = (false, true);
            node.taints.truncate(1);
        } else {
            spoil(&mut node);
        }
        self.store.put_node(node);
    }
}
