//! Policies of an operator's own, on a kind that no built-in policy sees.

use std::time::Instant;

use sax_tests::controlplane::Ending;
use sax_tests::controlplane::webhook::{Options, Replica, leader};
use sax_tests::guest::Denial;
use sax_tests::wait::{Look, until};
use serde_json::json;

use super::cluster::{SOON, await_verdict, product, try_map, turn};

#[test]
fn a_policy_on_a_kind_of_its_own_denies_soon_after_it_is_applied_and_no_longer_when_it_is_deleted()
{
    let turn = turn();
    let namespace = turn.namespace("custom");
    let other = turn.namespace("other");
    await_verdict(&namespace, None);
    let start = Instant::now();
    let policy = turn.policy("no-maps", namespace.name(), Denial::default());
    await_verdict(&namespace, Some("not here"));
    println!(
        "denied {:?} after kubectl began to apply it",
        start.elapsed()
    );
    let denied = try_map(&namespace);
    assert!(denied.stderr.contains(Denial::CODE), "{}", denied.stderr);
    assert!(
        denied.stderr.contains("policies.admission.kubectl-sax.dev"),
        "{}",
        denied.stderr
    );
    // Other namespaces are not even sent.
    assert!(try_map(&other).success);

    let message = policy.await_condition("Enforced", "True");
    assert_eq!(message, "mode enforce, on 2 replicas");
    let status = &policy.stored()["status"];
    let replicas = status["replicas"].as_array().expect("must be told");
    for (replica, told) in [turn.first, turn.second].iter().zip(replicas) {
        let pid = replica.pid(turn.cluster).expect("must run");
        let named = |told: &serde_json::Value| {
            told["name"]
                .as_str()
                .is_some_and(|name| name.contains(&format!("_{pid}_")))
        };
        assert!(replicas.iter().any(named), "{pid} in {replicas:?}");
        assert_eq!(
            (&told["generation"], &told["digest"]),
            (&json!(1), &status["inForce"]["digest"])
        );
    }
    for (name, generation) in [("no-maps", json!(1)), ("tpu-shape", json!(null))] {
        let there = turn.standing(name);
        assert_eq!(there.len(), 2, "{there:?}");
        for one in there {
            assert_eq!(
                (&one["state"], &one["generation"]),
                (&json!("InForce"), &generation)
            );
            let digest = one["digest"].as_str().unwrap_or_default();
            assert!(digest.starts_with("sha256:"), "{one}");
            assert!(
                name != "no-maps" || digest == status["inForce"]["digest"],
                "{one}"
            );
        }
    }
    drop(policy);
    await_verdict(&namespace, None);
    let entries = turn.kubectl(&[
        "get",
        "validatingwebhookconfiguration",
        "admission.kubectl-sax.dev",
        "-o",
        "jsonpath={.webhooks[*].name}",
    ]);
    assert!(!entries.contains("policies."), "{entries}");
}

#[test]
fn an_update_is_in_force_everywhere_and_the_old_one_comes_back_when_it_is_applied() {
    let turn = turn();
    let namespace = turn.namespace("update");
    let policy = turn.policy("versions", namespace.name(), Denial::default());
    await_verdict(&namespace, Some("not here"));
    let second = Denial {
        version: "2",
        message: "nor there",
        ..Denial::default()
    };
    policy.ship(second);
    await_verdict(&namespace, Some("nor there"));
    policy.await_condition("Enforced", "True");
    assert_eq!(policy.stored()["status"]["inForce"]["version"], "2");
    policy.ship(Denial::default());
    await_verdict(&namespace, Some("not here"));
    policy.apply(namespace.name(), &json!({"mode": "warn"}));
    await_verdict(&namespace, None);
    policy.await_condition("Enforced", "True");
    assert!(
        try_map(&namespace).stderr.contains("Warning: "),
        "a warning must be left"
    );
}

#[test]
fn a_replica_that_was_killed_holds_up_an_update_only_until_its_record_stood_still() {
    let turn = turn();
    let namespace = turn.namespace("killed");
    let policy = turn.policy("outlived", namespace.name(), Denial::default());
    policy.await_condition("Enforced", "True");
    let leader = leader(turn.cluster).expect("there must be a leader");
    let leads = |replica: &Replica| {
        let pid = replica.pid(turn.cluster).expect("must run");
        leader.contains(&format!("_{pid}_"))
    };
    let follower = [turn.first, turn.second]
        .into_iter()
        .find(|one| !leads(one));
    let follower = follower.expect("one must follow");
    follower
        .end(turn.cluster, Ending::Killed)
        .expect("must end");
    let start = Instant::now();
    policy.apply(namespace.name(), &json!({"mode": "warn"}));
    let message = policy.await_condition("Enforced", "True");
    println!("enforced {:?} after a replica was killed", start.elapsed());
    assert_eq!(message, "mode warn, on 1 replica");
    assert_eq!(
        turn.standing("outlived").len(),
        1,
        "its record must be gone"
    );
    let again = follower.restart(turn.cluster, product(), Options::default());
    again.expect("must start again");
    let back = until("both to be told again", SOON, || {
        let there = turn.standing("outlived");
        Ok(match there.len() {
            2 => Look::Ready(()),
            _ => Look::Waiting(format!("{there:?}")),
        })
    });
    back.unwrap_or_else(|error| panic!("{error:#}"));
}
