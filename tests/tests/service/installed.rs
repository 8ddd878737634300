//! `webhook install` in the cluster: the webhook makes its certificates itself, and the
//! registration begins with what it wrote down. Nothing runs Pods here, so a process beside the
//! cluster stands for them.

use std::thread;
use std::time::{Duration, Instant};

use sax_tests::controlplane::Cluster;
use sax_tests::controlplane::webhook::{Options, Replica};
use sax_tests::kubectl::Answer;
use serde_json::json;

use crate::replicas::{SECRET, kept, trusted};
use crate::shared::{cluster, product};

const OURS: &str = "kubectl-sax-system";

fn here() -> &'static Cluster {
    cluster("installed")
}

fn sax(words: &[&str]) -> Answer {
    let words = [&["webhook"], words].concat();
    let answer = product().sax(here().kubectl(), &words, "").unwrap();
    assert!(answer.success, "{words:?}: {answer:?}");
    answer
}

/// Waits for the Deployment, starts the webhook beside the cluster, and says that it is available.
fn run_the_pods() {
    let started = Instant::now();
    let get = ["get", "deployment", "sax-webhook", "-n", OURS];
    while !here().kubectl().try_run(&get).unwrap().success {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "no Deployment came"
        );
    }
    let options = Options {
        arguments: &["--certificate-look=100ms", "--authority-settle=200ms"],
        secret: Some(SECRET),
        ..Options::default()
    };
    Replica::start(here(), product(), "pods", options).unwrap();
    let status = json!({"status": {
        "observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2,
    }});
    let status = status.to_string();
    let patch = [
        "patch",
        "deployment",
        "sax-webhook",
        "-n",
        OURS,
        "--subresource=status",
    ];
    let patch = [&patch[..], &["--type=merge", "-p", &status]].concat();
    here().kubectl().run(&patch).unwrap();
}

#[test]
fn the_registration_trusts_what_the_webhook_wrote_down_and_installing_again_is_no_conflict() {
    let pods = thread::spawn(run_the_pods);
    let first = sax(&["install", "--image", "r/sax-webhook:1"]);
    pods.join().unwrap();
    assert!(
        first.stdout.contains("deployment.apps/sax-webhook created"),
        "{first:?}"
    );
    assert_eq!(Some(trusted(here())), kept(here(), "ca.crt"));

    let again = sax(&["install", "--image", "r/sax-webhook:1"]);
    let changed = again
        .stdout
        .lines()
        .filter(|line| !line.ends_with(" unchanged"));
    assert_eq!(changed.collect::<Vec<_>>(), Vec::<&str>::new());

    // The leader has written into the registration meanwhile.
    let before = trusted(here());
    sax(&["rotate-certs", "--authority"]);
    sax(&["install", "--image", "r/sax-webhook:1"]);
    assert_ne!(trusted(here()), before);
    assert_eq!(Some(trusted(here())), kept(here(), "ca.crt"));

    // Paused is paused, whoever installs meanwhile.
    sax(&["pause"]);
    sax(&["install", "--image", "r/sax-webhook:1"]);
    let conditions = "jsonpath={.webhooks[*].matchConditions[*].name}";
    let name = "mutatingwebhookconfiguration/admission.kubectl-sax.dev";
    let found = here()
        .kubectl()
        .run(&["get", name, "-o", conditions])
        .unwrap();
    assert_eq!(found.matches("kubectl-sax-paused").count(), 4, "{found}");
    sax(&["pause", "--resume"]);

    // Namespaces end only where somebody ends them.
    let gone = sax(&["uninstall", "--wait=false"]);
    assert!(
        gone.stdout.contains("secret/sax-webhook-tls deleted"),
        "{gone:?}"
    );
    let left = [
        "get",
        "secrets,mutatingwebhookconfigurations,validatingwebhookconfigurations",
    ];
    let left = [&left[..], &["--all-namespaces", "-o", "name"]].concat();
    assert_eq!(here().kubectl().run(&left).unwrap(), "");
}
