//! The break-glass: one command, visible, and taken back by one.

use serde_json::{Value, json};

use crate::replicas::Service;
use crate::shared::{cluster, product};

/// What our policies refuse: a topology that no accelerator has.
fn wrong() -> String {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "wrong", "namespace": "default"},
        "spec": {"containers": [{"name": "a", "image": "a", "resources": {"limits": {"google.com/tpu": "3"}}}],
            "nodeSelector": {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                "cloud.google.com/gke-tpu-topology": "3x5"}}})
    .to_string()
}

fn is_refused() -> bool {
    let words = ["create", "--dry-run=server", "-f", "-"];
    let answer = cluster("paused")
        .kubectl()
        .try_run_with(&words, &wrong())
        .unwrap();
    assert!(
        answer.success || answer.stderr.contains("denied the request"),
        "{answer:?}"
    );
    !answer.success
}

fn sax(words: &[&str], status: i32) -> String {
    let answer = product()
        .sax(cluster("paused").kubectl(), words, "")
        .unwrap();
    assert_eq!(answer.status, Some(status), "{answer:?}");
    answer.stdout
}

/// API servers learn of a registration a moment later.
fn until_refused(refused: bool) {
    let started = std::time::Instant::now();
    while is_refused() != refused {
        assert!(
            started.elapsed().as_secs() < 60,
            "refused must become {refused}"
        );
    }
}

/// A replica's record comes a moment after its certificate.
fn until_both_serve_the_newest() -> String {
    let started = std::time::Instant::now();
    loop {
        let status = sax(&["webhook", "status"], 0);
        if status.matches(", the newest\n").count() == 2 {
            return status;
        }
        assert!(started.elapsed().as_secs() < 60, "{status}");
    }
}

#[test]
fn pause_is_one_command_that_shows_and_is_taken_back_by_another() {
    let kubectl = cluster("paused").kubectl();
    let _service = Service::start(cluster("paused"), &["--certificate-look=200ms"]);
    kubectl
        .try_run(&["create", "serviceaccount", "default"])
        .unwrap();
    until_refused(true);
    let status = until_both_serve_the_newest();
    assert!(
        status.contains("can it deadlock the cluster? no"),
        "{status}"
    );

    // A dry run changes nothing, and says what it would.
    for dry_run in ["--dry-run=client", "--dry-run=server"] {
        let said = sax(&["webhook", "pause", dry_run], 0);
        assert!(
            said.contains("paused") && said.contains("dry run"),
            "{said}"
        );
        assert!(is_refused());
    }
    // A Pod that waits for a placer which will never lift its gate.
    let gated = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "gated", "namespace": "default"},
        "spec": {"schedulingGates": [{"name": "kubectl-sax.dev/placement"}],
            "containers": [{"name": "a", "image": "a"}],
            "nodeSelector": {"nowhere": "at-all"}}});
    kubectl
        .run_with(&["create", "-f", "-"], &gated.to_string())
        .unwrap();
    let said = sax(&["webhook", "pause"], 0);
    assert!(said.contains("paused"), "{said}");
    until_refused(false);
    let pod: Value = serde_json::from_str(
        &kubectl
            .run(&["get", "pod", "gated", "-n", "default", "-o", "json"])
            .unwrap(),
    )
    .unwrap();
    assert!(
        pod["spec"]["schedulingGates"]
            .as_array()
            .is_none_or(Vec::is_empty),
        "{pod}"
    );
    let status = sax(&["webhook", "status"], 1);
    assert!(status.contains("paused since"), "{status}");
    let events = kubectl.run(&[
        "get",
        "events",
        "-n",
        "default",
        "-o",
        "jsonpath={.items[*].reason}",
    ]);
    assert!(events.unwrap().contains("Paused"));
    assert!(sax(&["webhook", "pause"], 0).contains("is paused already"));

    sax(&["webhook", "pause", "--resume"], 0);
    until_refused(true);
    sax(&["webhook", "status"], 0);
    assert!(sax(&["webhook", "pause", "--resume"], 0).contains("wasn't paused"));
}
