//! Round after round: take in what the watches tell, decide, carry it out.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use placement::{Action, Decision, GroupRef, GroupReport, Rank, Settings, State, Time};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, sleep_until};

use super::act::{self, Expected, Outcome, Released, Trouble};
use super::api::ApiServer;
use super::election::Leadership;
use super::events::{Speaker, Word};
use super::journal;
use super::kinds::What;
use super::mirror::Mirror;
use super::watch::Update;
use crate::backoff::Backoff;

/// Changes come in bursts, such as the Pods of a Job: this long after the first of them they are
/// decided on together.
const BURST: Duration = Duration::from_millis(3);
/// How long the watch may take to show what we wrote, before the cluster is looked at as it is.
const OWN_WRITES: Duration = Duration::from_secs(2);
/// After a write that came too late: the watch tells why within milliseconds.
const STALE: Duration = Duration::from_millis(100);

/// Why and when to decide next.
#[derive(Default)]
struct Pending {
    /// Something changed since the last decision.
    dirty: bool,
    /// Not before this: something went wrong, or the last decision took long.
    not_before: Option<Instant>,
    /// Look again then, whatever happens.
    look_again: Option<Instant>,
    /// What the watch of Leases has to show first, at most until then.
    expected: Vec<Expected>,
    expected_until: Option<Instant>,
    failures: Backoff,
}

/// The one loop of a placer: takes in what the watches tell, and decides when that may matter.
pub(super) struct Rounds {
    updates: mpsc::Receiver<Update>,
    mirror: Mirror,
    speaker: Speaker,
    leadership: Leadership,
    settings: Settings,
    rank: Arc<dyn Rank + Send + Sync>,
    api: ApiServer,
    pending: Pending,
    /// When each group that isn't placed was first seen; only for the metric.
    first_seen: HashMap<GroupRef, Instant>,
}

impl Rounds {
    /// A loop that has seen nothing yet; `how` is how it places.
    pub(super) fn new(
        api: ApiServer,
        updates: mpsc::Receiver<Update>,
        speaker: Speaker,
        leadership: Leadership,
        how: (Settings, Arc<dyn Rank + Send + Sync>),
    ) -> Rounds {
        Rounds {
            updates,
            mirror: Mirror::default(),
            speaker,
            leadership,
            settings: how.0,
            rank: how.1,
            api,
            pending: Pending::default(),
            first_seen: HashMap::new(),
        }
    }

    /// Runs until `quit` is dropped; what is under way then is finished.
    pub(super) async fn run(mut self, mut quit: oneshot::Receiver<()>) {
        let mut led = false;
        loop {
            let leads = self.leadership.holds();
            if leads != led {
                self.leadership_changed(leads);
                led = leads;
            }
            let due = self.due(leads);
            tokio::select! {
                biased;
                _ = &mut quit => return,
                () = self.leadership.differs(leads) => {}
                update = self.updates.recv() => match update {
                    Some(update) => self.take(update).await,
                    None => return,
                },
                () = at(due) => self.decide().await,
            }
        }
    }

    fn leadership_changed(&mut self, leads: bool) {
        self.api.metrics.leads(leads);
        self.pending = Pending {
            dirty: true,
            ..Pending::default()
        };
        self.first_seen.clear();
        if leads {
            tracing::info!("this replica places now");
        } else {
            tracing::info!("this replica places no longer");
            self.api.metrics.stand(&[]);
            self.speaker.say(Word::Silence);
        }
    }

    /// When to decide, if nothing else happens before.
    fn due(&self, leads: bool) -> Option<Instant> {
        if !leads || !self.mirror.is_complete() {
            return None;
        }
        let now = Instant::now();
        let wanted = match self.pending.dirty {
            true => Some(now),
            false => self.pending.look_again,
        }?;
        let not_before = self.pending.not_before.unwrap_or(now);
        let shown = match self.pending.expected.is_empty() {
            true => now,
            false => self.pending.expected_until.unwrap_or(now),
        };
        Some(wanted.max(not_before).max(shown))
    }

    /// Takes in an update and all that follow at once.
    async fn take(&mut self, first: Update) {
        let complete = self.mirror.is_complete();
        self.apply(first);
        let burst = sleep(BURST);
        tokio::pin!(burst);
        loop {
            tokio::select! {
                biased;
                update = self.updates.recv() => match update {
                    Some(update) => self.apply(update),
                    None => return,
                },
                () = &mut burst => break,
            }
        }
        if self.mirror.is_complete() && !complete {
            tracing::info!("the cluster has been listed");
            self.api.metrics.synced(true);
            self.pending.dirty = true;
        }
    }

    fn apply(&mut self, update: Update) {
        self.pending.dirty |= self.mirror.take(update);
        let mirror = &self.mirror;
        self.pending
            .expected
            .retain(|expected| !is_shown(mirror, expected));
    }

    async fn decide(&mut self) {
        self.pending.dirty = false;
        self.pending.look_again = None;
        self.pending.expected.clear();
        let begun = Instant::now();
        let Some(decision) = self.ask().await else {
            self.pending.dirty = true;
            self.pending.not_before = Some(begun + self.pending.failures.next());
            return;
        };
        let took = begun.elapsed();
        // In a large cluster no more than half of a core goes into decisions.
        self.pending.not_before = Some(Instant::now() + took);
        self.pending.look_again = decision.look_again.map(instant);
        self.api.metrics.decided(took, &decision.groups);
        self.see(&decision);
        let Decision {
            actions, groups, ..
        } = decision;
        if !actions.is_empty() {
            let outcome = self.carry_out(actions).await;
            self.learn(outcome, &groups);
        }
        self.speaker.say(Word::Groups(groups));
    }

    /// Decides on a thread of its own, for that computes; `None` when it panicked.
    async fn ask(&self) -> Option<Decision> {
        let (view, rank) = (self.mirror.view(), Arc::clone(&self.rank));
        let settings = self.settings.clone();
        let decision = tokio::task::spawn_blocking(move || {
            placement::decide(&view, now(), &settings, rank.as_ref())
        });
        match decision.await {
            Ok(decision) => Some(decision),
            Err(error) => {
                tracing::error!(%error, "the decision failed; it is made again");
                None
            }
        }
    }

    /// Meanwhile the watches go on: their news must not wait for ours.
    async fn carry_out(&mut self, actions: Vec<Action>) -> Outcome {
        let (api, leadership) = (self.api.clone(), self.leadership.clone());
        let acting = act::carry_out(&api, &leadership, actions);
        tokio::pin!(acting);
        loop {
            tokio::select! {
                biased;
                outcome = &mut acting => return outcome,
                Some(update) = self.updates.recv() => self.apply(update),
            }
        }
    }

    /// What the API server answered is known at once, and nothing is decided on less.
    fn learn(&mut self, outcome: Outcome, groups: &[GroupReport]) {
        let now = Instant::now();
        for pod in outcome.pods {
            self.mirror.answered(What::Pods, pod);
        }
        let mirror = &self.mirror;
        let expected = outcome.expected.into_iter();
        self.pending.expected = expected.filter(|one| !is_shown(mirror, one)).collect();
        self.pending.expected_until = Some(now + OWN_WRITES);
        self.pending.dirty = true;
        for released in &outcome.released {
            self.released(released, groups, now);
        }
        match outcome.trouble {
            Trouble::None => self.pending.failures.reset(),
            Trouble::Stale => self.pending.not_before = Some(now + STALE),
            Trouble::Failed => {
                self.pending.not_before = Some(now + self.pending.failures.next());
            }
        }
    }

    fn released(&mut self, released: &Released, groups: &[GroupReport], now: Instant) {
        if let Some(since) = self.first_seen.remove(&released.group) {
            self.api.metrics.placed(now - since);
        }
        let report = groups.iter().find(|report| report.group == released.group);
        let Some(report) = report.filter(|report| report.exclusive) else {
            return;
        };
        let note = journal::placed(report, released.domain.as_ref());
        tracing::info!(group = %report.group, domain = ?released.domain, "group released");
        self.speaker.say(Word::Note(Box::new(note)));
    }

    /// Remembers since when groups wait, and forgets those that don't.
    fn see(&mut self, decision: &Decision) {
        let now = Instant::now();
        let mut first_seen = HashMap::new();
        for report in &decision.groups {
            if !matches!(report.state, State::Placed) {
                let since = self.first_seen.get(&report.group).copied().unwrap_or(now);
                first_seen.insert(report.group.clone(), since);
            }
        }
        self.first_seen = first_seen;
    }
}

/// Does the watch of Leases show what we wrote?
fn is_shown(mirror: &Mirror, expected: &Expected) -> bool {
    match expected {
        Expected::Version { lease, version } => mirror
            .version(What::Leases, lease)
            .is_some_and(|known| known >= *version),
        Expected::Gone { lease, version } => mirror
            .version(What::Leases, lease)
            .is_none_or(|known| known > *version),
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => pending().await,
    }
}

/// The wall clock, as the API server's timestamps are.
pub(super) fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.map(|since| since.as_millis()).unwrap_or_default();
    Time(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// When that will be.
fn instant(time: Time) -> Instant {
    let wait = time.0.saturating_sub(now().0);
    Instant::now() + Duration::from_millis(wait.min(24 * 3600 * 1000))
}
