//! Whether Pods fit on nodes, now.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::group::Group;
use crate::pod::Pod;
use crate::reason::Reason;
use crate::space::Space;
use crate::topology::Plot;

/// Pods that must fit, by what they ask for. Those of one template are all equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Need(Vec<Class>);

/// Equal Pods: what they ask for and where they may run is the same.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    /// One of them.
    pub(crate) pod: Arc<Pod>,
    pub(crate) count: u32,
}

/// What of a node counts as free.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Free<'a> {
    /// What no Pod has.
    Now,
    /// That, and what these Pods have that are being deleted.
    Soon(&'a Group),
    /// All of it, whoever is there.
    Ever,
}

impl Need {
    /// What these Pods need, as if there were at least `count`: those that don't exist yet are
    /// like the last.
    pub(crate) fn of<'p>(pods: impl Iterator<Item = &'p Arc<Pod>>, count: u32) -> Self {
        let mut classes: Vec<Class> = Vec::new();
        let mut known = 0;
        for pod in pods {
            known += 1;
            match classes.iter_mut().find(|class| class.is_of(pod)) {
                Some(class) => class.count += 1,
                None => classes.push(Class::one(pod)),
            }
        }
        if let Some(last) = classes.last_mut() {
            last.count += count.saturating_sub(known);
        }
        // The largest first: what is small finds a place between.
        let size = |class: &Class| (class.pod.requests.chips, class.pod.requests.cpu);
        classes.sort_by_key(|class| std::cmp::Reverse(size(class)));
        Self(classes)
    }

    pub(crate) fn total(&self) -> u32 {
        self.0
            .iter()
            .map(|class| class.count)
            .fold(0, u32::saturating_add)
    }
}

impl Class {
    pub(crate) fn one(pod: &Arc<Pod>) -> Self {
        let (pod, count) = (Arc::clone(pod), 1);
        Self { pod, count }
    }

    fn is_of(&self, pod: &Pod) -> bool {
        self.pod.requests == pod.requests && self.pod.constraints == pod.constraints
    }
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.is_of(&other.pod)
    }
}

impl Eq for Class {}

impl Hash for Class {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.count, self.pod.requests, &self.pod.constraints).hash(state);
    }
}

/// Pods that fit in a domain: all, with room for how many of the largest, or why not.
pub(crate) fn fit(
    space: &Space<'_>,
    plot: &Plot,
    need: &Need,
    free: Free<'_>,
) -> Result<u32, Vec<Reason>> {
    // What all nodes have in common needn't be looked up on each of them.
    let shared = space.labels(plot);
    let classes = need.0.iter().map(|class| {
        let selected = class.pod.constraints.unselected(shared).is_none();
        (class, selected)
    });
    let classes: Vec<(&Class, bool)> = classes.collect();
    let mut left: Vec<u32> = need.0.iter().map(|class| class.count).collect();
    let (mut room, mut count, mut reasons) = (0_u32, 0, Vec::new());
    for node in space.nodes(&plot.nodes) {
        count += 1;
        let mut free = node.free(free);
        for (at, (class, selected)) in classes.iter().enumerate() {
            match node.room(class, *selected, &free) {
                Err(reason) => merge(&mut reasons, reason),
                Ok(most) => {
                    room += if at == 0 { most } else { 0 };
                    let placed = most.min(left[at]);
                    left[at] -= placed;
                    free.take(class, placed);
                }
            }
        }
    }
    let missing: u32 = left.iter().sum();
    if missing == 0 {
        return Ok(room);
    }
    let needed = need.total();
    reasons.insert(
        0,
        Reason::TooFewNodes {
            fit: needed - missing,
            needed,
            nodes: count,
        },
    );
    Err(reasons)
}

/// Adds a node to a reason that is there already.
fn merge(reasons: &mut Vec<Reason>, new: Reason) {
    for known in reasons.iter_mut() {
        if known.absorb(&new) {
            return;
        }
    }
    reasons.push(new);
}
