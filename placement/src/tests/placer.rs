//! Two placers, of which one leads: what they see, decide and do.

use super::checks::{check_act, check_decision};
use super::history::{Event, Kind};
use super::store::{Refused, follow};
use super::violation::Checked;
use super::world::World;
use crate::{Action, GroupRef, State, TightestFit, View, decide};

/// A process with a placer in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Placer {
    pub(super) view: View,
    /// Changes of the log that it has seen.
    pub(super) seen: usize,
    /// What is left of its last decision.
    pub(super) pending: Vec<Action>,
}

impl World {
    /// One event, and what must be true after it.
    pub(super) fn step(&mut self, event: Event) -> Checked {
        self.counts.steps += 1;
        self.store.now = self.store.now.after(10);
        let Event { kind, a, b } = event;
        match kind {
            Kind::Cordon => self.cordon(a),
            Kind::Unready => self.unready(a),
            Kind::Taint => self.taint(a),
            Kind::Node => self.node(a, b % 2 == 0),
            Kind::NewSet => self.new_set(a, b),
            Kind::DeleteSet => self.delete_set(a, b % 2 == 0),
            Kind::RestartSet => self.restart_set(a),
            Kind::PodFails => self.pod_fails(a, b % 2 == 0),
            Kind::Control => self.control(a),
            Kind::Reap => drop(self.reap(a)),
            Kind::Bind => drop(self.bind(a, b)),
            Kind::NewPlain => self.new_plain(a, b),
            Kind::PlainEnds => self.plain_ends(a),
            Kind::Intruder => self.intruder(a, b),
            Kind::IntruderEnds => self.intruder_ends(a),
            Kind::Tick => {
                self.store.now = self.store.now.after(u64::try_from(a % 30_000).unwrap_or(0))
            }
            Kind::Watch => self.watch(self.leader, 1 + a % 20),
            Kind::Look => self.look(self.leader)?,
            Kind::Act => self.act(self.leader, b)?,
            Kind::Crash => self.crash(),
            Kind::ChangeLeader => self.change_leader(),
            Kind::Wake => self.wake(a, b)?,
            Kind::Settle => self.settle(b)?,
        }
        if kind == Kind::Tick {
            self.collect();
        }
        super::checks::check_store(self)
    }

    pub(super) fn watch(&mut self, which: usize, changes: usize) {
        let placer = &mut self.placers[which];
        let end = (placer.seen + changes).min(self.store.log.len());
        for change in &self.store.log[placer.seen..end] {
            follow(&mut placer.view, change);
        }
        placer.seen = end;
    }

    pub(super) fn look(&mut self, which: usize) -> Checked {
        let placer = &self.placers[which];
        if !placer.pending.is_empty() {
            return Ok(());
        }
        let decision = decide(&placer.view, self.store.now, &self.settings, &TightestFit);
        check_decision(&placer.view, &decision, self.store.now, &self.settings)?;
        let waiting = decision
            .groups
            .iter()
            .filter(|one| matches!(one.state, State::Waiting { .. }));
        self.counts.decisions += 1;
        self.counts.waiting += u64::from(waiting.count() > 0);
        self.placers[which].pending = decision.actions;
        Ok(())
    }

    /// The next action, or the first of another group: groups may be served side by side.
    pub(super) fn act(&mut self, which: usize, choice: usize) -> Checked {
        let pending = &mut self.placers[which].pending;
        if pending.is_empty() {
            return Ok(());
        }
        let at = if choice.is_multiple_of(4) {
            choice / 4 % pending.len()
        } else {
            0
        };
        let first = pending
            .iter()
            .position(|one| subject(one) == subject(&pending[at]));
        let action = pending.remove(first.unwrap_or(0));
        check_act(self, &action)?;
        match self.store.carry_out(&action) {
            Ok(()) => self.done(&action),
            Err(refused) => {
                self.counts.contention += u64::from(refused != Refused::NotFound);
                self.placers[which].pending.clear();
            }
        }
        Ok(())
    }

    fn done(&mut self, action: &Action) {
        match action {
            Action::Release(release) => {
                self.counts.releases += 1;
                self.counts.without += u64::from(release.selector.is_none());
            }
            Action::Fence(_) => self.counts.fences += 1,
            _ => {}
        }
    }

    fn crash(&mut self) {
        self.counts.crashes += 1;
        self.start(self.leader);
    }

    fn change_leader(&mut self) {
        self.counts.leaders += 1;
        self.leader = 1 - self.leader;
        self.start(self.leader);
    }

    /// A new process knows nothing and lists everything.
    fn start(&mut self, which: usize) {
        let mut view = View::default();
        let store = &self.store;
        store
            .nodes
            .values()
            .cloned()
            .for_each(|node| view.put_node(node));
        store
            .leases
            .values()
            .cloned()
            .for_each(|claim| view.put_claim(claim));
        store
            .owners
            .values()
            .cloned()
            .for_each(|owner| view.put_owner(owner));
        store
            .jobs
            .values()
            .cloned()
            .for_each(|job| view.put_job(job));
        store
            .pods
            .values()
            .cloned()
            .for_each(|pod| view.put_pod(pod));
        self.placers[which] = Placer {
            view,
            seen: store.log.len(),
            pending: Vec::new(),
        };
    }

    /// The placer that was paused goes on where it was, with what it knew.
    fn wake(&mut self, a: usize, b: usize) -> Checked {
        let old = 1 - self.leader;
        if !self.placers[old].pending.is_empty() {
            self.counts.stale += 1;
            return self.act(old, b);
        }
        match a % 4 {
            0 => self.watch(old, 1 + b % 30),
            _ => self.look(old)?,
        }
        Ok(())
    }
}

/// What an action is about: actions of one subject keep their order.
fn subject(action: &Action) -> Option<&GroupRef> {
    match action {
        Action::Claim(claim) | Action::Keep(claim) | Action::Unclaim(claim) => claim.group(),
        Action::Fence(fence) => Some(&fence.group),
        Action::Release(release) => Some(&release.group),
        Action::Restart { group, .. } => Some(group),
    }
}
