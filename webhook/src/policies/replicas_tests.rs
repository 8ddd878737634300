//! Claims about who counts as a replica.

use super::*;

fn beat(identity: &str, second: i64) -> Lease {
    let report = Report([("p".to_owned(), Said::default())].into());
    let mut lease = lease(identity, &report);
    let renewed = Timestamp::from_second(second).unwrap();
    lease.spec.as_mut().unwrap().renew_time = Some(MicroTime(renewed));
    lease
}

fn names(replicas: &[Replica]) -> Vec<&str> {
    replicas
        .iter()
        .map(|replica| replica.name.as_str())
        .collect()
}

#[test]
fn a_replica_lives_as_long_as_its_lease_changes_whatever_the_clocks_say() {
    let mut roll = Roll::default();
    let start = Instant::now();
    // Its clock is far behind; what counts is that it changes.
    let (mut well, dead) = (beat("host_1_a", 0), beat("host_2_b", 4_000_000_000));
    let (living, _) = roll.call([&well, &dead].into_iter(), start);
    assert_eq!(names(&living), ["host_1_a", "host_2_b"]);
    assert!(living[0].report.0.contains_key("p"));

    well = beat("host_1_a", 1);
    let (living, gone) = roll.call([&well, &dead].into_iter(), start + LIFE);
    assert_eq!(names(&living), ["host_1_a"]);
    assert_eq!(gone, [&dead]);
}

#[test]
fn a_lease_that_cannot_be_read_is_a_replica_that_has_loaded_nothing() {
    let mut broken = beat("a", 0);
    let annotations = broken.metadata.annotations.as_mut().unwrap();
    annotations.insert(LOADED.to_owned(), "{".to_owned());
    let (living, _) = Roll::default().call([&broken].into_iter(), Instant::now());
    assert_eq!(living[0].report, Report::default());
}

#[test]
fn a_lease_has_a_name_that_an_object_may_have() {
    assert_eq!(
        lease_name("Node.A_12_3f"),
        "sax-webhook-replica-node-a-12-3f"
    );
}
