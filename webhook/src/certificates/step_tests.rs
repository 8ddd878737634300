//! Claims about the steps of an authority's life, with a clock that the tests set.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;

const DAY: u64 = 24 * 3600;

fn rules() -> Rules {
    Rules {
        leaf: Period {
            lifetime: Duration::from_secs(90 * DAY),
            renew_before: Duration::from_secs(30 * DAY),
        },
        authority: Period {
            lifetime: Duration::from_secs(730 * DAY),
            renew_before: Duration::from_secs(180 * DAY),
        },
        settle: Duration::from_secs(30),
        hosts: vec!["a.b.svc".to_owned()],
    }
}

/// A cluster in which trust spreads and replicas follow as the test says.
struct World {
    kept: Kept,
    day: u64,
    rules: Rules,
    trusted_for: Option<Duration>,
    all_serve_newest: bool,
}

impl World {
    fn new() -> World {
        let mut world = World {
            kept: Kept::default(),
            day: 20_000,
            rules: rules(),
            trusted_for: None,
            all_serve_newest: false,
        };
        assert_eq!(world.go(Asked::default()), Step::NewAuthority);
        assert_eq!(world.go(Asked::default()), Step::NewLeaf);
        assert_eq!(world.go(Asked::default()), Step::Nothing);
        world
    }

    /// One step, taken.
    fn go(&mut self, asked: Asked) -> Step {
        let seen = Seen {
            now: i64::try_from(self.day * DAY).unwrap(),
            trusted_for: self.trusted_for,
            all_serve_newest: self.all_serve_newest,
        };
        let step = next(&self.kept, asked, &seen, &self.rules);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.day * DAY);
        self.kept = take(step, self.kept.clone(), now, &self.rules).unwrap();
        step
    }

    fn leaf(&self) -> String {
        self.kept.leaf.as_ref().unwrap().facts.fingerprint.clone()
    }

    /// Is what is served signed by something that is trusted?
    fn is_trusted(&self) -> bool {
        let leaf = self.kept.leaf.as_ref().unwrap();
        let authority = self.kept.authority.as_ref().unwrap();
        let old = self
            .kept
            .others
            .iter()
            .filter_map(|pem| super::super::facts::Facts::of_pem(pem));
        let mut keys = old
            .map(|facts| facts.key)
            .chain([authority.facts.key.clone()]);
        keys.any(|key| key == leaf.facts.signer)
    }
}

#[test]
fn a_leaf_is_renewed_a_month_before_its_end_and_not_before() {
    let mut world = World::new();
    let first = world.leaf();
    world.day += 59;
    assert_eq!(world.go(Asked::default()), Step::Nothing);
    world.day += 1;
    assert_eq!(world.go(Asked::default()), Step::NewLeaf);
    assert_ne!(world.leaf(), first);
    assert_eq!(world.go(Asked::default()), Step::Nothing);
}

#[test]
fn a_new_authority_is_trusted_before_it_signs_and_the_old_one_until_nobody_serves_it() {
    let mut world = World::new();
    let first = world.leaf();
    let wish = Asked {
        authority: true,
        leaf: false,
    };
    assert_eq!(world.go(wish), Step::NewAuthority);
    assert_eq!((world.leaf(), world.kept.others.len()), (first.clone(), 1));
    // Asked again, or not known everywhere: it waits.
    world.trusted_for = Some(Duration::from_secs(29));
    assert_eq!(world.go(wish), Step::Nothing);
    world.trusted_for = Some(Duration::from_secs(30));
    assert_eq!(world.go(Asked::default()), Step::NewLeaf);
    assert_ne!(world.leaf(), first);
    assert_eq!(world.go(Asked::default()), Step::Nothing);
    world.all_serve_newest = true;
    assert_eq!(world.go(Asked::default()), Step::Retire);
    assert!(world.kept.others.is_empty());
    assert_eq!(world.go(Asked::default()), Step::Nothing);
}

#[test]
fn an_authority_is_renewed_half_a_year_before_its_end() {
    let mut world = World::new();
    world.day += 550;
    assert_eq!(world.go(Asked::default()), Step::NewAuthority);
    // The leaf has ended long ago: there is nothing to wait for.
    assert_eq!(world.go(Asked::default()), Step::NewLeaf);
}

#[test]
fn a_leaf_without_a_host_that_is_asked_for_is_made_anew() {
    let mut world = World::new();
    world.rules.hosts.push("127.0.0.1".to_owned());
    assert_eq!(world.go(Asked::default()), Step::NewLeaf);
    assert_eq!(world.go(Asked::default()), Step::Nothing);
}

#[test]
fn a_certificate_whose_authority_nobody_can_use_stays_until_another_is_trusted() {
    // What an installation before this one left: the authority's key was never written down.
    let mut world = World::new();
    let old = world.kept.authority.take().unwrap();
    world.kept.others = vec![old.pair.certificate];
    assert_eq!(world.go(Asked::default()), Step::NewAuthority);
    assert!(world.is_trusted());
    assert_eq!(world.go(Asked::default()), Step::Nothing);
    world.trusted_for = Some(Duration::from_secs(30));
    assert_eq!(world.go(Asked::default()), Step::NewLeaf);
}

#[test]
fn what_is_written_is_read_again_and_garbled_parts_are_missing_parts() {
    let world = World::new();
    let data = world.kept.data();
    assert_eq!(Kept::read(&data), world.kept);
    for name in ["authority.key", "tls.key", "tls.crt", "authority.crt"] {
        let mut broken = data.clone();
        broken.insert(
            name.to_owned(),
            k8s_openapi::ByteString(b"\xff-----BEGIN".to_vec()),
        );
        let read = Kept::read(&broken);
        assert_eq!(
            read.authority.is_none(),
            name.starts_with("authority"),
            "{name}"
        );
        assert_eq!(read.leaf.is_none(), name.starts_with("tls"), "{name}");
    }
    // Half written: the certificate of one pair, the key of another.
    let mut mixed = data.clone();
    mixed.insert(
        "tls.key".to_owned(),
        World::new().kept.data()["tls.key"].clone(),
    );
    assert_eq!(Kept::read(&mixed).leaf, None);
}

#[test]
fn rules_that_would_renew_for_ever_or_outlive_their_authority_are_refused() {
    let mut never = rules();
    never.leaf.renew_before = never.leaf.lifetime;
    assert_eq!(
        never.checked(),
        Err(RulesError::NeverFresh { what: "leaf" })
    );
    let mut outlives = rules();
    outlives.authority.renew_before = Duration::from_secs(89 * DAY);
    assert_eq!(outlives.checked(), Err(RulesError::LeafOutlives));
    assert!(rules().checked().is_ok());
}

/// What may happen between two looks.
#[derive(Debug, Clone)]
enum Happens {
    /// The clock jumps by so many days, back too.
    Jump(i64),
    Trusted(Option<u64>),
    AllServe(bool),
    Asked(Asked),
}

fn happens() -> impl Strategy<Value = Happens> {
    let asked = (any::<bool>(), any::<bool>());
    prop_oneof![
        (-1000_i64..1000).prop_map(Happens::Jump),
        prop::option::of(0_u64..60).prop_map(Happens::Trusted),
        any::<bool>().prop_map(Happens::AllServe),
        asked.prop_map(|(leaf, authority)| Happens::Asked(Asked { leaf, authority })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever the clock does: what is served is signed by something trusted, no more than four
    /// are trusted, and it comes to rest with a leaf that is fresh by the clock as it is then.
    #[test]
    fn at_every_step_what_is_served_is_trusted(history in prop::collection::vec(happens(), 1..20)) {
        let mut world = World::new();
        for event in history {
            let mut asked = Asked::default();
            match event {
                Happens::Jump(days) => world.day = world.day.saturating_add_signed(days),
                Happens::Trusted(seconds) => world.trusted_for = seconds.map(Duration::from_secs),
                // Nobody serves what isn't in the Secret yet.
                Happens::AllServe(all) => {
                    let (authority, leaf) = (&world.kept.authority, &world.kept.leaf);
                    let newest = authority.as_ref().zip(leaf.as_ref());
                    world.all_serve_newest = all && newest.is_some_and(|(a, l)| a.signed(l));
                }
                Happens::Asked(wish) => asked = wish,
            }
            if world.go(asked) == Step::NewAuthority {
                world.all_serve_newest = false;
            }
            prop_assert!(world.is_trusted());
            prop_assert!(world.kept.others.len() < 4);
        }
        world.trusted_for = Some(Duration::from_secs(60));
        world.all_serve_newest = false;
        let rest = (0..4).map(|_| world.go(Asked::default())).last();
        prop_assert_eq!(rest, Some(Step::Nothing));
        let leaf = &world.kept.leaf.as_ref().unwrap().facts;
        prop_assert!(leaf.not_after > i64::try_from((world.day + 29) * DAY).unwrap());
    }
}
