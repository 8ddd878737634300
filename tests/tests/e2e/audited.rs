//! `audit`: what came into the cluster before the policies did is judged by them.

use sax_tests::kubectl::Answer;
use sax_tests::namespace::TempNamespace;
use serde_json::Value;

use crate::shared::{fixture, plain, product, temporary};

/// A namespace in which a JobSet stands that the policies would refuse.
fn spoilt(purpose: &str) -> TempNamespace<'static> {
    let namespace = temporary(plain(), purpose);
    let applied = namespace.apply(&fixture("demo/wrong.yaml"));
    applied.expect("without us it is accepted");
    namespace
}

fn audit(namespace: &TempNamespace<'_>, words: &[&str]) -> Answer {
    let all = [&["audit", "-n", namespace.name()], words].concat();
    let answer = product().sax(plain().kubectl(), &all, "");
    answer.expect("kubectl-sax must run")
}

#[test]
fn an_object_from_before_is_judged_with_the_numbers_and_what_it_controls_is_not() {
    let namespace = spoilt("audit");
    let json = audit(&namespace, &["-o", "json"]);
    assert_eq!(json.status, Some(2), "{json:?}");
    let found: Value = serde_json::from_str(&json.stdout).expect("must be JSON");
    let results = found["results"].as_array().expect("must be a list");
    let kinds: Vec<_> = results.iter().map(|result| &result["kind"]).collect();
    assert!(kinds.iter().all(|kind| *kind != "Job"), "{kinds:?}");
    let jobset = results.iter().find(|result| result["kind"] == "JobSet");
    let jobset = jobset.expect("the JobSet must be judged");
    assert_eq!(jobset["allowed"], false);
    let codes: Vec<_> = jobset["denials"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| &finding["code"])
        .collect();
    assert!(codes.contains(&&Value::from("TPU007")), "{codes:?}");

    let text = audit(&namespace, &[]);
    assert_eq!(text.status, Some(2));
    for part in [
        "OBJECT",
        "denied: [TPU007] /spec/replicatedJobs/0",
        "2 denials",
    ] {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
    let none = audit(&namespace, &["-l", "nobody=has-this"]);
    assert_eq!(
        (none.status, none.stdout.as_str()),
        (Some(0), "0 objects: 0 denials, 0 warnings\n")
    );
}

#[test]
fn a_policy_report_has_a_result_for_each_finding() {
    let namespace = spoilt("audit-report");
    let report = audit(&namespace, &["-o", "policyreport"]);
    assert_eq!(report.status, Some(2));
    for line in [
        "apiVersion: wgpolicyk8s.io/v1alpha2",
        "kind: PolicyReport",
        "  rule: TPU007",
        "  result: fail",
        "    kind: JobSet",
    ] {
        assert!(report.stdout.contains(line), "{line}: {}", report.stdout);
    }
    let sarif = audit(&namespace, &["-o", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif.stdout).expect("must be JSON");
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn who_may_not_list_is_told_which_lists() {
    let namespace = spoilt("audit-forbidden");
    let answer = audit(&namespace, &["--as", "nobody"]);
    assert_eq!(answer.status, Some(1));
    for list in [
        "wasmpolicies.kubectl-sax.dev",
        "jobsets.jobset.x-k8s.io",
        "pods",
        "namespaces",
    ] {
        assert!(answer.stderr.contains(list), "{list}: {}", answer.stderr);
    }
}
