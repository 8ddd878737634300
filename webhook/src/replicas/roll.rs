//! Who is there: the rule, which asks no clock.
//!
//! A replica is gone when its record stood still while the reader's own, seen through the same
//! watch, was renewed [`MISSED`] times. So nobody looks gone because the reader is: while the API
//! server is away, the watch is silent or the machine stands still, the reader's own renewals don't
//! come either. And nobody's clock counts but by how fast it goes.

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::MISSED;
use super::record::Record;

/// Who reads the records: since which of its own renewals each stands as it does.
pub(super) struct Roll {
    /// The name of the reader's own.
    own: String,
    renewals: u32,
    seen: HashMap<String, Standing>,
}

struct Standing {
    renewed: Option<MicroTime>,
    since: u32,
}

impl Roll {
    /// For the reader whose own record is called `own`.
    pub(super) fn new(own: String) -> Roll {
        Roll {
            own,
            renewals: 0,
            seen: HashMap::new(),
        }
    }

    /// The records of replicas that are there, by identity, and the Leases of those that are gone.
    pub(super) fn call(&mut self, leases: Vec<Arc<Lease>>) -> (Vec<Record>, Vec<Arc<Lease>>) {
        let mut before = std::mem::take(&mut self.seen);
        let own = leases.iter().find(|lease| name(lease) == self.own);
        if let Some(own) = own
            && before
                .get(&self.own)
                .is_some_and(|last| last.renewed != renewed(own))
        {
            self.renewals = self.renewals.saturating_add(1);
        }
        let (mut living, mut gone) = (Vec::new(), Vec::new());
        for lease in leases {
            let renewed = renewed(&lease);
            let last = before.remove(name(&lease));
            let same = last.filter(|last| last.renewed == renewed);
            let since = same.map_or(self.renewals, |last| last.since);
            let standing = Standing { renewed, since };
            self.seen.insert(name(&lease).to_owned(), standing);
            match self.renewals.saturating_sub(since) < MISSED {
                true => living.push(Record::read(&lease)),
                false => gone.push(lease),
            }
        }
        living.sort_by(|one, other| one.identity.cmp(&other.identity));
        (living, gone)
    }
}

fn name(lease: &Lease) -> &str {
    lease.metadata.name.as_deref().unwrap_or_default()
}

fn renewed(lease: &Lease) -> Option<MicroTime> {
    lease.spec.as_ref()?.renew_time.clone()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::super::record;
    use super::*;

    fn beat(identity: &str, second: i64) -> Arc<Lease> {
        let now = Timestamp::from_second(second).unwrap();
        Arc::new(Record::of(identity, &[("leaf", "a")]).to_lease(now))
    }

    fn roll() -> Roll {
        Roll::new(record::name("me"))
    }

    fn called(roll: &mut Roll, leases: &[&Arc<Lease>]) -> (Vec<String>, usize) {
        let leases = leases.iter().copied().cloned().collect();
        let (living, gone) = roll.call(leases);
        let names = living.into_iter().map(|record| record.identity);
        (names.collect(), gone.len())
    }

    #[test]
    fn a_replica_that_stops_renewing_is_gone_after_so_many_renewals_of_ones_own_whatever_its_clock()
    {
        let mut roll = roll();
        // One's clock is far behind, and it renews; the other's is ahead, and it has stopped.
        let dead = beat("dead", 4_000_000_000);
        for at in 0..i64::from(MISSED) + 2 {
            let (mine, well) = (beat("me", at), beat("well", -at));
            let (living, gone) = called(&mut roll, &[&mine, &well, &dead]);
            let is_there = at < i64::from(MISSED);
            assert_eq!(gone, usize::from(!is_there), "after {at} renewals");
            assert_eq!(living.contains(&"dead".to_owned()), is_there);
            assert!(living.contains(&"well".to_owned()));
        }
    }

    #[test]
    fn nobody_is_gone_while_the_reader_itself_cannot_renew() {
        let mut roll = roll();
        let (mine, other) = (beat("me", 0), beat("other", 0));
        for _ in 0..100 {
            assert_eq!(called(&mut roll, &[&mine, &other]).1, 0);
        }
        // The API server is back, and the reader is the first who renews.
        assert_eq!(called(&mut roll, &[&beat("me", 1), &other]).1, 0);
        assert_eq!(called(&mut roll, &[&beat("me", 1), &beat("other", 1)]).1, 0);
    }

    #[test]
    fn who_comes_back_is_there_again() {
        let mut roll = roll();
        let other = beat("other", 0);
        for at in 0..20 {
            called(&mut roll, &[&beat("me", at), &other]);
        }
        let (living, gone) = called(&mut roll, &[&beat("me", 20), &beat("other", 1)]);
        assert_eq!((living.len(), gone), (2, 0));
    }
}
