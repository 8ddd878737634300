//! Every way in which `deploy` ends, with its status and its fix.

use sax_tests::namespace::TempNamespace;
use serde_json::json;

use super::generations;
use super::session::{Deployment, JOBSET, NOWHERE};
use crate::shared::{admitted, bare, plain};

#[test]
fn a_conflict_names_the_other_manager_and_its_fields_and_changes_nothing() {
    let deployment = Deployment::in_new_namespace(admitted(), "ended-conflict");
    deployment.deploy_ends(0, &NOWHERE);
    deployment.run(&["scale", "deployment", "lm175b-http", "--replicas=3"]);
    let before = generations(&deployment.namespace);
    let answer = deployment.deploy(&NOWHERE);
    assert_eq!(answer.status, Some(3), "{answer:?}");
    for word in [
        "deployment.apps/lm175b-http .spec.replicas",
        "conflict with \"kubectl\"",
        "--force-conflicts",
    ] {
        assert!(answer.stderr.contains(word), "{word}: {}", answer.stderr);
    }
    assert_eq!(generations(&deployment.namespace), before);
    deployment.deploy_ends(0, &[&NOWHERE[..], &["--force-conflicts"]].concat());
}

#[test]
fn half_done_it_names_what_is_applied_and_what_is_not_and_can_go_on() {
    let deployment = Deployment::in_new_namespace(admitted(), "ended-half");
    // Each of the two Deployments alone is within it, so that the rehearsal finds nothing.
    deployment.run(&["create", "quota", "one", "--hard=count/deployments.apps=1"]);
    deployment.run(&[
        "wait",
        "--for=jsonpath={.status.hard.count/deployments\\.apps}=1",
        "quota/one",
        "--timeout=60s",
    ]);
    let answer = deployment.deploy_ends(4, &NOWHERE);
    for line in [
        "exceeded quota".to_owned(),
        format!(
            "applied: serviceaccount/lm175b-sa, deployment.apps/lm175b-admin-server, jobset.jobset.x-k8s.io/{JOBSET}\n"
        ),
        "not applied: deployment.apps/lm175b-http, service/lm175b-http-lb\n".to_owned(),
    ] {
        assert!(answer.stderr.contains(&line), "{line}: {}", answer.stderr);
    }
    deployment.run(&["delete", "quota", "one"]);
    deployment.deploy_ends(0, &NOWHERE);
}

#[test]
fn out_of_time_it_says_what_it_waited_for_and_why_that_stands_still() {
    let deployment = Deployment::in_new_namespace(admitted(), "ended-late");
    let wait = [&NOWHERE[..], &["--wait", "--timeout", "5s"]].concat();
    let answer = deployment.deploy_ends(124, &wait);
    let last = answer
        .stderr
        .lines()
        .find(|line| line.starts_with("error:"));
    let last = last.expect("an error must be told");
    assert!(last.contains("timed out after 5s"), "{last}");
    assert!(last.contains("slice 0: 0/4 Pods Running ("), "{last}");
}

#[test]
fn interrupted_while_waiting_it_says_that_all_is_applied() {
    let deployment = Deployment::in_new_namespace(admitted(), "ended-interrupted");
    let mut session = deployment.start(&[&NOWHERE[..], &["--wait"]].concat());
    session.await_text("slice 0: 0/4 Pods Running");
    session.interrupt();
    let (status, text) = session.end();
    assert_eq!(status, Some(130), "{text}");
    assert!(
        text.contains("interrupted\napplied: serviceaccount/lm175b-sa"),
        "{text}"
    );
    assert!(!text.contains("not applied"), "{text}");
    assert_eq!(generations(&deployment.namespace).len(), 3);
}

#[test]
fn without_jobset_it_ends_with_the_install_command() {
    let deployment = Deployment::in_new_namespace(bare(), "ended-bare");
    let answer = deployment.deploy_ends(1, &NOWHERE);
    assert!(
        answer.stderr.contains("the cluster has no JobSet"),
        "{}",
        answer.stderr
    );
    assert!(
        answer
            .stderr
            .contains("fix: kubectl apply --server-side -f https://"),
        "{}",
        answer.stderr
    );
    let accounts = deployment
        .namespace
        .list("serviceaccounts")
        .expect("must be listed");
    assert!(
        accounts
            .iter()
            .all(|one| one["metadata"]["name"] != "lm175b-sa")
    );
}

#[test]
fn a_missing_namespace_is_named_with_the_command_that_makes_it() {
    let deployment = Deployment::in_new_namespace(plain(), "ended-nowhere");
    let elsewhere = [&NOWHERE[..], &["-n", "no-such-namespace"]].concat();
    let answer = deployment.deploy(&elsewhere);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert!(
        answer.stderr.ends_with(
            "error: there is no namespace \"no-such-namespace\"\n\
             fix: kubectl create namespace no-such-namespace\n"
        ),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_pod_security_level_that_refuses_the_pods_is_told_before_and_while_waiting() {
    let labels = json!({"labels": {"pod-security.kubernetes.io/enforce": "baseline"}});
    let namespace = TempNamespace::create_with(plain(), "ended-baseline", &labels);
    let namespace = namespace.expect("the namespace must be created");
    let deployment = Deployment::of(plain(), namespace);
    let wait = [&NOWHERE[..], &["--wait", "--timeout", "10s"]].concat();
    let answer = deployment.deploy_ends(124, &wait);
    for text in [
        "enforces the Pod Security level baseline",
        &format!("hostNetwork and privileged containers (jobset.jobset.x-k8s.io/{JOBSET})"),
        "pod-security.kubernetes.io/enforce=privileged",
        "violates PodSecurity",
    ] {
        assert!(answer.stderr.contains(text), "{text}: {}", answer.stderr);
    }
}
