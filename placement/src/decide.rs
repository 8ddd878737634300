//! The decision: what each group gets, in order.

use std::collections::HashMap;
use std::sync::Arc;

use crate::action::{Action, Fence, Release};
use crate::claim::Claim;
use crate::fault::seeded;
use crate::group::{Group, Key, groups};
use crate::order::{Unit, units};
use crate::rank::Rank;
use crate::reason::{Reason, Rejection};
use crate::reference::{Domain, GroupRef};
use crate::report::{Decision, GroupReport, State};
use crate::settings::Settings;
use crate::space::Space;
use crate::survey::Surveys;
use crate::time::Time;
use crate::turn::turn;
use crate::view::View;

/// Where every group should go, what is to be done for that now, and why the rest waits.
///
/// Groups are served by priority, then by the age of their root owner; a younger group takes
/// what an older one can't use. Claims and releases of one group never come in one decision: see
/// [`Action::Claim`].
#[must_use]
pub fn decide(view: &View, now: Time, settings: &Settings, rank: &dyn Rank) -> Decision {
    let groups = groups(view);
    let mut run = Run {
        view,
        now,
        settings,
        rank,
        space: Space::new(view, &settings.default_topology_key, &groups),
        surveys: Surveys::default(),
        claims: HashMap::new(),
        turn: turn(view),
        turn_wanted: false,
        waiting: 0,
        decision: Decision::default(),
    };
    run.tend_claims(&groups);
    for claim in view.claims.values().filter(|claim| claim.group().is_some()) {
        run.surveys.count(&run.space, &claim.domain);
    }
    for unit in units(&groups, settings.gang) {
        run.serve(&unit);
    }
    run.serve_plain();
    run.decision
}

/// One decision in the making.
pub(crate) struct Run<'a> {
    pub(crate) view: &'a View,
    pub(crate) now: Time,
    pub(crate) settings: &'a Settings,
    pub(crate) rank: &'a dyn Rank,
    pub(crate) space: Space<'a>,
    pub(crate) surveys: Surveys<'a>,
    /// Claims of the groups that have Pods, the turn among them.
    pub(crate) claims: HashMap<Key<'a>, Vec<&'a Claim>>,
    /// Whose turn it is to go without a domain.
    pub(crate) turn: Option<&'a Claim>,
    /// Whether a group has it, takes it, or waits for it.
    pub(crate) turn_wanted: bool,
    /// Units that wait for a domain so far.
    pub(crate) waiting: u32,
    pub(crate) decision: Decision,
}

impl<'a> Run<'a> {
    fn serve(&mut self, unit: &Unit<'a>) {
        match unit {
            Unit::One(group) => self.serve_one(group),
            Unit::Gang { groups, needed } => self.serve_gang(groups, *needed),
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.decision.actions.push(action);
    }

    pub(crate) fn report(&mut self, group: &Group, state: State) {
        self.report_with(group, state, Arc::default());
    }

    pub(crate) fn report_with(
        &mut self,
        group: &Group,
        state: State,
        rejected: Arc<Vec<Rejection>>,
    ) {
        let claims = self.claims.get(&group.id()).into_iter().flatten();
        let mut domains = claims.filter(|claim| claim.group().is_some());
        let domain = domains.next().map(|claim| claim.domain.clone());
        self.decision.groups.push(GroupReport {
            group: group.reference.clone(),
            object: group.object.clone(),
            topology_key: group.key.clone(),
            exclusive: true,
            priority: group.priority,
            created: group.created,
            pods: group.needed,
            state,
            domain,
            rejected,
            rank_fault: None,
        });
    }

    /// Asks to be called again at `time`.
    pub(crate) fn look_again(&mut self, time: Time) {
        let earliest = self
            .decision
            .look_again
            .map_or(time, |known| known.min(time));
        self.decision.look_again = Some(earliest);
    }

    /// Lifts the gates of a group's Pods, in its order, all for one domain.
    pub(crate) fn release(&mut self, group: &Group, domain: &Domain) {
        if self.waits_for_turn(domain, group) {
            return self.report(group, State::Claiming);
        }
        let released = group.released.len();
        for pod in &group.gated {
            self.act(Action::Release(Release {
                pod: pod.reference.clone(),
                group: group.reference.clone(),
                selector: Some(domain.clone()),
                exclude: None,
                fenced: pod.fence.is_some(),
            }));
        }
        let released = u32::try_from(released).unwrap_or(u32::MAX);
        self.report(group, State::Releasing { released });
    }

    /// Gives up the claim of a group of which no Pod was released under it. Each gated Pod is
    /// fenced first: a placer that was paused before it released them fails then.
    pub(crate) fn give_up(&mut self, group: &Group, claim: &Claim, reasons: Vec<Reason>) {
        self.fence_out(group, claim);
        let from = claim.domain.value.clone();
        self.report(group, State::Leaving { from, reasons });
    }

    /// Ends a claim, after its group's gated Pods have been fenced against it.
    pub(crate) fn fence_out(&mut self, group: &Group, claim: &Claim) {
        let fence = fence_of(claim);
        for pod in group
            .gated
            .iter()
            .filter(|pod| pod.fence.as_deref() != Some(fence) && !seeded!(NeverFences))
        {
            self.act(Action::Fence(Fence {
                pod: pod.reference.clone(),
                group: group.reference.clone(),
                claim: fence.to_owned(),
            }));
        }
        self.act(Action::Unclaim(claim.clone()));
    }
}

/// What the Pods of a claim that is given up are fenced with.
pub(crate) fn fence_of(claim: &Claim) -> &str {
    claim.lease.as_ref().map_or("", |lease| &lease.uid)
}

/// Whether one of the Pods was fenced against the claim: then it must be given up.
pub(crate) fn is_fenced(group: &Group, claim: &Claim) -> bool {
    let fence = fence_of(claim);
    group
        .gated
        .iter()
        .any(|pod| pod.fence.as_deref() == Some(fence))
}

impl Run<'_> {
    /// Whether a root owner exists.
    pub(crate) fn exists(&self, group: &GroupRef) -> bool {
        self.view.owners.contains_key(&group.root) || self.view.jobs.contains_key(&group.root)
    }
}
