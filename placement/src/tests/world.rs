//! A cluster in which things happen: nodes, controllers, a scheduler, intruders and two placers.

use super::make::{POOL, job, jobset, member, node};
use super::placer::Placer;
use super::store::Store;
use crate::{HOSTNAME, OnStranded, Owner, Pod, Settings, Time, WhenNoDomain};

/// Pools and their nodes.
pub(super) const POOLS: [(&str, usize); 4] = [("a", 2), ("b", 2), ("c", 3), ("d", 3)];
/// From this variant on, groups may go without a domain.
pub(super) const RELEASING: u64 = 1 << 32;
/// More than this doesn't make it harder.
const MOST_SETS: usize = 6;

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) sets: Vec<Set>,
    pub(super) placers: [Placer; 2],
    /// Which of the two leads.
    pub(super) leader: usize,
    pub(super) counts: Counts,
    /// Nodes that are away.
    pub(super) away: Vec<crate::Node>,
    made: u64,
}

/// A JobSet and what it is to make.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) owner: Owner,
    pub(super) jobs: Vec<SetJob>,
    key: &'static str,
    priority: i32,
    multislice: bool,
    restarting: bool,
}

#[derive(Debug, Clone)]
pub(super) struct SetJob {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) pods: u32,
}

/// What happened, so that a test can say that enough did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) steps: u64,
    pub(super) decisions: u64,
    pub(super) releases: u64,
    pub(super) contention: u64,
    pub(super) fences: u64,
    pub(super) restarts: u64,
    pub(super) leaders: u64,
    pub(super) crashes: u64,
    pub(super) stale: u64,
    pub(super) intruders: u64,
    pub(super) settled: u64,
    pub(super) waiting: u64,
    pub(super) without: u64,
}

impl World {
    pub(super) fn new(variant: u64) -> Self {
        let on_stranded = if variant.is_multiple_of(2) {
            OnStranded::Report
        } else {
            OnStranded::Restart
        };
        let when_no_domain = if variant >= RELEASING {
            WhenNoDomain::Release
        } else {
            WhenNoDomain::Hold
        };
        let mut world = Self {
            store: Store {
                now: Time(1_000_000_000),
                ..Store::default()
            },
            settings: Settings {
                on_stranded,
                when_no_domain,
                ..Settings::default()
            },
            sets: Vec::new(),
            placers: [Placer::default(), Placer::default()],
            leader: 0,
            counts: Counts::default(),
            away: Vec::new(),
            made: 0,
        };
        for (pool, nodes) in POOLS {
            for at in 0..nodes {
                world.store.put_node(node(&format!("{pool}-{at}"), pool));
            }
        }
        world
    }

    /// Whether groups may go without a domain.
    pub(super) fn releases(&self) -> bool {
        self.settings.when_no_domain == WhenNoDomain::Release
    }

    pub(super) fn new_set(&mut self, a: usize, b: usize) {
        if self.sets.len() >= MOST_SETS {
            return;
        }
        let uid = self.uid("set");
        let (key, jobs, pods) = match a % 8 {
            0 => (HOSTNAME, 1, 1),
            1 => (HOSTNAME, 2, 2),
            2 | 3 => (POOL, 2, 2),
            4 => (POOL, 1, 3),
            5 => (POOL, 3, 2),
            _ => (POOL, 1, 2),
        };
        let multislice = jobs > 1 && b.is_multiple_of(2);
        let slices = if multislice { jobs } else { 0 };
        let owner = jobset(&uid, self.store.now.0 / 1000, slices);
        self.store.put_owner(owner.clone());
        let priority = if b.is_multiple_of(5) { 10 } else { 0 };
        let names = (0..jobs).map(|at| format!("{uid}-w-{at}"));
        let jobs = names
            .map(|name| SetJob {
                name,
                uid: String::new(),
                pods,
            })
            .collect();
        let set = Set {
            owner,
            jobs,
            key,
            priority,
            multislice,
            restarting: false,
        };
        self.sets.push(set);
    }

    /// The JobSet goes: with its Pods first, or before them.
    pub(super) fn delete_set(&mut self, which: usize, background: bool) {
        if self.sets.is_empty() {
            return;
        }
        let set = self.sets.remove(which % self.sets.len());
        self.end_pods(&set, background);
        for job in &set.jobs {
            self.store.remove_job(&job.uid);
        }
        self.store.remove_owner(&set.owner.uid);
    }

    pub(super) fn restart_set(&mut self, which: usize) {
        let Some(set) = nth(self.sets.iter(), which).cloned() else {
            return;
        };
        self.restart(&set.owner.uid);
    }

    fn restart(&mut self, uid: &str) {
        let Some(set) = self.sets.iter_mut().find(|set| set.owner.uid == uid) else {
            return;
        };
        if set.restarting || set.jobs.iter().all(|job| job.uid.is_empty()) {
            return;
        }
        set.restarting = true;
        let set = set.clone();
        self.counts.restarts += 1;
        self.end_pods(&set, false);
    }

    pub(super) fn pod_fails(&mut self, which: usize, restart: bool) {
        let bound = self.store.pods.values().filter(|pod| {
            pod.node.is_some() && pod.exclusive.is_some() && !pod.deleting && !pod.finished
        });
        let Some(mut pod) = nth(bound, which).cloned() else {
            return;
        };
        pod.finished = true;
        let set = pod.jobset_uid.clone().unwrap_or_default();
        self.store.put_pod(pod);
        if restart {
            self.restart(&set);
        }
    }

    /// JobSet makes Jobs; the Job controller makes the Pods of one of them.
    pub(super) fn control(&mut self, which: usize) {
        let Some(at) = which.checked_rem(self.sets.len()) else {
            return;
        };
        let set = self.sets[at].clone();
        let mut left = self.store.pods.values().filter(|pod| of_set(pod, &set));
        if set.restarting {
            if left.next().is_none() {
                for job in &set.jobs {
                    self.store.remove_job(&job.uid);
                }
                self.sets[at].restarting = false;
                self.sets[at]
                    .jobs
                    .iter_mut()
                    .for_each(|job| job.uid.clear());
            }
            return;
        }
        let number = which / self.sets.len() % set.jobs.len();
        if set.jobs[number].uid.is_empty() {
            let uid = self.uid("job");
            let made = &mut self.sets[at].jobs[number];
            made.uid = uid;
            let job = job(&made.name, &made.uid, made.pods, Some(&set.owner));
            self.store.put_job(job);
        } else {
            self.make_pod(&set, &set.jobs[number]);
        }
    }

    fn make_pod(&mut self, set: &Set, job: &SetJob) {
        let mine = |pod: &&Pod| {
            pod.controller
                .as_ref()
                .is_some_and(|one| one.uid == job.uid)
        };
        let alive = |pod: &&Pod| !pod.finished && !pod.deleting;
        let pods = self.store.pods.values().filter(mine).filter(alive);
        let there: Vec<Option<u32>> = pods.map(|pod| pod.index).collect();
        let Some(index) = (0..job.pods).find(|index| !there.contains(&Some(*index))) else {
            return;
        };
        let Some(stored) = self.store.jobs.get(&job.uid).cloned() else {
            return;
        };
        let mut pod = member(&stored, index, &self.uid("pod"));
        pod.created = self.store.now;
        pod.exclusive = Some(set.key.to_owned());
        pod.jobset_uid = Some(set.owner.uid.clone());
        pod.priority = set.priority;
        pod.multislice = set.multislice;
        if set.key == HOSTNAME {
            pod.requests.chips = 2;
        }
        self.store.put_pod(pod);
    }

    /// A Pod that is being deleted, or that failed, is gone.
    pub(super) fn reap(&mut self, which: usize) -> bool {
        let going = self.store.pods.values().filter(|pod| pod.deleting);
        let Some(uid) = nth(going, which).map(|pod| pod.reference.uid.clone()) else {
            return false;
        };
        let pod = self.store.pods.get(&uid).cloned();
        self.store.remove_pod(&uid);
        // A Pod that somebody deleted is a failure, and the Job bears none.
        if let Some(set) = pod.and_then(|pod| pod.jobset_uid) {
            self.restart(&set);
        }
        true
    }

    /// The scheduler: any node that selectors, taints and resources allow.
    pub(super) fn bind(&mut self, which: usize, node: usize) -> bool {
        let mut waiting: Vec<&Pod> = self.store.pods.values().filter(|pod| pod.loose()).collect();
        if waiting.is_empty() {
            return false;
        }
        let at = which % waiting.len();
        waiting.rotate_left(at);
        let found = waiting.iter().find_map(|pod| {
            let nodes = self
                .store
                .nodes
                .values()
                .filter(|node| super::brute::allows(&self.store.pods, node, pod));
            nth(nodes, node).map(|node| ((*pod).clone(), node.name.clone()))
        });
        let Some((mut pod, node)) = found else {
            return false;
        };
        pod.node = Some(node);
        self.store.put_pod(pod);
        true
    }

    fn end_pods(&mut self, set: &Set, background: bool) {
        let pods: Vec<Pod> = self
            .store
            .pods
            .values()
            .filter(|pod| of_set(pod, set))
            .cloned()
            .collect();
        for (at, mut pod) in pods.into_iter().enumerate() {
            // The garbage collector comes to some later, as everything does in the end.
            pod.deleting |= !background || at % 2 == 0;
            self.store.put_pod(pod);
        }
    }

    /// The garbage collector: Pods whose JobSet is gone are deleted.
    pub(super) fn collect(&mut self) {
        let owners = &self.store.owners;
        let orphan = |pod: &&Pod| {
            let gone = pod
                .jobset_uid
                .as_ref()
                .is_some_and(|uid| !owners.contains_key(uid));
            gone && !pod.deleting
        };
        let orphans: Vec<Pod> = self.store.pods.values().filter(orphan).cloned().collect();
        for mut pod in orphans {
            pod.deleting = true;
            self.store.put_pod(pod);
        }
    }

    pub(super) fn uid(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}{}", self.made)
    }
}

pub(super) fn is_intruder(pod: &Pod) -> bool {
    pod.reference.uid.starts_with("intruder")
}

fn of_set(pod: &Pod, set: &Set) -> bool {
    pod.jobset_uid.as_ref() == Some(&set.owner.uid)
}

/// The one that a random number means.
pub(super) fn nth<T>(all: impl Iterator<Item = T>, which: usize) -> Option<T> {
    let mut all: Vec<T> = all.collect();
    let at = which.checked_rem(all.len())?;
    Some(all.swap_remove(at))
}
