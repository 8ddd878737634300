//! `deploy --replace` deletes only what can't change, only what is ours, and only when told to.

use sax_tests::controlplane::Cluster;
use sax_tests::wait::{Look, until};
use serde_json::Value;
use std::time::Duration;

use super::session::{Deployment, JOBSET, NOWHERE};
use crate::placed::running_pods;
use crate::shared::{admitted, both_pools, plain};

const OTHER_SIZE: [&str; 4] = [NOWHERE[0], NOWHERE[1], "--replicas", "2"];
const REPLACE: [&str; 5] = [NOWHERE[0], NOWHERE[1], "--replicas", "2", "--replace"];
const REPLACE_YES: [&str; 6] = [
    NOWHERE[0],
    NOWHERE[1],
    "--replicas",
    "2",
    "--replace",
    "--yes",
];

fn deployed(cluster: &'static Cluster, purpose: &str) -> Deployment {
    let deployment = Deployment::in_new_namespace(cluster, purpose);
    deployment.deploy_ends(0, &NOWHERE);
    deployment
}

fn uid(object: &Value) -> String {
    object["metadata"]["uid"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// UIDs and generations of everything but the JobSet and the Service that it makes itself.
fn others(deployment: &Deployment) -> Vec<(String, Value)> {
    let kinds = "serviceaccounts,deployments,services";
    let objects = deployment.namespace.list(kinds).expect("must be listed");
    let id = |object: &Value| (uid(object), object["metadata"]["generation"].clone());
    let is_made_by_jobset = |object: &&Value| object["metadata"]["ownerReferences"].is_array();
    let ours = objects.iter().filter(|object| !is_made_by_jobset(object));
    ours.map(id).collect()
}

#[test]
fn what_cannot_change_is_made_again_and_all_else_stays() {
    for cluster in [admitted(), plain()] {
        let deployment = deployed(cluster, "replaced");
        let (jobset, before) = (uid(&deployment.jobset()), others(&deployment));
        let refused = deployment.deploy_ends(2, &OTHER_SIZE);
        assert!(
            refused
                .stderr
                .contains("kubectl sax deploy lm175b again with --replace"),
            "{}",
            refused.stderr
        );
        let replaced = deployment.deploy_ends(0, &REPLACE_YES);
        assert!(
            replaced
                .stderr
                .contains("/spec/replicatedJobs/0/replicas: found 2, it was 1"),
            "{}",
            replaced.stderr
        );
        let lines: Vec<_> = replaced.stdout.lines().collect();
        let name = format!("jobset.jobset.x-k8s.io/{JOBSET}");
        assert!(
            lines.contains(&format!("{name} deleted").as_str())
                && lines.contains(&format!("{name} created").as_str()),
            "{lines:?}"
        );
        let now = deployment.jobset();
        assert_ne!(uid(&now), jobset);
        assert_eq!(now["spec"]["replicatedJobs"][0]["replicas"], 2);
        assert_eq!(others(&deployment), before);
    }
}

#[test]
fn it_says_how_many_pods_run_before_it_deletes_them() {
    let _turn = both_pools();
    let deployment = Deployment::in_new_namespace(admitted(), "replaced-running");
    let slice = ["--slice", "v5e:4x8", "--timeout", "60s"];
    deployment.deploy_ends(0, &[&slice[..], &["--wait"]].concat());
    running_pods(&deployment.namespace, 10);
    let more = ["--replicas", "2", "--replace", "--yes", "--wait"];
    let replaced = deployment.deploy_ends(0, &[&slice[..], &more].concat());
    assert!(
        replaced
            .stderr
            .contains("deletes 1 Job and 8 Pods (8 Running)"),
        "{}",
        replaced.stderr
    );
    running_pods(&deployment.namespace, 18);
}

#[test]
fn nothing_is_deleted_where_everything_can_change() {
    let deployment = deployed(admitted(), "replaced-nothing");
    let jobset = uid(&deployment.jobset());
    let more = ["--replace", "--yes", "--expose", "internal"];
    let answer = deployment.deploy_ends(0, &[&NOWHERE[..], &more].concat());
    assert!(!answer.stdout.contains("deleted"), "{}", answer.stdout);
    assert_eq!(uid(&deployment.jobset()), jobset);
}

#[test]
fn without_a_terminal_it_needs_yes() {
    let deployment = deployed(admitted(), "replaced-unasked");
    let jobset = uid(&deployment.jobset());
    let answer = deployment.deploy_ends(1, &REPLACE);
    assert!(
        answer.stderr.contains("fix: add --yes (-y)"),
        "{}",
        answer.stderr
    );
    assert_eq!(uid(&deployment.jobset()), jobset);
}

#[test]
fn a_dry_run_shows_the_deletion_and_deletes_nothing() {
    let deployment = deployed(admitted(), "replaced-dry");
    let jobset = uid(&deployment.jobset());
    let dry = [&REPLACE[..], &["--dry-run=server"]].concat();
    let answer = deployment.deploy_ends(0, &dry);
    for word in ["deleted", "created"] {
        let line = format!("jobset.jobset.x-k8s.io/{JOBSET} {word} (server dry run)");
        assert!(answer.stdout.contains(&line), "{}", answer.stdout);
    }
    assert_eq!(uid(&deployment.jobset()), jobset);
}

#[test]
fn on_a_terminal_it_asks_and_takes_no_for_an_answer() {
    let deployment = deployed(admitted(), "replaced-asked");
    let jobset = uid(&deployment.jobset());
    for (answer, status) in [("n", 1), ("", 1), ("y", 0)] {
        let mut session = deployment.start_on_a_terminal(&REPLACE);
        session.await_text("(y/N): ");
        session.answer(answer);
        let (ended, text) = session.end();
        assert_eq!(ended, Some(status), "{answer}: {text}");
        let is_kept = uid(&deployment.jobset()) == jobset;
        assert_eq!(is_kept, status != 0, "{answer}: {text}");
    }
}

#[test]
fn what_changes_while_it_asks_is_not_deleted() {
    let deployment = deployed(admitted(), "replaced-raced");
    let jobset = uid(&deployment.jobset());
    let mut session = deployment.start_on_a_terminal(&REPLACE);
    session.await_text("(y/N): ");
    deployment.run(&[
        "label",
        "--overwrite",
        "jobset",
        JOBSET,
        "app.kubernetes.io/instance=other",
    ]);
    session.answer("y");
    let (status, text) = session.end();
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("changed by somebody else"), "{text}");
    assert_eq!(uid(&deployment.jobset()), jobset);
}

#[test]
fn what_is_not_ours_is_never_deleted() {
    let deployment = deployed(plain(), "replaced-foreign");
    deployment.run(&["label", "jobset", JOBSET, "app.kubernetes.io/managed-by-"]);
    let jobset = uid(&deployment.jobset());
    let force = [&REPLACE_YES[..], &["--force-conflicts"]].concat();
    let answer = deployment.deploy_ends(1, &force);
    assert!(answer.stderr.contains("isn't deleted"), "{}", answer.stderr);
    assert_eq!(uid(&deployment.jobset()), jobset);
}

#[test]
fn interrupted_it_says_what_state_things_are_in_and_a_second_run_finishes() {
    let deployment = deployed(admitted(), "replaced-broken");
    let jobset = uid(&deployment.jobset());
    let finalizer = |value: &str| {
        let patch = format!("{{\"metadata\":{{\"finalizers\":{value}}}}}");
        deployment.run(&["patch", "jobset", JOBSET, "--type=merge", "-p", &patch]);
    };
    finalizer("[\"example.com/hold\"]");
    let mut session = deployment.start(&REPLACE_YES);
    session.await_text("is being deleted");
    session.interrupt();
    let (status, text) = session.end();
    assert_eq!(status, Some(130), "{text}");
    for line in [
        format!("being deleted: jobset.jobset.x-k8s.io/{JOBSET}"),
        format!(
            "not applied: serviceaccount/lm175b-sa, deployment.apps/lm175b-admin-server, jobset.jobset.x-k8s.io/{JOBSET}"
        ),
    ] {
        assert!(text.contains(&line), "{line}: {text}");
    }
    let applied = deployment.deploy_ends(1, &OTHER_SIZE);
    assert!(
        applied.stderr.contains("is being deleted"),
        "{}",
        applied.stderr
    );
    let late = deployment.deploy_ends(124, &[&REPLACE[..], &["--timeout", "1s"]].concat());
    assert!(
        late.stderr.contains("isn't made again yet"),
        "{}",
        late.stderr
    );
    finalizer("null");
    deployment.deploy_ends(0, &REPLACE);
    assert_ne!(uid(&deployment.jobset()), jobset);
}

#[test]
fn a_jobset_that_has_failed_for_good_is_made_again() {
    let deployment = deployed(admitted(), "replaced-failed");
    let jobset = uid(&deployment.jobset());
    fail_for_good(&deployment);
    let failed = deployment.deploy_ends(125, &[&NOWHERE[..], &["--wait"]].concat());
    assert!(failed.stderr.contains("has failed: "), "{}", failed.stderr);
    assert!(failed.stderr.contains("--replace"), "{}", failed.stderr);
    let again = [&NOWHERE[..], &["--replace", "--yes"]].concat();
    let replaced = deployment.deploy_ends(0, &again);
    assert!(
        replaced.stderr.contains("doesn't start again"),
        "{}",
        replaced.stderr
    );
    assert_ne!(uid(&deployment.jobset()), jobset);
}

/// Fails a Pod, as often as the JobSet starts its Jobs again.
fn fail_for_good(deployment: &Deployment) {
    let failed = until("the JobSet to fail", Duration::from_secs(120), || {
        let jobset = deployment.jobset();
        let conditions = jobset["status"]["conditions"].as_array();
        let is_failed = conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Failed" && condition["status"] == "True");
        if is_failed {
            return Ok(Look::Ready(()));
        }
        let selector = format!("pods --selector=jobset.sigs.k8s.io/jobset-name={JOBSET}");
        let words: Vec<_> = selector.split(' ').chain(["-o", "name"]).collect();
        let pods = deployment.namespace.run(&[&["get"], &words[..]].concat())?;
        for pod in pods.lines() {
            let patch = "{\"status\":{\"phase\":\"Failed\"}}";
            // One that has gone meanwhile has failed already.
            deployment.namespace.try_run_with(
                &[
                    "patch",
                    pod,
                    "--subresource=status",
                    "--type=merge",
                    "-p",
                    patch,
                ],
                "",
            )?;
        }
        Ok(Look::Waiting(jobset["status"].to_string()))
    });
    failed.unwrap_or_else(|error| panic!("{error:#}"));
}
