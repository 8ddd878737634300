//! Which Pods belong together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::crew::{Crew, Source};
use crate::fit::Need;
use crate::keys::GATE;
use crate::maker::{Maker, Makers};
use crate::pod::Pod;
use crate::reference::{GroupRef, ObjectRef};
use crate::site::Tenant;
use crate::time::Time;
use crate::topology::Topology;
use crate::view::View;

/// What two values of one group have in common: the root owner's uid and the group's name.
pub(crate) type Key<'a> = (&'a str, &'a str);

/// An exclusive group and its Pods that are not finished.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) reference: GroupRef,
    pub(crate) object: ObjectRef,
    pub(crate) root_kind: &'static str,
    pub(crate) root_name: String,
    /// The topology key.
    pub(crate) key: String,
    pub(crate) created: Time,
    pub(crate) priority: i32,
    /// Pods that must exist before the first is released. `None`: who makes them isn't known.
    pub(crate) want: Option<u32>,
    /// Pods that the domain must hold.
    pub(crate) needed: u32,
    /// In the order in which they are released: index 0 last.
    pub(crate) pods: Vec<Arc<Pod>>,
    /// Those of them that wait at our gate and will stay.
    pub(crate) gated: Vec<Arc<Pod>>,
    /// Those that were released and will stay.
    pub(crate) released: Vec<Arc<Pod>>,
    /// Pods that will stay, those of one index counted once.
    pub(crate) have: u32,
    /// Gates of somebody else's on its gated Pods.
    pub(crate) other_gates: Vec<String>,
    /// What the domain must have free while all of them wait.
    pub(crate) need: Need,
    /// Groups of its JobSet that compute together with this one, itself included; 0 where it
    /// stands alone, or where the JobSet makes some only when others are Ready.
    pub(crate) slices: u32,
    /// Exclusive groups of its JobSet, itself included; 0 as above.
    pub(crate) siblings: u32,
    /// Whether its Job or JobSet is suspended.
    pub(crate) suspended: bool,
    /// Whether the loss of one Pod makes its JobSet start again.
    pub(crate) restartable: bool,
    /// Where its released Pods were in the topology that was asked about last.
    places: Mutex<Option<(Arc<()>, Arc<Places>)>>,
    /// Where its Pods come from: usually one.
    sources: BTreeSet<Source>,
}

/// The domains that the released Pods of a group are in or are pinned to.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Values of the topology key.
    pub(crate) values: BTreeSet<String>,
    /// Whether one of them has no domain yet.
    pub(crate) wandering: bool,
}

impl Group {
    pub(crate) fn new(maker: &Maker<'_>, pods: Vec<Arc<Pod>>) -> Self {
        let pods = in_order(pods);
        let live = pods.iter().filter(|pod| !pod.deleting).cloned();
        let (gated, released): (Vec<_>, Vec<_>) = live.partition(|pod| pod.gated());
        let first = &pods[0];
        let (want, needed) = maker.counts(&pods);
        let multislice = pods.iter().any(|pod| pod.multislice);
        let (job, jobset) = (maker.job, maker.jobset());
        let together = jobset.filter(|jobset| !jobset.ordered);
        let slices = together.filter(|_| multislice);
        let bears_nothing = job.is_some_and(|job| job.backoff_limit == 0);
        Self {
            object: maker.object(first),
            root_kind: maker.root_kind(),
            root_name: maker.root_name(first),
            key: first.exclusive.clone().unwrap_or_default(),
            created: maker.created(first),
            priority: pods.iter().map(|pod| pod.priority).max().unwrap_or(0),
            want,
            needed,
            need: Need::of(gated.iter(), needed),
            have: distinct(gated.iter().chain(&released)),
            other_gates: other_gates(&gated),
            slices: slices.map_or(0, |jobset| jobset.slices),
            siblings: together.map_or(0, |jobset| jobset.exclusive),
            suspended: jobset.is_some_and(|jobset| jobset.suspended)
                || job.is_some_and(|job| job.suspended),
            restartable: bears_nothing && jobset.is_some_and(|jobset| jobset.managed_by.is_none()),
            reference: maker.reference.clone(),
            sources: pods.iter().map(|pod| Source::of(pod)).collect(),
            places: Mutex::default(),
            pods,
            gated,
            released,
        }
    }

    pub(crate) fn id(&self) -> Key<'_> {
        id(&self.reference)
    }

    /// Whether this is one of its Pods.
    pub(crate) fn has(&self, tenant: &Tenant) -> bool {
        let source = tenant.source.as_ref();
        source.is_some_and(|source| self.sources.contains(source.as_ref()))
    }

    /// Pods that will stay: not being deleted.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.iter().filter(|pod| !pod.deleting)
    }

    /// Where its released Pods are: the same until it or the topology changes.
    pub(crate) fn places(&self, topology: &Topology) -> Arc<Places> {
        let mut last = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, places)) = &*last
            && Arc::ptr_eq(of, &topology.edition)
        {
            return Arc::clone(places);
        }
        let places = Arc::new(self.look_for(topology));
        *last = Some((Arc::clone(&topology.edition), Arc::clone(&places)));
        places
    }

    fn look_for(&self, topology: &Topology) -> Places {
        let bound = |pod: &Pod| topology.values.get(pod.node.as_ref()?).cloned();
        let pinned = |pod: &Pod| pod.constraints.selector.get(&self.key).cloned();
        let found = self.released.iter();
        let found: BTreeSet<_> = found
            .map(|pod| bound(pod).or_else(|| pinned(pod)))
            .collect();
        Places {
            wandering: found.contains(&None),
            values: found.into_iter().flatten().collect(),
        }
    }

    /// Whether it comes before a plain Pod: by priority, then by age.
    pub(crate) fn precedes(&self, pod: &Pod) -> bool {
        (Reverse(self.priority), self.created) <= (Reverse(pod.priority), pod.created)
    }

    pub(crate) fn started(&self) -> bool {
        !self.released.is_empty()
    }

    pub(crate) fn ending(&self) -> bool {
        self.pods.iter().any(|pod| pod.deleting)
    }

    pub(crate) fn complete(&self) -> bool {
        self.want.is_some_and(|want| self.have >= want)
    }
}

pub(crate) fn id(group: &GroupRef) -> Key<'_> {
    (&group.root, &group.name)
}

/// All exclusive groups that have Pods. Two makers can be of one: a Job of before a restart, and
/// the one after it.
pub(crate) fn groups(view: &View) -> Vec<Arc<Group>> {
    let mut groups: BTreeMap<&GroupRef, Vec<&Crew>> = BTreeMap::new();
    for crew in view.crews.values() {
        let group = &crew.group(view).reference;
        groups.entry(group).or_default().push(crew);
    }
    let whole = groups.into_values().map(|crews| match crews.as_slice() {
        [crew] => Arc::clone(crew.group(view)),
        crews => Arc::new(united(view, crews)),
    });
    whole.collect()
}

/// What is said of a group follows the maker that was made last.
fn united(view: &View, crews: &[&Crew]) -> Group {
    let pods: Vec<Arc<Pod>> = crews.iter().flat_map(|crew| crew.pods()).cloned().collect();
    let makers = crews.iter().filter_map(|crew| crew.pods().next());
    let makers = makers.map(|pod| Makers(view).of(pod));
    let newest = makers.max_by(|one, other| one.age().cmp(&other.age()));
    let maker = newest.unwrap_or_else(|| Makers(view).of(&pods[0]));
    Group::new(&maker, pods)
}

/// A plain TPU Pod is a group of its own.
pub(crate) fn of_plain(pod: &Pod) -> GroupRef {
    GroupRef {
        root: pod.reference.uid.clone(),
        name: pod.reference.name.clone(),
        kind: "Pod".to_owned(),
        namespace: pod.reference.namespace.clone(),
    }
}

fn distinct<'p>(pods: impl Iterator<Item = &'p Arc<Pod>> + Clone) -> u32 {
    let indices: BTreeSet<u32> = pods.clone().filter_map(|pod| pod.index).collect();
    let others = pods.filter(|pod| pod.index.is_none()).count();
    u32::try_from(indices.len() + others).unwrap_or(u32::MAX)
}

fn other_gates(pods: &[Arc<Pod>]) -> Vec<String> {
    let gates = pods.iter().flat_map(|pod| &pod.gates);
    let others = gates.filter(|gate| *gate != GATE).cloned();
    others.collect::<BTreeSet<_>>().into_iter().collect()
}

fn in_order(mut pods: Vec<Arc<Pod>>) -> Vec<Arc<Pod>> {
    let last = |pod: &Pod| pod.index.is_none().then_some(u32::MAX).or(pod.index);
    pods.sort_by(|a, b| {
        let by_index = last(b).cmp(&last(a));
        by_index.then_with(|| a.reference.cmp(&b.reference))
    });
    pods
}
