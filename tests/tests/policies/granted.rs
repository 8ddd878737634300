//! Policies that read the cluster, as far as they are granted to.

use std::time::Instant;

use sax_tests::guest::Reader;
use sax_tests::namespace::TempNamespace;
use serde_json::{Value, json};

use super::cluster::{Turn, await_verdict, product, turn};

/// Runs the commands that stand between the first two backticks, as an administrator would.
fn follow_advice(turn: &Turn, message: &str) {
    let advice = message.split('`').nth(1).expect("must hold a command");
    for command in advice.split(" && ") {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "kubectl", "{advice}");
        turn.kubectl(&words[1..]);
    }
}

/// What the policy goes by.
fn write_rule(turn: &Turn, place: &TempNamespace<'_>, text: &str) {
    turn.apply(&json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "rule", "namespace": place.name()}, "data": {"rule": text},
    }));
}

fn audited(turn: &Turn, namespace: &TempNamespace<'_>) -> Value {
    let words = ["audit", "-n", namespace.name(), "-o", "json"];
    let answer = product().sax(turn.cluster.kubectl(), &words, "");
    let answer = answer.expect("kubectl-sax must run");
    serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

#[test]
fn a_policy_judges_by_what_it_is_granted_and_may_read_and_by_nothing_else() {
    let turn = turn();
    let (namespace, place) = (turn.namespace("granted"), turn.namespace("rules"));
    let rule = Reader {
        kind: "ConfigMap",
        namespace: place.name(),
        name: "rule",
    };
    write_rule(&turn, &place, "the first rule");

    // The grant alone is no right of ours: nobody is judged by a policy that can't read.
    let policy = turn.reader("reads", namespace.name(), rule, "ConfigMap");
    let said = policy.await_condition("Accepted", "False");
    assert!(said.contains("may not list and watch configmaps"), "{said}");
    await_verdict(&namespace, None);
    follow_advice(&turn, &said);
    policy.await_condition("Enforced", "True");
    let grants = &policy.stored()["status"]["grants"];
    assert_eq!(grants[0]["kind"], "ConfigMap", "{grants}");
    assert_eq!(grants[0]["synced"], true, "{grants}");
    assert!(grants[0]["objects"].as_u64() > Some(0), "{grants}");

    await_verdict(&namespace, Some("the first rule"));
    let start = Instant::now();
    write_rule(&turn, &place, "the second rule");
    await_verdict(&namespace, Some("the second rule"));
    println!("judged by {:?} after it was applied", start.elapsed());
    // So does an audit, with the rights of whoever asks.
    let results = audited(&turn, &namespace).to_string();
    assert!(results.contains("the second rule"), "{results}");
    turn.kubectl(&["delete", "configmap", "rule", "-n", place.name()]);
    await_verdict(&namespace, None);

    // The kind is known to the webhook, and yet it isn't read by whom it isn't granted to.
    let grantless = turn.reader("grantless", namespace.name(), rule, "Service");
    let said = grantless.await_condition("Accepted", "False");
    follow_advice(&turn, &said);
    await_verdict(&namespace, Some("not granted"));
    drop(grantless);
    await_verdict(&namespace, None);
    for resource in ["configmaps", "services"] {
        let role = format!("sax-webhook-reads-{resource}");
        turn.kubectl(&["delete", "clusterrole", &role]);
    }
}

#[test]
fn nobody_is_granted_secrets_and_a_kind_that_is_not_served_is_named() {
    let turn = turn();
    let namespace = turn.namespace("ungranted");
    let reader = Reader {
        kind: "Secret",
        namespace: namespace.name(),
        name: "token",
    };
    let policy = turn.reader("typo", namespace.name(), reader, "Configmap");
    let said = policy.await_condition("Accepted", "False");
    assert!(said.contains("serves no v1 Configmap"), "{said}");
    let secrets = json!({
        "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
        "metadata": {"name": "typo"},
        "spec": {
            "module": {"configMap": {"name": "typo"}},
            "grants": [{"apiVersion": "v1", "kind": "Secret"}],
        },
    });
    let kubectl = turn.cluster.kubectl();
    let answer = kubectl.try_run_with(&["apply", "-f", "-"], &secrets.to_string());
    let answer = answer.expect("kubectl must run");
    let told = "no policy can read Secrets";
    assert!(
        !answer.success && answer.stderr.contains(told),
        "{answer:?}"
    );
}
