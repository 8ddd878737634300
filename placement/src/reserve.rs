//! Domains that are kept for those that wait, so that none starves.
//!
//! A group that waits is kept the domain that is nearest to being free for it: those that come
//! later, exclusive groups and plain TPU Pods, are not let into it any more. As nobody enters it,
//! what stands in the way only becomes less; and another domain is chosen only once less stands
//! in the way there. So the group gets one of them as soon as what is there ends. Nobody is
//! driven out, and nothing is kept where only a node is broken: waiting doesn't mend it.

use std::collections::HashSet;

use crate::claim::HeldPod;
use crate::decide::Run;
use crate::fault::seeded;
use crate::fit::{Free, Need, fit};
use crate::group::Group;
use crate::node_state::NodeState;
use crate::pod::Pod;
use crate::reason::Reason;
use crate::reference::Domain;
use crate::seek::question;
use crate::settings::WhenNoDomain;
use crate::space::Space;
use crate::topology::Plot;

impl<'a> Run<'a> {
    /// Keeps domains for a group that waits, or for `needed` groups of its gang: for a gang only
    /// if there are enough that could hold it when they are empty.
    pub(crate) fn reserve(&mut self, group: &'a Group, needed: u32) {
        let needed = usize::try_from(needed).unwrap_or(usize::MAX);
        if seeded!(ReservesNothing) || (needed > 1 && !self.space.has_room(group, needed)) {
            return;
        }
        let free = self.survey(group).feasible.iter();
        let free: Vec<String> = free.map(|one| one.name.clone()).collect();
        let missing = needed.saturating_sub(free.len());
        for value in free {
            self.keep(group, value);
        }
        for _ in 0..missing {
            let Some(value) = self.nearest(group) else {
                return;
            };
            self.keep(group, value);
        }
    }

    /// The domain that is nearest to being free, if its like is to be kept at all: who may go
    /// without a domain needn't wait for one.
    fn nearest(&mut self, group: &'a Group) -> Option<String> {
        if self.settings.when_no_domain == WhenNoDomain::Release {
            return None;
        }
        let (space, survey) = (&self.space, question(group));
        let survey = self.surveys.of(space, survey);
        let contested = survey
            .contested
            .get_or_insert_with(|| space.contested(&group.key, &group.need));
        // Those that were kept for others, or claimed, since this was worked out.
        let open = |value: &String| {
            let (key, value) = (group.key.clone(), value.clone());
            let plot = space.plot(&Domain { key, value });
            !space.is_kept(plot) && space.obstacles(plot).is_some()
        };
        std::iter::from_fn(|| contested.pop()).find(open)
    }

    fn keep(&mut self, group: &'a Group, value: String) {
        let domain = Domain {
            key: group.key.clone(),
            value,
        };
        let reason = Reason::Reserved {
            by: group.reference.clone(),
        };
        self.space.keep(&domain, group);
        self.surveys.reserve(&self.space, domain, &reason);
    }
}

impl<'a> Space<'a> {
    /// Whether so many domains could hold such a group when they are empty.
    fn has_room(&self, group: &Group, needed: usize) -> bool {
        let able = |plot: &Plot| fit(self, plot, &group.need, Free::Ever).is_ok();
        let domains = self.domains(&group.key);
        let able = domains.filter(|(_, plot)| able(plot)).take(needed);
        able.count() == needed
    }

    /// Domains that could hold this when they are empty and that no groups have to themselves;
    /// the last is the one in which least stands in the way.
    fn contested(&self, key: &str, need: &Need) -> Vec<String> {
        let domains = self.domains(key).filter_map(|(value, plot)| {
            let obstacles = self.obstacles(plot)?;
            let able = fit(self, plot, need, Free::Ever).is_ok();
            able.then_some((obstacles, value))
        });
        let mut domains: Vec<(usize, &str)> = domains.collect();
        domains.sort_unstable_by(|one, other| other.cmp(one));
        let values = domains.into_iter().map(|(_, value)| value.to_owned());
        values.collect()
    }

    /// How much stands in the way: nodes that groups have, and plain TPU Pods that are there or
    /// that a claim lets in. `None` where groups have all nodes: nobody can come later.
    fn obstacles(&self, plot: &Plot) -> Option<usize> {
        let taken = self.nodes(&plot.nodes).filter(|node| node.taken()).count();
        let plain = || self.plain_pods(plot).len();
        (taken < plot.nodes.len()).then(|| taken + plain())
    }

    fn is_kept(&self, plot: &Plot) -> bool {
        let mut nodes = self.nodes(&plot.nodes);
        nodes.any(|node| node.kept_for.is_some())
    }

    /// Keeps nodes for a group; who comes first keeps them.
    fn keep(&mut self, domain: &Domain, group: &'a Group) {
        for at in self.members(domain).to_vec() {
            if let Some(node) = self.node_mut(at) {
                node.kept_for.get_or_insert(group);
            }
        }
    }

    /// For whom these nodes are kept, if that group comes before the Pod.
    pub(crate) fn kept_from(&self, plot: &Plot, pod: &Pod) -> Option<Reason> {
        let mut groups = self.nodes(&plot.nodes).filter_map(|node| node.kept_for);
        let group = groups.find(|group| group.precedes(pod))?;
        Some(Reason::Reserved {
            by: group.reference.clone(),
        })
    }

    /// Uids of plain TPU Pods that are on these nodes, or that a claim lets in.
    fn plain_pods(&self, plot: &Plot) -> HashSet<&'a str> {
        let nodes = || self.nodes(&plot.nodes);
        let mut held: Vec<&'a [HeldPod]> = nodes().flat_map(NodeState::let_in).collect();
        // One claim holds many nodes.
        held.sort_unstable_by_key(|pods| pods.as_ptr());
        held.dedup_by_key(|pods| pods.as_ptr());
        let held = held.into_iter().flatten().map(|pod| pod.uid.as_str());
        held.chain(nodes().flat_map(NodeState::plain_pods))
            .collect()
    }
}
