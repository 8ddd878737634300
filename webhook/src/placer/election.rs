//! Who acts: one replica at a time, by a Lease, as client-go elects its leaders. A candidate
//! never trusts another's clock: a holder counts as gone when its record hasn't changed for the
//! record's own duration on the candidate's clock.
//!
//! [`Candidate`] is the rule, with the time as a parameter; [`Election`] carries it out.

use std::fmt;
use std::future::pending;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until, timeout};

/// Name of the Lease in our namespace.
pub(crate) const LEASE: &str = "sax-webhook-placer";

/// How long things take. What is promised: `renew + request < lease`, so a leader that can't
/// renew has stopped acting, and its last request has ended, before another one may begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// A record that hasn't changed for so long is nobody's.
    pub(crate) lease: Duration,
    /// A leader acts for so long after it asked for its last renewal.
    pub(crate) renew: Duration,
    /// Between two tries.
    pub(crate) retry: Duration,
    /// For one request, of the election and of a leader.
    pub(crate) request: Duration,
}

/// The timing of the product.
pub(crate) const TIMING: Timing = Timing {
    lease: Duration::from_secs(8),
    renew: Duration::from_secs(5),
    retry: Duration::from_millis(500),
    request: Duration::from_secs(2),
};

/// Where the record is kept.
pub(crate) trait Records: Send + Sync {
    /// Why it can't be read or written.
    type Error: fmt::Display + Send;

    /// The record; `None` where there is none.
    fn read(&self) -> impl Future<Output = Result<Option<Lease>, Self::Error>> + Send;

    /// Makes the record; an error where there is one.
    fn create(&self, lease: Lease) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Replaces the record; an error where it has changed since it was read.
    fn replace(&self, lease: Lease) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Until when this replica may act.
#[derive(Debug, Clone)]
pub(crate) struct Leadership(watch::Receiver<Option<Instant>>);

/// A leadership without an election.
#[cfg(test)]
pub(crate) fn leads_until(until: Option<Instant>) -> Leadership {
    Leadership(watch::channel(until).1)
}

impl Leadership {
    /// May it act now? This asks the clock: no task has to run for a leadership to end.
    pub(crate) fn holds(&self) -> bool {
        self.0.borrow().is_some_and(|until| Instant::now() < until)
    }

    /// Waits until it holds, or holds no longer, against what the caller knows; for ever when
    /// the election is over.
    pub(crate) async fn differs(&mut self, holds: bool) {
        loop {
            let until = *self.0.borrow_and_update();
            let ahead = until.filter(|until| Instant::now() < *until);
            if ahead.is_some() != holds {
                return;
            }
            // Without a sender nothing changes any more but by the clock.
            let changed = async {
                if self.0.changed().await.is_err() {
                    pending::<()>().await;
                }
            };
            let over = async {
                match ahead {
                    Some(until) => sleep_until(until.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = changed => {}
                () = over => {}
            }
        }
    }
}

/// What a candidate knows, and what follows from it.
struct Candidate {
    identity: String,
    timing: Timing,
    seen: Option<Seen>,
}

/// The record as last read, and since when it stands so on our clock.
struct Seen {
    holder: Option<String>,
    renewed: Option<MicroTime>,
    since: Instant,
}

/// What a candidate does about a record.
#[derive(Debug, PartialEq)]
enum Step {
    Create(Box<Lease>),
    Replace(Box<Lease>),
    Wait,
}

/// One candidate and its record.
pub(crate) struct Election<R> {
    records: R,
    candidate: Candidate,
    until: watch::Sender<Option<Instant>>,
}

impl<R: Records> Election<R> {
    /// A candidate that calls itself `identity`, which no other may do.
    pub(crate) fn new(records: R, identity: String, timing: Timing) -> (Election<R>, Leadership) {
        let (until, receiver) = watch::channel(None);
        let election = Election {
            records,
            candidate: Candidate::new(identity, timing),
            until,
        };
        (election, Leadership(receiver))
    }

    /// Stands for election, and renews what it won, until it is dropped. `failed` hears of
    /// every error.
    pub(crate) async fn run(&mut self, failed: impl Fn(&dyn fmt::Display)) {
        let timing = self.candidate.timing;
        loop {
            let asked = Instant::now();
            match timeout(timing.request, self.stand(asked)).await {
                Ok(Ok(true)) => self.publish(Some(asked + timing.renew)),
                Ok(Ok(false)) => self.publish(None),
                Ok(Err(error)) => failed(&error),
                Err(_) => failed(&"the request for the Lease timed out"),
            }
            sleep(timing.retry).await;
        }
    }

    /// Gives up what it holds, so that another need not wait. Nothing may act any more.
    pub(crate) async fn release(&mut self) -> Result<(), R::Error> {
        if self.until.borrow().is_none() {
            return Ok(());
        }
        self.publish(None);
        let found = self.records.read().await?;
        match found.and_then(|lease| self.candidate.released(lease)) {
            Some(lease) => self.records.replace(lease).await,
            None => Ok(()),
        }
    }

    /// One try; does this candidate hold the record now?
    async fn stand(&mut self, now: Instant) -> Result<bool, R::Error> {
        let found = self.records.read().await?;
        match self.candidate.step(found, now) {
            Step::Wait => return Ok(false),
            Step::Create(lease) => self.records.create(*lease).await?,
            Step::Replace(lease) => self.records.replace(*lease).await?,
        }
        Ok(true)
    }

    fn publish(&self, until: Option<Instant>) {
        self.until.send_replace(until);
    }
}

impl Candidate {
    fn new(identity: String, timing: Timing) -> Candidate {
        Candidate {
            identity,
            timing,
            seen: None,
        }
    }

    /// What to do about the record that was found by a request of `now`.
    fn step(&mut self, found: Option<Lease>, now: Instant) -> Step {
        let Some(mut lease) = found else {
            return self.without(now);
        };
        let spec = lease.spec.get_or_insert_default();
        let since = self.observe(spec, now);
        let holder = spec.holder_identity.clone().unwrap_or_default();
        let mine = holder == self.identity;
        if !mine && !holder.is_empty() && now < since + duration(spec, self.timing) {
            return Step::Wait;
        }
        if !mine {
            spec.acquire_time = Some(timestamp());
            spec.lease_transitions = Some(spec.lease_transitions.unwrap_or(0).saturating_add(1));
        }
        spec.holder_identity = Some(self.identity.clone());
        spec.lease_duration_seconds = seconds(self.timing.lease);
        spec.renew_time = Some(timestamp());
        Step::Replace(Box::new(lease))
    }

    /// Somebody deleted the record: who held it doesn't know that yet, and may still act.
    fn without(&self, now: Instant) -> Step {
        let others = self.seen.as_ref().filter(|seen| {
            let holder = seen.holder.as_deref().unwrap_or_default();
            !holder.is_empty() && holder != self.identity
        });
        match others {
            Some(seen) if now < seen.since + self.timing.lease => Step::Wait,
            _ => Step::Create(Box::new(self.fresh())),
        }
    }

    /// The record without a holder, if it is ours.
    fn released(&self, mut lease: Lease) -> Option<Lease> {
        let spec = lease.spec.as_mut()?;
        if spec.holder_identity.as_ref() != Some(&self.identity) {
            return None;
        }
        spec.holder_identity = Some(String::new());
        spec.renew_time = Some(timestamp());
        Some(lease)
    }

    /// Since when the record stands as it does, on our clock.
    fn observe(&mut self, spec: &LeaseSpec, now: Instant) -> Instant {
        let same =
            |seen: &&Seen| seen.holder == spec.holder_identity && seen.renewed == spec.renew_time;
        if let Some(seen) = self.seen.as_ref().filter(same) {
            return seen.since;
        }
        self.seen = Some(Seen {
            holder: spec.holder_identity.clone(),
            renewed: spec.renew_time.clone(),
            since: now,
        });
        now
    }

    fn fresh(&self) -> Lease {
        Lease {
            metadata: ObjectMeta {
                name: Some(LEASE.to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: seconds(self.timing.lease),
                acquire_time: Some(timestamp()),
                renew_time: Some(timestamp()),
                ..LeaseSpec::default()
            }),
        }
    }
}

/// A record without a duration, or with a silly one, gets ours.
fn duration(spec: &LeaseSpec, timing: Timing) -> Duration {
    let seconds = spec.lease_duration_seconds;
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let seconds = seconds.filter(|seconds| *seconds > 0);
    seconds.map_or(timing.lease, Duration::from_secs)
}

/// Whole seconds, upwards: a reader must not think it shorter than it is.
fn seconds(duration: Duration) -> Option<i32> {
    i32::try_from(duration.as_millis().div_ceil(1000)).ok()
}

fn timestamp() -> MicroTime {
    MicroTime(Timestamp::now())
}

#[cfg(test)]
#[path = "election_tests.rs"]
mod tests;
