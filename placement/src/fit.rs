//! Whether Pods fit on nodes, now.

use crate::constraint::Constraints;
use crate::group::Group;
use crate::node_state::NodeState;
use crate::pod::Pod;
use crate::reason::Reason;
use crate::resources::Resources;

/// Pods that must fit, by what they ask for. Those of one template are all equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Need<'a>(pub(crate) Vec<Class<'a>>);

/// Equal Pods.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Class<'a> {
    pub(crate) requests: Resources,
    pub(crate) constraints: &'a Constraints,
    pub(crate) count: u32,
}

/// What of a node counts as free.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Free<'a> {
    /// What no Pod has.
    Now,
    /// That, and what these Pods have that are being deleted.
    Soon(&'a Group<'a>),
    /// All of it, whoever is there.
    Ever,
}

impl<'a> Need<'a> {
    /// What these Pods need, as if there were at least `count`: those that don't exist yet are
    /// like the last.
    pub(crate) fn of(pods: impl Iterator<Item = &'a Pod>, count: u32) -> Self {
        let mut classes: Vec<Class<'a>> = Vec::new();
        let mut known = 0;
        for pod in pods {
            known += 1;
            let same = |class: &&mut Class<'_>| {
                class.requests == pod.requests && *class.constraints == pod.constraints
            };
            match classes.iter_mut().find(same) {
                Some(class) => class.count += 1,
                None => classes.push(Class {
                    requests: pod.requests,
                    constraints: &pod.constraints,
                    count: 1,
                }),
            }
        }
        if let Some(last) = classes.last_mut() {
            last.count += count.saturating_sub(known);
        }
        // The largest first: what is small finds a place between.
        classes.sort_by_key(|class| std::cmp::Reverse((class.requests.chips, class.requests.cpu)));
        Self(classes)
    }

    pub(crate) fn total(&self) -> u32 {
        self.0
            .iter()
            .map(|class| class.count)
            .fold(0, u32::saturating_add)
    }
}

/// Pods that fit on `nodes`: all, with room for how many of the largest, or why not.
pub(crate) fn fit<'n, 'v: 'n>(
    nodes: impl Iterator<Item = &'n NodeState<'v>>,
    need: &Need<'_>,
    free: Free<'_>,
) -> Result<u32, Vec<Reason>> {
    let mut left: Vec<u32> = need.0.iter().map(|class| class.count).collect();
    let (mut room, mut count, mut reasons) = (0_u32, 0, Vec::new());
    for node in nodes {
        count += 1;
        let mut free = node.free(free);
        for (at, class) in need.0.iter().enumerate() {
            match node.room(class, &free) {
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
