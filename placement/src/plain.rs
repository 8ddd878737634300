//! Plain TPU Pods: let go at once, but never into a domain that is taken.
//!
//! A domain that plain Pods share has a claim too, which names each Pod before it is released.
//! Otherwise a placer that was paused could claim a domain that was empty when it looked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::action::{Action, Fence, Release};
use crate::claim::{Claim, Excluded, HeldPod, Holder};
use crate::decide::Run;
use crate::fit::{Free, Need, fit};
use crate::group::of_plain;
use crate::keys::{GATE, HOSTNAME};
use crate::pod::Pod;
use crate::reason::{Reason, Rejection};
use crate::reference::{Domain, ObjectRef};
use crate::report::{GroupReport, State};
use crate::settings::WhenNoDomain;
use crate::topology::Plot;
use crate::turn::Wanderers;

/// What plain Pods hold.
#[derive(Default)]
pub(crate) struct Shares<'a> {
    /// By domain: its claim, what stays of it, who comes.
    domains: BTreeMap<Domain, Share<'a>>,
    /// Pods that some claim names.
    pub(crate) housed: HashSet<&'a str>,
}

#[derive(Default)]
struct Share<'a> {
    claim: Option<&'a Claim>,
    pods: Vec<HeldPod>,
    changed: bool,
}

impl Shares<'_> {
    /// Names a Pod among those of a domain.
    pub(crate) fn enter(&mut self, domain: &Domain, uid: &str) {
        let share = self.domains.entry(domain.clone()).or_default();
        let before = match share.claim.map(|claim| &claim.holder) {
            Some(Holder::Pods(pods)) => pods.as_slice(),
            _ => &[],
        };
        let serial = next_serial(before, &share.pods);
        share.pods.push(HeldPod {
            uid: uid.to_owned(),
            serial,
        });
        share.changed = true;
    }
}

/// The number of the next entry of a claim.
pub(crate) fn next_serial(before: &[HeldPod], here: &[HeldPod]) -> u64 {
    let serials = before.iter().chain(here).map(|pod| pod.serial);
    serials.max().unwrap_or(0) + 1
}

impl<'a> Run<'a> {
    pub(crate) fn serve_plain(&mut self) {
        self.seat_comers();
        let mut shares = self.tend_shares();
        let mut wanderers = self.tend_wanderers(&mut shares);
        let mut crews: BTreeMap<&str, Vec<&'a Arc<Pod>>> = BTreeMap::new();
        for ((controller, uid), pod) in &self.view.plain {
            if !shares.housed.contains(uid.as_str()) {
                crews.entry(controller).or_default().push(pod);
            }
        }
        for pods in crews.values() {
            self.house(pods, &mut shares, &mut wanderers);
        }
        self.write(shares);
        self.write_turn(wanderers);
    }

    /// Plain Pods that were released and aren't bound yet need their room.
    fn seat_comers(&mut self) {
        for tenant in self.view.loose.values() {
            if tenant.source.is_none() {
                let reach = self.space.reach(&tenant.pod.constraints);
                self.space.seat(&reach, &tenant.pod);
            }
        }
    }

    /// Pods that a claim names are released, or fenced where the domain is no good any more.
    fn tend_shares(&mut self) -> Shares<'a> {
        let mut shares = Shares::default();
        for claim in self.view.claims.values() {
            let Holder::Pods(held) = &claim.holder else {
                continue;
            };
            let mut share = Share {
                claim: Some(claim),
                ..Share::default()
            };
            for entry in held {
                match self.tend_share(claim, entry) {
                    Tended::Stays(uid) => {
                        share.pods.push(entry.clone());
                        shares.housed.insert(uid);
                    }
                    Tended::Leaves => share.changed = true,
                    Tended::Gone => {}
                }
            }
            shares.domains.insert(claim.domain.clone(), share);
        }
        shares
    }

    fn tend_share(&mut self, claim: &'a Claim, entry: &HeldPod) -> Tended<'a> {
        let pod = self.view.pods.get(&entry.uid).filter(|pod| !pod.finished);
        let Some(pod) = pod else { return Tended::Gone };
        let stays = Tended::Stays(&pod.reference.uid);
        if !pod.gated() || pod.deleting {
            return stays;
        }
        let fence = fence_of(claim, entry);
        if pod.fence.as_ref() == Some(&fence) {
            return Tended::Leaves;
        }
        if let Some(state) = other_gates(pod) {
            self.report_plain(pod, state, Some(&claim.domain), Arc::default());
            return stays;
        }
        let plot = self.space.plot(&claim.domain);
        match self.takes(plot, pod) {
            Ok(()) if self.plain_waits_for_turn(&claim.domain) => {
                self.report_plain(pod, State::Claiming, Some(&claim.domain), Arc::default());
            }
            Ok(()) => {
                self.space.seat(&plot.nodes.clone(), pod);
                self.act(Action::Release(pinned(pod, &claim.domain)));
                let state = State::Releasing { released: 0 };
                self.report_plain(pod, state, Some(&claim.domain), Arc::default());
            }
            Err(reasons) => {
                let (pod_ref, group) = (pod.reference.clone(), of_plain(pod));
                self.act(Action::Fence(Fence {
                    pod: pod_ref,
                    group,
                    claim: fence,
                }));
                let from = claim.domain.value.clone();
                let state = State::Leaving { from, reasons };
                self.report_plain(pod, state, Some(&claim.domain), Arc::default());
            }
        }
        stays
    }

    /// Finds places for the Pods of one controller, together where that is possible.
    fn house(&mut self, pods: &[&'a Arc<Pod>], shares: &mut Shares<'a>, wanderers: &mut Wanderers) {
        let mut refused: HashMap<Need, Arc<Vec<Rejection>>> = HashMap::new();
        let mut last: Option<Domain> = None;
        for (at, pod) in pods.iter().enumerate() {
            if let Some(state) = other_gates(pod) {
                self.report_plain(pod, state, None, Arc::default());
                continue;
            }
            if !pod.wants_tpu() {
                self.act(Action::Release(bare(pod)));
                continue;
            }
            let need = Need::of(std::iter::once(*pod), 0);
            if let Some(rejected) = refused.get(&need) {
                self.refuse(pod, Arc::clone(rejected), wanderers);
                continue;
            }
            let same = last
                .take()
                .filter(|domain| self.admits(self.space.plot(domain), pod).is_ok());
            let batch = Need::of(pods[at..].iter().copied(), 0);
            match same.or_else(|| self.choose(pod, &batch, shares)) {
                Some(domain) => {
                    self.join(pod, &domain, shares);
                    last = Some(domain);
                }
                None => {
                    let rejected = Arc::new(self.rejections(pod));
                    self.refuse(pod, Arc::clone(&rejected), wanderers);
                    refused.insert(need, rejected);
                }
            }
        }
    }

    /// The domain for a Pod: by the usual key, else a single node.
    pub(crate) fn choose(
        &self,
        pod: &Arc<Pod>,
        batch: &Need,
        shares: &Shares<'_>,
    ) -> Option<Domain> {
        [self.settings.default_topology_key.as_str(), HOSTNAME]
            .iter()
            .find_map(|key| {
                let domains = self.space.domains(key);
                let open = domains.filter(|(_, plot)| self.admits(plot, pod).is_ok());
                let best = open.min_by_key(|(value, plot)| {
                    let domain = Domain {
                        key: (*key).to_owned(),
                        value: (*value).to_owned(),
                    };
                    let shared = shares.domains.contains_key(&domain);
                    let whole = fit(&self.space, plot, batch, Free::Now).is_ok();
                    let nodes = self.space.nodes(&plot.nodes);
                    let free: u64 = nodes.map(|node| node.free_chips()).sum();
                    (!whole, !shared, free, *value)
                });
                best.map(|(value, _)| Domain {
                    key: (*key).to_owned(),
                    value: value.to_owned(),
                })
            })
    }

    fn join(&mut self, pod: &'a Arc<Pod>, domain: &Domain, shares: &mut Shares<'a>) {
        let members = self.space.members(domain).to_vec();
        self.space.seat(&members, pod);
        shares.enter(domain, &pod.reference.uid);
        self.report_plain(pod, State::Claiming, Some(domain), Arc::default());
    }

    /// Creates, changes and ends the claims of shared domains.
    fn write(&mut self, shares: Shares<'a>) {
        for (domain, share) in shares.domains {
            let holder = Holder::Pods(share.pods);
            let empty = holder == Holder::Pods(Vec::new());
            let action = match share.claim {
                Some(claim) if empty => Action::Unclaim(claim.clone()),
                Some(claim) if share.changed => Action::Keep(Claim {
                    holder,
                    ..claim.clone()
                }),
                Some(_) => continue,
                None => Action::Claim(Claim {
                    domain,
                    holder,
                    empty_since: None,
                    excluded: Excluded::new(),
                    lease: None,
                }),
            };
            self.act(action);
        }
    }

    /// There is no domain for a Pod now.
    fn refuse(&mut self, pod: &Pod, rejected: Arc<Vec<Rejection>>, wanderers: &mut Wanderers) {
        let may_go = self.settings.when_no_domain == WhenNoDomain::Release;
        if may_go && self.join_turn(pod, wanderers) {
            return self.report_plain(pod, State::Claiming, None, rejected);
        }
        let before = self.waiting;
        self.report_plain(pod, State::Waiting { before }, None, rejected);
    }

    /// Whether a Pod that no claim names yet may go to a domain.
    fn admits(&self, plot: &Plot, pod: &Arc<Pod>) -> Result<(), Vec<Reason>> {
        match self.space.kept_from(plot, pod) {
            Some(reason) => Err(vec![reason]),
            None => self.takes(plot, pod),
        }
    }

    /// Whether a Pod may be in a domain and fits there.
    fn takes(&self, plot: &Plot, pod: &Arc<Pod>) -> Result<(), Vec<Reason>> {
        if let Some(reason) = self.space.closed(&plot.nodes) {
            return Err(vec![reason]);
        }
        let need = Need::of(std::iter::once(pod), 0);
        fit(&self.space, plot, &need, Free::Now).map(|_| ())
    }

    fn rejections(&self, pod: &Arc<Pod>) -> Vec<Rejection> {
        let domains = self.space.domains(&self.settings.default_topology_key);
        let rejection = |(value, plot): (&str, &Plot)| {
            let reasons = self.admits(plot, pod).err()?;
            Some(Rejection {
                domain: value.to_owned(),
                reasons,
            })
        };
        domains.filter_map(rejection).collect()
    }

    pub(crate) fn report_plain(
        &mut self,
        pod: &Pod,
        state: State,
        domain: Option<&Domain>,
        rejected: Arc<Vec<Rejection>>,
    ) {
        let key = domain.map_or(&self.settings.default_topology_key, |domain| &domain.key);
        self.decision.groups.push(GroupReport {
            group: of_plain(pod),
            object: ObjectRef {
                api_version: "v1".to_owned(),
                kind: "Pod".to_owned(),
                namespace: pod.reference.namespace.clone(),
                name: pod.reference.name.clone(),
                uid: pod.reference.uid.clone(),
            },
            topology_key: key.clone(),
            exclusive: false,
            priority: pod.priority,
            created: pod.created,
            pods: 1,
            state,
            domain: domain.cloned(),
            rejected,
            rank_fault: None,
        });
    }
}

/// What became of an entry of a shared claim.
enum Tended<'a> {
    /// The Pod exists.
    Stays(&'a str),
    /// It was fenced against this entry.
    Leaves,
    /// It doesn't exist any more.
    Gone,
}

fn pinned(pod: &Pod, domain: &Domain) -> Release {
    Release {
        selector: Some(domain.clone()),
        ..bare(pod)
    }
}

fn bare(pod: &Pod) -> Release {
    Release {
        pod: pod.reference.clone(),
        group: of_plain(pod),
        selector: None,
        exclude: None,
        fenced: pod.fence.is_some(),
    }
}

pub(crate) fn fence_of(claim: &Claim, entry: &HeldPod) -> String {
    format!("{}/{}", crate::decide::fence_of(claim), entry.serial)
}

fn other_gates(pod: &Pod) -> Option<State> {
    let others = pod.gates.iter().filter(|gate| *gate != GATE).cloned();
    let gates: Vec<String> = others.collect();
    (!gates.is_empty()).then_some(State::OtherGates { gates })
}
