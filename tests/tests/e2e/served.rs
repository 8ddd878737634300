//! The tutorial's second half by the plugin alone: what was deployed serves a model, from publish
//! to delete. The control plane is real, Saxml is the simulator.

mod operated;

use sax_tests::controlplane::sax::Saxml;
use sax_tests::kubectl::Answer;
use sax_tests::namespace::TempNamespace;
use serde_json::Value;

use crate::shared::{both_pools, plain, product, temporary};

/// Ticks every half second.
const SCRIPT: &str = "timeScale: 20";
const CLASS: &str = "lm_cloud.LmCloudSpmd175B32Test";
/// The deployment.
const NAME: &str = "lm175b";

/// A namespace with a deployment, played by the simulator.
struct Served {
    namespace: TempNamespace<'static>,
    sax: Saxml<'static>,
}

impl Served {
    fn deploy(purpose: &str) -> Self {
        let namespace = temporary(plain(), purpose);
        let sax = plain().with_sax(product(), namespace.name(), SCRIPT);
        let sax = sax.unwrap_or_else(|error| panic!("{error:#}"));
        let served = Self { namespace, sax };
        let what = ["deploy", NAME, "--model", CLASS, "--slice", "v5e:4x8"];
        let how = [
            "--replicas",
            "2",
            "--bucket",
            "a-bucket",
            "--wait",
            "--timeout",
            "2m",
        ];
        served.done(&[&what[..], &how].concat());
        let joined = ["wait", "--for=joined=2", "--timeout", "2m"];
        served.done(&joined);
        served
    }

    fn ask(&self, words: &[&str]) -> Answer {
        self.ask_with(words, "")
    }

    fn ask_with(&self, words: &[&str], stdin: &str) -> Answer {
        // What comes after the dashes is another program's.
        let end = words.iter().position(|word| *word == "--");
        let (ours, theirs) = words.split_at(end.unwrap_or(words.len()));
        let all = [ours, &["--namespace", self.namespace.name()], theirs].concat();
        let asked = product().sax(plain().kubectl(), &all, stdin);
        asked.unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn done(&self, words: &[&str]) -> Answer {
        let answer = self.ask(words);
        let Answer { stdout, stderr, .. } = &answer;
        assert!(answer.success, "{words:?}: {stdout}{stderr}");
        answer
    }

    fn json(&self, words: &[&str]) -> Value {
        let answer = self.done(&[words, &["-o", "json"]].concat());
        serde_json::from_str(&answer.stdout).expect("it must be JSON")
    }
}

#[test]
fn a_deployment_serves_a_model_from_publish_to_delete() {
    let _turn = both_pools();
    let served = Served::deploy("served");
    let slices = served.json(&["get", "slices"])["slices"].clone();
    assert_eq!(slices.as_array().map(Vec::len), Some(2), "{slices}");
    assert_eq!(
        (&slices[0]["shape"], &slices[0]["devices"]),
        (&"v5e:4x8".into(), &32.into())
    );
    let cells = served.json(&["get", "cells"]);
    assert_eq!(cells["cells"][0]["cell"], "/sax/test");

    let publish = [
        "publish",
        "spmd",
        "--path",
        CLASS,
        "--replicas",
        "2",
        "--wait",
    ];
    let published = served.done(&[&publish[..], &["--timeout", "2m"]].concat());
    assert!(
        published.stderr.contains("port-forward to pod/lm175b-"),
        "{}",
        published.stderr
    );
    assert_eq!(published.stdout, "/sax/test/spmd published\n");
    let models = served.json(&["get", "models"])["models"].clone();
    assert_eq!(
        (&models[0]["phase"], &models[0]["loaded"]),
        (&"Loaded".into(), &2.into())
    );
    let server = models[0]["servers"][0]["server"]
        .as_str()
        .unwrap_or_default();
    assert!(
        server.starts_with("pod/lm175b-") && server.contains("-0-"),
        "{server}"
    );

    let answered = served.done(&["generate", "spmd", "How many days are in a week?"]);
    assert_eq!(
        answered.stdout,
        "canned answer to: How many days are in a week?\n"
    );
    operated::status_tells_the_lag_of_servers(&served);
    operated::logs_tell_the_milestones(&served);
    operated::programs_run_in_its_pods(&served);
    operated::an_endpoint_is_waited_for(&served);
    operated::a_report_holds_all_of_it(&served);

    let second = ["publish", "other", "--path", CLASS, "--wait"];
    let refused = served.ask(&second);
    assert_eq!(refused.status, Some(125), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("/sax/test/spmd"),
        "{}",
        refused.stderr
    );
    operated::a_forwarded_port_outlives_its_pod(&served);

    served.done(&["unpublish", "spmd", "-y", "--wait", "--timeout", "2m"]);
    served.done(&[&publish[..], &["--timeout", "2m"]].concat());
    let deleted = served.done(&["delete", "lm175b", "-y", "--timeout", "2m"]);
    assert!(
        deleted.stderr.contains("/sax/test/spmd unpublished"),
        "{}",
        deleted.stderr
    );
    assert!(!deleted.stderr.contains("warning"), "{}", deleted.stderr);
    served.done(&["wait", NAME, "--for=deleted", "--timeout", "1m"]);
}

#[test]
fn an_admin_server_that_is_gone_is_said_and_keeps_nothing_from_being_deleted() {
    let _turn = both_pools();
    let served = Served::deploy("unserved");
    served.sax.act(r#"{"do":"stopAdmin"}"#).expect("must stop");
    let short = ["--request-timeout", "2s"];
    let asked = served.ask(&[&["get", "models"][..], &short].concat());
    assert!(matches!(asked.status, Some(1 | 124)), "{}", asked.stderr);
    assert!(asked.stderr.contains("pod/lm175b-"), "{}", asked.stderr);
    let waited = ["wait", "spmd", "--timeout", "1s"];
    let waited = served.ask(&[&waited[..], &short].concat());
    assert!(!waited.success, "{}", waited.stderr);
    let deleted = served.done(&["delete", "lm175b", "-y", "--timeout", "2m"]);
    assert!(
        deleted.stderr.contains("stay in the cell's state"),
        "{}",
        deleted.stderr
    );
}
