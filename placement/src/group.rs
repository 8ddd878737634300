//! Which Pods belong together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::owner::{Job, Owner, OwnerKind};
use crate::pod::Pod;
use crate::reference::{GroupRef, ObjectRef};
use crate::time::Time;
use crate::view::View;

/// What two values of one group have in common: the root owner's uid and the group's name.
pub(crate) type Key<'a> = (&'a str, &'a str);

/// An exclusive group and its Pods that are not finished.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) reference: GroupRef,
    pub(crate) object: ObjectRef,
    pub(crate) root_kind: &'static str,
    pub(crate) root_name: &'a str,
    /// The topology key.
    pub(crate) key: &'a str,
    pub(crate) created: Time,
    pub(crate) priority: i32,
    /// Pods that must exist before the first is released. `None`: who makes them isn't known.
    pub(crate) want: Option<u32>,
    /// Pods that the domain must hold.
    pub(crate) needed: u32,
    /// In the order in which they are released: index 0 last.
    pub(crate) pods: Vec<&'a Pod>,
    /// Groups of its JobSet that compute together with this one, itself included; 0 where it
    /// stands alone, or where the JobSet makes some only when others are Ready.
    pub(crate) slices: u32,
    /// Exclusive groups of its JobSet, itself included; 0 as above.
    pub(crate) siblings: u32,
    /// Whether its Job or JobSet is suspended.
    pub(crate) suspended: bool,
    /// Whether the loss of one Pod makes its JobSet start again.
    pub(crate) restartable: bool,
}

/// Plain TPU Pods that wait at our gate, by their controller.
pub(crate) type Plain<'a> = BTreeMap<&'a str, Vec<&'a Pod>>;

/// Who makes a group's Pods.
struct Maker<'a> {
    reference: GroupRef,
    job: Option<&'a Job>,
    owner: Option<&'a Owner>,
}

impl<'a> Group<'a> {
    pub(crate) fn id(&self) -> Key<'_> {
        id(&self.reference)
    }

    /// Pods that will stay: not being deleted.
    pub(crate) fn live(&self) -> impl Iterator<Item = &'a Pod> + '_ {
        self.pods.iter().copied().filter(|pod| !pod.deleting)
    }

    pub(crate) fn gated(&self) -> impl Iterator<Item = &'a Pod> + '_ {
        self.live().filter(|pod| pod.gated())
    }

    pub(crate) fn released(&self) -> impl Iterator<Item = &'a Pod> + '_ {
        self.live().filter(|pod| !pod.gated())
    }

    pub(crate) fn started(&self) -> bool {
        self.released().next().is_some()
    }

    pub(crate) fn ending(&self) -> bool {
        self.pods.iter().any(|pod| pod.deleting)
    }

    pub(crate) fn complete(&self) -> bool {
        self.want.is_some_and(|want| self.distinct() >= want)
    }

    /// Live Pods, those of one index counted once.
    pub(crate) fn distinct(&self) -> u32 {
        let indices: BTreeSet<u32> = self.live().filter_map(|pod| pod.index).collect();
        let others = self.live().filter(|pod| pod.index.is_none()).count();
        u32::try_from(indices.len() + others).unwrap_or(u32::MAX)
    }

    /// Gates of somebody else's on its gated Pods.
    pub(crate) fn other_gates(&self) -> Vec<String> {
        let gates = self.gated().flat_map(|pod| &pod.gates);
        let others = gates.filter(|gate| *gate != crate::keys::GATE).cloned();
        others.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn new(maker: Maker<'a>, pods: Vec<&'a Pod>) -> Self {
        let first = pods[0];
        let (want, needed) = counts(&maker, &pods);
        let multislice = pods.iter().any(|pod| pod.multislice);
        let jobset = maker.owner.filter(|owner| owner.kind == OwnerKind::JobSet);
        let together = jobset.filter(|jobset| !jobset.ordered);
        let job = maker.job;
        let bears_nothing = job.is_some_and(|job| job.backoff_limit == 0);
        Self {
            object: object(&maker, first),
            root_kind: root_kind(&maker),
            root_name: maker
                .owner
                .map_or_else(|| job_name(first), |owner| &owner.name),
            key: first.exclusive.as_deref().unwrap_or_default(),
            created: created(&maker, first),
            priority: pods.iter().map(|pod| pod.priority).max().unwrap_or(0),
            want,
            needed,
            slices: together
                .filter(|_| multislice)
                .map_or(0, |jobset| jobset.slices),
            siblings: together.map_or(0, |jobset| jobset.exclusive),
            suspended: jobset.is_some_and(|jobset| jobset.suspended)
                || job.is_some_and(|job| job.suspended),
            restartable: bears_nothing && jobset.is_some_and(|jobset| jobset.managed_by.is_none()),
            reference: maker.reference,
            pods: in_order(pods),
        }
    }
}

pub(crate) fn id(group: &GroupRef) -> Key<'_> {
    (&group.root, &group.name)
}

/// All exclusive groups that have Pods, and the plain TPU Pods at our gate.
pub(crate) fn groups(view: &View) -> (Vec<Group<'_>>, Plain<'_>) {
    // By what makes them: a Pod's controller, or the LeaderWorkerSet's replica.
    let mut makers: HashMap<Source<'_>, (Maker<'_>, Vec<&Pod>)> = HashMap::new();
    let mut plain = Plain::new();
    let finder = Makers::new(view);
    for pod in view.concerned.iter().filter_map(|uid| view.pods.get(uid)) {
        if pod.exclusive.is_some() {
            let entry = makers.entry(source(pod));
            entry
                .or_insert_with(|| (finder.of(pod), Vec::new()))
                .1
                .push(pod);
        } else if pod.gated() && !pod.deleting {
            let controller = pod.controller.as_ref();
            let controller = controller.map_or(pod.reference.uid.as_str(), |one| &one.uid);
            plain.entry(controller).or_default().push(pod);
        }
    }
    (gathered(makers.into_values()), plain)
}

/// What Pods of one maker have in common.
type Source<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

fn source(pod: &Pod) -> Source<'_> {
    let namespace = pod.reference.namespace.as_str();
    if let Some(member) = &pod.leader_worker {
        return (namespace, &member.name, &member.group_index, None);
    }
    let uid = pod
        .controller
        .as_ref()
        .map_or(&pod.reference.uid, |one| &one.uid);
    (namespace, uid, "", pod.jobset_uid.as_deref())
}

/// Two makers can be of one group: a Job of before a restart, and the one after it. What is
/// said of the group follows the maker that still exists.
fn gathered<'a>(makers: impl Iterator<Item = (Maker<'a>, Vec<&'a Pod>)>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<GroupRef, (Maker<'a>, Vec<&'a Pod>)> = BTreeMap::new();
    for (maker, pods) in makers {
        match groups.get_mut(&maker.reference) {
            None => drop(groups.insert(maker.reference.clone(), (maker, pods))),
            Some((known, all)) => {
                all.extend(pods);
                let age = |maker: &Maker<'a>| maker.job.map(|job| (job.created, job.uid.as_str()));
                let newer = age(&maker) > age(known);
                if newer {
                    *known = maker;
                }
            }
        }
    }
    groups
        .into_values()
        .map(|(maker, pods)| Group::new(maker, pods))
        .collect()
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

/// Finds who makes a Pod.
struct Makers<'a> {
    view: &'a View,
    leader_worker_sets: BTreeMap<(&'a str, &'a str), &'a Owner>,
}

impl<'a> Makers<'a> {
    fn new(view: &'a View) -> Self {
        let owners = view.owners.values().map(AsRef::as_ref);
        let sets = owners.filter(|owner: &&Owner| owner.kind == OwnerKind::LeaderWorkerSet);
        let named = sets.map(|set| ((set.namespace.as_str(), set.name.as_str()), set));
        Self {
            view,
            leader_worker_sets: named.collect(),
        }
    }

    fn of(&self, pod: &'a Pod) -> Maker<'a> {
        let namespace = pod.reference.namespace.as_str();
        if let Some(member) = &pod.leader_worker {
            let set = self
                .leader_worker_sets
                .get(&(namespace, member.name.as_str()))
                .copied();
            let name = format!("{}-{}", member.name, member.group_index);
            let root = set.map_or_else(|| member.name.clone(), |set| set.uid.clone());
            return maker(root, name, "LeaderWorkerSet", pod, None, set);
        }
        let Some(controller) = &pod.controller else {
            return Maker {
                reference: of_plain(pod),
                job: None,
                owner: None,
            };
        };
        if controller.kind == "Job" {
            let job = self.view.jobs.get(&controller.uid).map(AsRef::as_ref);
            let root = self.root_of_job(job, pod).unwrap_or(&controller.uid);
            let owner = self.view.owners.get(root).map(AsRef::as_ref);
            return maker(
                root.to_owned(),
                controller.name.clone(),
                "Job",
                pod,
                job,
                owner,
            );
        }
        let owner = self.view.owners.get(&controller.uid).map(AsRef::as_ref);
        let (root, name) = (controller.uid.clone(), controller.name.clone());
        maker(root, name, "StatefulSet", pod, None, owner)
    }

    /// The Job's JobSet; once the Job is gone, what JobSet wrote on its Pods.
    fn root_of_job(&self, job: Option<&'a Job>, pod: &'a Pod) -> Option<&'a str> {
        match job {
            Some(job) => job.controller.as_ref().map(|jobset| jobset.uid.as_str()),
            None => pod.jobset_uid.as_deref(),
        }
    }
}

fn maker<'a>(
    root: String,
    name: String,
    kind: &str,
    pod: &Pod,
    job: Option<&'a Job>,
    owner: Option<&'a Owner>,
) -> Maker<'a> {
    let namespace = pod.reference.namespace.clone();
    let reference = GroupRef {
        root,
        name,
        kind: kind.to_owned(),
        namespace,
    };
    Maker {
        reference,
        job,
        owner,
    }
}

/// How many Pods must exist, and how many the domain must hold.
fn counts(maker: &Maker<'_>, pods: &[&Pod]) -> (Option<u32>, u32) {
    let live = pods.iter().filter(|pod| !pod.deleting).count();
    let live = u32::try_from(live).unwrap_or(u32::MAX);
    let (want, all) = match (maker.job, maker.owner.map(|owner| (owner, owner.kind))) {
        (Some(job), _) => (Some(job.wanted()), job.wanted()),
        (None, Some((set, OwnerKind::StatefulSet))) => {
            (Some(set.first(set.replicas)), set.replicas)
        }
        (None, Some((set, OwnerKind::LeaderWorkerSet))) => {
            let written = pods.iter().find_map(|pod| pod.leader_worker.as_ref()?.size);
            let size = written.unwrap_or(set.size);
            (Some(set.first(size)), size)
        }
        _ if maker.reference.kind == "Pod" => (Some(1), 1),
        _ => (None, 0),
    };
    (want, all.max(live))
}

impl Owner {
    /// Of `all` Pods, those that exist before any is Ready.
    fn first(&self, all: u32) -> u32 {
        if self.ordered { all.min(1) } else { all }
    }
}

fn in_order(mut pods: Vec<&Pod>) -> Vec<&Pod> {
    let last = |pod: &Pod| pod.index.is_none().then_some(u32::MAX).or(pod.index);
    pods.sort_by(|a, b| {
        let by_index = last(b).cmp(&last(a));
        by_index.then_with(|| a.reference.cmp(&b.reference))
    });
    pods
}

fn object(maker: &Maker<'_>, pod: &Pod) -> ObjectRef {
    let namespace = pod.reference.namespace.clone();
    let object = |api_version: &str, kind: &str, name: &str, uid: &str| ObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace,
        name: name.to_owned(),
        uid: uid.to_owned(),
    };
    match (maker.reference.kind.as_str(), maker.owner, &pod.controller) {
        ("LeaderWorkerSet", Some(set), _) => {
            object(&set.api_version, "LeaderWorkerSet", &set.name, &set.uid)
        }
        (_, _, Some(controller)) => object(
            &controller.api_version,
            &controller.kind,
            &controller.name,
            &controller.uid,
        ),
        _ => object("v1", "Pod", &pod.reference.name, &pod.reference.uid),
    }
}

fn root_kind(maker: &Maker<'_>) -> &'static str {
    match (maker.owner, maker.reference.kind.as_str()) {
        (Some(owner), _) => owner.kind.as_str(),
        (None, "Job") => "Job",
        (None, "StatefulSet") => "StatefulSet",
        (None, "LeaderWorkerSet") => "LeaderWorkerSet",
        (None, _) => "Pod",
    }
}

fn job_name(pod: &Pod) -> &str {
    pod.controller
        .as_ref()
        .map_or(&pod.reference.name, |controller| &controller.name)
}

fn created(maker: &Maker<'_>, pod: &Pod) -> Time {
    let owner = maker.owner.map(|owner| owner.created);
    owner
        .or(maker.job.map(|job| job.created))
        .unwrap_or(pod.created)
}
