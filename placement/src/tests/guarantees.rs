//! The guarantees of the design, §6, over random histories; and that the test would notice.

use std::ops::Range;

use super::history::{Event, history, shrunk};
use super::violation::{Guarantee, Violation};
use super::world::{Counts, RELEASING, World};
use crate::fault::{Fault, seed};

const HISTORIES: u64 = 120;
const EVENTS: usize = 2000;

fn run(events: &[Event], variant: u64) -> Result<Counts, Violation> {
    let mut world = World::new(variant);
    for event in events {
        world.step(*event)?;
    }
    Ok(world.counts)
}

/// Runs histories until one fails; what fails is shrunk.
fn search(variants: Range<u64>, events: usize) -> Result<Counts, (u64, Violation, Vec<Event>)> {
    let mut sum = Counts::default();
    for number in variants {
        let events = history(number, events);
        match run(&events, number) {
            Ok(counts) => sum = sum.plus(counts),
            Err(violation) => {
                let same = |events: &[Event]| {
                    run(events, number).is_err_and(|found| found.guarantee == violation.guarantee)
                };
                let events = shrunk(events, same);
                let violation = run(&events, number).err().unwrap_or(violation);
                return Err((number, violation, events));
            }
        }
    }
    Ok(sum)
}

#[test]
fn every_guarantee_holds_over_random_histories() {
    let counts = search_all(0..HISTORIES);
    assert_eq!(counts.shortfalls(0), Vec::<String>::new(), "{counts:#?}");
}

/// Whole isn't promised to those that go without, all the rest is.
#[test]
fn every_guarantee_holds_where_groups_may_go_without_a_domain() {
    let counts = search_all(RELEASING..RELEASING + HISTORIES);
    assert_eq!(counts.shortfalls(500), Vec::<String>::new(), "{counts:#?}");
}

fn search_all(variants: Range<u64>) -> Counts {
    match search(variants, EVENTS) {
        Ok(counts) => counts,
        Err((number, violation, events)) => {
            panic!(
                "history {number}: {violation:#?}\nafter {} events: {events:?}",
                events.len()
            )
        }
    }
}

/// Which guarantee a history finds broken with a fault seeded.
fn found(fault: Fault, first: u64) -> Option<Guarantee> {
    seed(Some(fault));
    let found =
        (first..first + HISTORIES).find_map(|number| run(&history(number, EVENTS), number).err());
    seed(None);
    found.map(|violation| violation.guarantee)
}

/// One test per fault: it is found, and the guarantee that it breaks is named.
macro_rules! faults {
    (from $first:expr; $($name:ident: $fault:ident breaks $guarantee:ident;)*) => {$(
        #[test]
        fn $name() {
            assert_eq!(found(Fault::$fault, $first), Some(Guarantee::$guarantee));
        }
    )*};
}

faults! {
    from 0;
    ignoring_claims_is_found: IgnoresClaims breaks Exclusive;
    ignoring_occupants_is_found: IgnoresOccupants breaks Exclusive;
    ignoring_comers_is_found: IgnoresComers breaks Exclusive;
    plain_pods_anywhere_are_found: PlainAnywhere breaks Exclusive;
    ignoring_cordons_is_found: IgnoresCordon breaks Whole;
    ignoring_use_is_found: IgnoresUse breaks Whole;
    releasing_half_a_group_is_found: ReleasesIncomplete breaks Whole;
    forgetting_at_once_is_found: ForgetsSticky breaks Sticky;
    serving_the_youngest_first_is_found: YoungestFirst breaks Live;
    keeping_claims_of_the_dead_is_found: KeepsDead breaks Live;
    half_a_gang_is_found: HalfGang breaks Live;
    giving_up_without_fences_is_found: NeverFences breaks Safe;
    releasing_before_the_claim_is_found: ReleasesUnclaimed breaks Safe;
    hiding_reasons_is_found: HidesReasons breaks Honest;
}

faults! {
    from RELEASING;
    ignoring_whose_turn_it_is_is_found: IgnoresTurn breaks Exclusive;
    using_an_old_turn_is_found: UsesOldTurn breaks Live;
    ending_a_turn_without_fences_is_found: NeverFences breaks Safe;
    letting_plain_pods_go_unclaimed_is_found: GoesUnclaimed breaks Safe;
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            decisions: self.decisions + other.decisions,
            releases: self.releases + other.releases,
            contention: self.contention + other.contention,
            fences: self.fences + other.fences,
            restarts: self.restarts + other.restarts,
            leaders: self.leaders + other.leaders,
            crashes: self.crashes + other.crashes,
            stale: self.stale + other.stale,
            intruders: self.intruders + other.intruders,
            settled: self.settled + other.settled,
            waiting: self.waiting + other.waiting,
            without: self.without + other.without,
        }
    }

    /// What happened too seldom to prove anything.
    fn shortfalls(&self, without: u64) -> Vec<String> {
        let floors = [
            ("steps", self.steps, 100_000),
            ("decisions", self.decisions, 10_000),
            ("releases", self.releases, 5_000),
            ("contention", self.contention, 300),
            ("fences", self.fences, 300),
            ("restarts", self.restarts, 300),
            ("changes of leader", self.leaders, 1_000),
            ("crashes", self.crashes, 500),
            ("stale actions", self.stale, 500),
            ("intruders", self.intruders, 300),
            ("times at rest", self.settled, 300),
            ("decisions with somebody waiting", self.waiting, 2_000),
            ("releases without a domain", self.without, without),
        ];
        for (what, count, floor) in floors {
            println!("{count} {what} (at least {floor})");
        }
        let short = floors.iter().filter(|(_, count, floor)| count < floor);
        short
            .map(|(what, count, floor)| format!("{what}: {count}, not {floor}"))
            .collect()
    }
}
