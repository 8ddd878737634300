//! Policies that are refused: what was in force stays, and status, Event and metric say why.

use sax_tests::controlplane::Ending;
use sax_tests::controlplane::webhook::{Options, leader};
use sax_tests::guest::Denial;
use sax_tests::wait::{Look, until};
use serde_json::json;

use super::cluster::{SOON, await_verdict, product, try_map, turn};

#[test]
fn bad_settings_and_bad_modules_replace_nothing_and_status_and_event_say_why() {
    let turn = turn();
    let namespace = turn.namespace("bad");
    let policy = turn.policy("stays", namespace.name(), Denial::default());
    await_verdict(&namespace, Some("not here"));

    policy.apply(namespace.name(), &json!({"settings": {"strict": "very"}}));
    let said = policy.await_condition("Accepted", "False");
    assert!(said.contains("/strict"), "{said}");
    assert!(said.ends_with("; generation 1 stays in force"), "{said}");
    policy.await_condition("Enforced", "False");
    assert_eq!(policy.stored()["status"]["inForce"]["generation"], 1);
    assert!(try_map(&namespace).stderr.contains("not here"));
    for there in turn.standing("stays") {
        let reason = there["reason"].as_str().unwrap_or_default();
        assert!(
            there["state"] == "Refused" && reason.contains("/strict"),
            "{there}"
        );
        assert_eq!(
            (&there["generation"], &there["wantedGeneration"]),
            (&json!(1), &json!(2))
        );
    }
    let told = until("an Event that says so", SOON, || {
        let of = "--field-selector=reason=InvalidSettings,regarding.name=stays";
        let of = of.replace("regarding", "involvedObject");
        let events = turn.kubectl(&["get", "events", "-n", "default", &of]);
        Ok(match events.contains("/strict") {
            true => Look::Ready(()),
            false => Look::Waiting(events),
        })
    });
    told.unwrap_or_else(|error| panic!("{error:#}"));

    policy.apply(namespace.name(), &json!({"settings": {"strict": true}}));
    policy.await_condition("Enforced", "True");
    policy.ship_bytes(b"\0asm but no component");
    let said = policy.await_condition("Accepted", "False");
    assert!(
        said.contains("what was loaded before stays in force"),
        "{said}"
    );
    assert!(try_map(&namespace).stderr.contains("not here"));
}

#[test]
fn a_replica_that_starts_while_the_newest_is_refused_judges_by_the_one_that_is_in_force() {
    let turn = turn();
    let namespace = turn.namespace("restarted");
    let policy = turn.policy("outlives", namespace.name(), Denial::default());
    policy.await_condition("Enforced", "True");
    policy.apply(namespace.name(), &json!({"settings": {"strict": "very"}}));
    policy.await_condition("Accepted", "False");
    turn.first
        .end(turn.cluster, Ending::Killed)
        .expect("must end");
    let started = turn
        .first
        .restart(turn.cluster, product(), Options::default());
    started.expect("must start again");
    leader(turn.cluster).expect("there must be a leader");
    // From its first answer on: it loads before it serves.
    let answer = try_map(&namespace);
    assert!(answer.stderr.contains("not here"), "{}", answer.stderr);
}

#[test]
fn what_the_schema_forbids_is_refused_before_anybody_loads_it() {
    let turn = turn();
    for (spec, told) in [
        (json!({"module": {}}), "module"),
        (
            json!({"module": {"builtin": "a", "image": "r/a@sha256:0"}}),
            "module",
        ),
        (json!({"module": {"image": "r/a:latest"}}), "sha256"),
        (
            json!({"module": {"builtin": "tpu-shape"}, "mode": "maybe"}),
            "mode",
        ),
        (
            json!({"module": {"builtin": "tpu-shape"}, "limits": {"fuel": 0}}),
            "fuel",
        ),
        (json!({"module": {"file": "a.wasm"}}), "file"),
    ] {
        let policy = json!({
            "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
            "metadata": {"name": "never"}, "spec": spec,
        });
        let create = ["create", "--validate=strict", "-f", "-"];
        let kubectl = turn.cluster.kubectl();
        let answer = kubectl.try_run_with(&create, &policy.to_string());
        let answer = answer.expect("kubectl must run");
        assert!(
            !answer.success && answer.stderr.contains(told),
            "{}",
            answer.stderr
        );
    }
}

#[test]
fn a_module_that_is_not_there_is_named_and_loaded_when_it_comes() {
    let turn = turn();
    let namespace = turn.namespace("absent");
    let policy = turn.policy("late", namespace.name(), Denial::default());
    policy.await_condition("Enforced", "True");
    policy.apply(
        namespace.name(),
        &json!({"module": {"configMap": {"name": "late", "key": "other"}}}),
    );
    let said = policy.await_condition("Accepted", "False");
    assert!(said.contains("policy.wasm"), "{said}");
    policy.apply(
        namespace.name(),
        &json!({"module": {"configMap": {"name": "later"}}}),
    );
    let said = policy.await_condition("Accepted", "False");
    assert!(
        said.contains("ConfigMap later is not in namespace kubectl-sax-system"),
        "{said}"
    );
    let later = turn.policy("later", namespace.name(), Denial::default());
    policy.await_condition("Enforced", "True");
    drop(later);
}
