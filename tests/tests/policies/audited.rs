//! `audit` knows the policies that are in force in the cluster.

use sax_tests::guest::Denial;
use serde_json::Value;

use super::cluster::{await_verdict, product, turn};

#[test]
fn an_audit_finds_what_was_there_before_the_policy() {
    let turn = turn();
    let namespace = turn.namespace("audited");
    namespace
        .run(&["create", "configmap", "from-before"])
        .expect("nobody is against it yet");
    let audit = || {
        let words = ["audit", "-n", namespace.name(), "-o", "json"];
        let answer = product().sax(turn.cluster.kubectl(), &words, "");
        answer.expect("kubectl-sax must run")
    };
    assert_eq!(audit().status, Some(0));
    let policy = turn.policy("no-old-maps", namespace.name(), Denial::default());
    await_verdict(&namespace, Some("not here"));
    policy.await_condition("Enforced", "True");
    let answer = audit();
    assert_eq!(answer.status, Some(2), "{answer:?}");
    let found: Value = serde_json::from_str(&answer.stdout).expect("must be JSON");
    let results = found["results"].as_array().expect("must be a list");
    let denied = results
        .iter()
        .find(|result| result["name"] == "from-before")
        .expect("it must be judged");
    assert_eq!(denied["denials"][0]["code"], Denial::CODE);
    assert_eq!(denied["denials"][0]["policy"], "no-old-maps");
}
