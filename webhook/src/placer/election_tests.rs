//! Claims about elections. The rule gets its time from the tests, which play two candidates
//! against one record step by step; the loop around it runs against the real clock.

use std::sync::Mutex;

use super::*;

/// The API server as far as an election goes: one record, compared before it is replaced.
#[derive(Default)]
struct Store {
    lease: Option<Lease>,
    writes: u64,
}

impl Store {
    fn create(&mut self, lease: Lease) -> Result<(), String> {
        match self.lease {
            Some(_) => Err("already exists".to_owned()),
            None => {
                self.write(lease);
                Ok(())
            }
        }
    }

    fn replace(&mut self, lease: Lease) -> Result<(), String> {
        let version = |lease: &Lease| lease.metadata.resource_version.clone();
        if self.lease.as_ref().map(version) != Some(version(&lease)) {
            return Err("conflict".to_owned());
        }
        self.write(lease);
        Ok(())
    }

    fn write(&mut self, mut lease: Lease) {
        self.writes += 1;
        lease.metadata.resource_version = Some(self.writes.to_string());
        self.lease = Some(lease);
    }

    fn holder(&self) -> Option<String> {
        self.lease.clone()?.spec?.holder_identity
    }
}

/// A candidate as [`Election::run`] drives it, with time in milliseconds since `start`.
struct Player {
    candidate: Candidate,
    until: Option<Instant>,
    cut: bool,
}

impl Player {
    fn new(name: &str) -> Player {
        Player {
            candidate: Candidate::new(name.to_owned(), TIMING),
            until: None,
            cut: false,
        }
    }

    fn holds(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// One try, asked at `asked` and carried out by the store at once.
    fn stand(&mut self, store: &mut Store, asked: Instant) {
        if self.cut {
            return;
        }
        let done = match self.candidate.step(store.lease.clone(), asked) {
            Step::Wait => {
                self.until = None;
                return;
            }
            Step::Create(lease) => store.create(*lease),
            Step::Replace(lease) => store.replace(*lease),
        };
        if done.is_ok() {
            self.until = Some(asked + TIMING.renew);
        }
    }
}

/// Plays two candidates for `seconds`; `event` happens before each step. Says when the second
/// began to lead, in milliseconds.
fn play(
    players: &mut [Player; 2],
    store: &mut Store,
    seconds: u64,
    mut event: impl FnMut(u64, &mut [Player; 2], &mut Store),
) -> Option<u64> {
    let start = Instant::now();
    let mut second_since = None;
    // The second's steps fall between the first's.
    for millis in (0..seconds * 1000).step_by(50) {
        let now = start + Duration::from_millis(millis);
        event(millis, players, store);
        if millis % 500 == 0 {
            players[0].stand(store, now);
        }
        if millis % 500 == 250 {
            players[1].stand(store, now);
        }
        let [first, second] = &*players;
        assert!(
            !(first.holds(now) && second.holds(now)),
            "both lead after {millis} ms"
        );
        if second.holds(now) {
            second_since.get_or_insert(millis);
        }
    }
    second_since
}

fn two() -> [Player; 2] {
    [Player::new("first"), Player::new("second")]
}

#[test]
fn a_leader_has_stopped_before_another_may_begin() {
    assert!(TIMING.renew + TIMING.request < TIMING.lease, "{TIMING:?}");
    assert!(TIMING.retry + TIMING.request < TIMING.renew, "{TIMING:?}");
}

#[test]
fn the_first_candidate_leads_and_the_second_waits() {
    let (mut players, mut store) = (two(), Store::default());
    let second = play(&mut players, &mut store, 120, |_, _, _| ());
    assert_eq!((second, store.holder().as_deref()), (None, Some("first")));
}

#[test]
fn a_leader_that_is_cut_off_is_followed_when_its_lease_is_over_and_not_before() {
    let (mut players, mut store) = (two(), Store::default());
    let second = play(&mut players, &mut store, 60, |millis, players, _| {
        players[0].cut = millis >= 10_000;
    });
    let lease = u64::try_from(TIMING.lease.as_millis()).unwrap();
    let second = second.expect("the second must take over");
    assert!(second >= 9_500 + lease, "after {second} ms");
    assert!(second <= 10_000 + lease + 1000, "after {second} ms");
    assert_eq!(store.holder().as_deref(), Some("second"));
}

#[test]
fn a_leader_that_comes_back_from_a_pause_does_not_lead_and_takes_nothing_away() {
    let (mut players, mut store) = (two(), Store::default());
    play(&mut players, &mut store, 60, |millis, players, store| {
        players[0].cut = (10_000..30_000).contains(&millis);
        if millis == 30_000 {
            let lease = store.lease.clone().unwrap();
            assert_eq!(players[0].candidate.released(lease), None);
        }
    });
    assert_eq!(store.holder().as_deref(), Some("second"));
    let spec = store.lease.unwrap().spec.unwrap();
    assert_eq!(spec.lease_transitions, Some(1));
}

#[test]
fn a_released_record_is_taken_at_the_next_try() {
    let (mut players, mut store) = (two(), Store::default());
    let second = play(&mut players, &mut store, 30, |millis, players, store| {
        if millis == 10_100 {
            players[0].until = None;
            players[0].cut = true;
            let lease = store.lease.clone().unwrap();
            store
                .replace(players[0].candidate.released(lease).unwrap())
                .unwrap();
        }
    });
    assert!(second.is_some_and(|millis| millis <= 11_100), "{second:?}");
}

#[test]
fn a_clock_that_is_wrong_by_a_day_changes_nothing() {
    let (mut players, mut store) = (two(), Store::default());
    let mut lease = players[0].candidate.fresh();
    let yesterday = Timestamp::now() - Duration::from_secs(24 * 3600);
    lease.spec.as_mut().unwrap().renew_time = Some(MicroTime(yesterday));
    store.create(lease).unwrap();
    players[0].cut = true;
    let second = play(&mut players, &mut store, 30, |_, _, _| ()).unwrap();
    let lease = u64::try_from(TIMING.lease.as_millis()).unwrap();
    assert!((lease..lease + 1000).contains(&second), "after {second} ms");
}

#[test]
fn a_deleted_record_is_made_again_by_who_held_it() {
    let (mut players, mut store) = (two(), Store::default());
    play(&mut players, &mut store, 30, |millis, _, store| {
        if millis == 10_100 {
            store.lease = None;
        }
    });
    assert_eq!(store.holder().as_deref(), Some("first"));
}

#[test]
fn of_two_that_saw_the_same_record_only_one_wins() {
    let mut store = Store::default();
    let [mut first, mut second] = two();
    let now = Instant::now();
    let steps = [&mut first, &mut second].map(|player| player.candidate.step(None, now));
    let won = steps.map(|step| match step {
        Step::Create(lease) => store.create(*lease).is_ok(),
        other => panic!("{other:?}"),
    });
    assert_eq!(won, [true, false]);
}

struct Shared(Mutex<Store>);

impl Records for &Shared {
    type Error = String;

    async fn read(&self) -> Result<Option<Lease>, String> {
        Ok(self.0.lock().unwrap().lease.clone())
    }

    async fn create(&self, lease: Lease) -> Result<(), String> {
        self.0.lock().unwrap().create(lease)
    }

    async fn replace(&self, lease: Lease) -> Result<(), String> {
        self.0.lock().unwrap().replace(lease)
    }
}

#[tokio::test]
async fn the_loop_says_when_it_leads_and_releases_what_it_holds() {
    let shared = Shared(Mutex::default());
    let (mut election, mut leadership) = Election::new(&shared, "only".to_owned(), TIMING);
    assert!(!leadership.holds());
    tokio::select! {
        () = election.run(|error| panic!("{error}")) => {}
        () = leadership.differs(false) => {}
    }
    assert!(leadership.holds());
    election.release().await.unwrap();
    assert!(!leadership.holds(), "who has released must not act");
    assert_eq!(shared.0.lock().unwrap().holder().as_deref(), Some(""));
}

#[tokio::test]
async fn a_leadership_ends_by_the_clock_alone_and_none_is_missed() {
    let (until, receiver) = watch::channel(Some(Instant::now() + Duration::from_millis(50)));
    let mut leadership = Leadership(receiver);
    // It has begun already: who thinks that it hasn't hears of it at once.
    leadership.differs(false).await;
    leadership.differs(true).await;
    assert!(!leadership.holds());
    drop(until);
    let waited = timeout(Duration::from_millis(20), leadership.differs(false)).await;
    assert!(waited.is_err(), "nothing changes any more");
}
