//! What an operator does with a deployment that serves: looks, reads logs, runs programs in its
//! Pods, forwards ports, reports.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sax_tests::wait::{Look, until};
use serde_json::json;

use super::{NAME, Served};
use crate::shared::{plain, product};

/// For kwok to see what it plays, and for a Pod to be replaced.
const DEADLINE: Duration = Duration::from_secs(90);

/// Both servers have joined, and how long ago each was heard of is told; so are all namespaces.
pub(super) fn status_tells_the_lag_of_servers(served: &Served) {
    let status = served.json(&["status"]);
    let servers = status["cells"][0]["servers"].clone();
    assert_eq!(servers.as_array().map(Vec::len), Some(2), "{status:#}");
    for server in servers.as_array().into_iter().flatten() {
        assert_eq!(server["phase"], "Joined", "{status:#}");
        let lag = server["lagSeconds"].as_f64();
        assert!(
            lag.is_some_and(|lag| (0.0..60.0).contains(&lag)),
            "{status:#}"
        );
    }
    let text = served.done(&["status"]).stdout;
    assert!(text.contains("LAG") && text.contains("Joined"), "{text}");
    let name = served.namespace.name();
    for what in ["models", "servers", "cells", "slices"] {
        let all = served.json(&["get", what, "-A"]);
        let rows = all[what].as_array().into_iter().flatten();
        let here = rows.filter(|row| row["namespace"] == name).count();
        assert!(here > 0, "{what}: {all:#}");
    }
}

/// Each primary's milestones, the models that it skips as one line.
pub(super) fn logs_tell_the_milestones(served: &Served) {
    let logs = served
        .done(&["logs", NAME, "--primary", "--milestones"])
        .stdout;
    for slice in ["[slice-0/worker-0] ", "[slice-1/worker-0] "] {
        let lines: Vec<_> = logs
            .lines()
            .filter(|line| line.starts_with(slice))
            .collect();
        let with = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
        assert!(with("Joined 10.") > 0, "{logs}");
        assert!(
            with("Successfully loaded model for key: /sax/test/spmd") > 0,
            "{logs}"
        );
        assert_eq!(with("Skipping unsupported model"), 1, "{logs}");
        assert_eq!(with(" more models)"), 1, "{logs}");
    }
    let last = served.done(&["logs", NAME, "--component", "admin", "--tail", "1"]);
    assert!(last.stdout.starts_with("[admin] "), "{}", last.stdout);
}

/// Saxml's own client runs where it is, and its failure is the verb's.
pub(super) fn programs_run_in_its_pods(served: &Served) {
    let listed = served.done(&["exec", NAME, "--", "saxutil", "ls", "/sax/test/spmd"]);
    assert!(listed.stdout.contains("| spmd "), "{}", listed.stdout);
    let model = [
        "exec",
        NAME,
        "--component",
        "model",
        "--slice",
        "1",
        "--",
        "echo",
        "hi",
    ];
    assert_eq!(served.done(&model).stdout, "hi\n");
    let failed = served.ask(&["exec", NAME, "--", "saxutil", "ls", "/sax/test/nope"]);
    assert!(!failed.success, "{}", failed.stdout);
    // kwok never closes a program's stdin (nor does it for kubectl), so this one ends by itself.
    let piped = [
        "exec",
        NAME,
        "-i",
        "--timeout",
        "60s",
        "--",
        "head",
        "-n",
        "2",
    ];
    let piped = served.ask_with(&piped, "first\nsecond\nthird\n");
    assert_eq!(piped.stdout, "first\nsecond\n", "{}", piped.stderr);
    assert_eq!(piped.status, Some(0), "{}", piped.stderr);
}

/// A forwarded port leads to the admin server, and to the one that takes its place.
pub(super) fn a_forwarded_port_outlives_its_pod(served: &Served) {
    let forward = Forward::start(served);
    let list = [
        "get",
        "models",
        "--admin",
        &forward.address,
        "--cell",
        "test",
        "-o",
        "name",
    ];
    assert_eq!(served.done(&list).stdout, "/sax/test/spmd\n");
    let label = "app.kubernetes.io/component=admin-server";
    let delete = ["delete", "pod", "-l", label, "--wait=true"];
    served.namespace.run(&delete).expect("the Pod must go");
    until("the next admin server to answer", DEADLINE, || {
        let listed = served.ask(&list);
        Ok(match listed.stdout.as_str() {
            "/sax/test/spmd\n" => Look::Ready(()),
            _ => Look::Waiting(listed.stderr),
        })
    })
    .unwrap_or_else(|error| panic!("{error:#}"));
    // It assigns the servers that hold the model only at its next tick.
    served.done(&["wait", "spmd", "--for=loaded=2", "--timeout", "2m"]);
}

/// The Service's own address at first; that of a load balancer once it is to have one, for which
/// no cloud is here.
pub(super) fn an_endpoint_is_waited_for(served: &Served) {
    let service = format!("{NAME}-http-lb");
    let wait = ["wait", NAME, "--for=endpoint", "--timeout"];
    let inside = served.done(&[&wait[..], &["60s"]].concat());
    let namespace = served.namespace.name();
    let expected = format!("http://{service}.{namespace}.svc:8888\n");
    assert_eq!(inside.stdout, expected);
    let balanced = r#"{"spec": {"type": "LoadBalancer"}}"#;
    let patch = ["patch", "service", &service, "-p", balanced];
    served.namespace.run(&patch).expect("must be patched");
    let pending = served.ask(&[&wait[..], &["2s"]].concat());
    assert_eq!(pending.status, Some(124), "{}", pending.stderr);
    assert!(
        pending.stderr.contains("has no address yet"),
        "{}",
        pending.stderr
    );
    let status = json!({"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}});
    let patch = [
        "patch",
        "service",
        &service,
        "--subresource=status",
        "-p",
        &status.to_string(),
    ];
    served.namespace.run(&patch).expect("must be patched");
    let ready = served.done(&[&wait[..], &["60s"]].concat());
    assert_eq!(ready.stdout, "http://203.0.113.9:8888\n");
}

/// All of it for somebody else.
pub(super) fn a_report_holds_all_of_it(served: &Served) {
    let report = served.done(&["report", NAME]).stdout;
    for part in [
        "# Report on lm175b in namespace",
        "## Versions",
        "sax-model-server:v1.1.0",
        "v5e:4x8",
        "/sax/test/spmd",
        "## Findings",
        "## Events",
    ] {
        assert!(report.contains(part), "{part:?} isn't in\n{report}");
    }
}

/// `kubectl sax port-forward` to the admin server, which ends when it is dropped.
struct Forward {
    child: Child,
    address: String,
}

impl Forward {
    fn start(served: &Served) -> Self {
        let mut child = Command::new(&product().plugin)
            .args([
                "port-forward",
                NAME,
                "--component",
                "admin",
                "--local-port",
                "0",
            ])
            .args(["--namespace", served.namespace.name()])
            .env("KUBECONFIG", plain().kubectl().kubeconfig())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("kubectl-sax must start");
        let stdout = child.stdout.take().expect("it is piped");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("kubectl-sax must speak");
        let address = line.strip_prefix("Forwarding from ");
        let address = address.and_then(|rest| rest.split(" -> ").next());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Self {
            child,
            address: address.to_owned(),
        }
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}
