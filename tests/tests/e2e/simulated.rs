//! Saxml's simulator plays the Pods of the tutorial: deployed, they are reached by plain kubectl
//! as Saxml's own servers are.

use std::time::Duration;

use sax_tests::controlplane::sax::Saxml;
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use crate::forward::Forward;
use crate::shared::{both_pools, plain, product, temporary, tutorial};

/// For Pods to run, slices to form and models to load.
const DEADLINE: Duration = Duration::from_secs(120);

/// Ticks every half second.
const SCRIPT: &str = "timeScale: 20";

const MODEL: &str = "/sax/test/spmd";
/// A class whose mesh is 32 chips, as the tutorial's slices are.
const CLASS: &str = "saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd175B32Test";

#[test]
fn the_tutorials_calls_reach_the_simulator_through_the_http_servers_pod() {
    let _turn = both_pools();
    let namespace = temporary(plain(), "simulated");
    let _sax = deployed(&namespace);
    let pod = pods(&namespace, "app=sax-http").remove(0);
    let published = ask(&namespace, &pod, "POST", "/publish", &publish()).0;
    assert_eq!(published["path"], CLASS);
    until("both slices to be assigned", DEADLINE, || {
        let (listed, _) = ask(
            &namespace,
            &pod,
            "GET",
            "/listcell",
            &json!({"model": MODEL}),
        );
        Ok(match listed["active_replicas"].as_u64() {
            Some(2) => Look::Ready(()),
            _ => Look::Waiting(listed.to_string()),
        })
    })
    .expect("must be assigned");
    let query = json!({"model": MODEL, "query": "hi"});
    let (answer, _) = ask(&namespace, &pod, "POST", "/generate", &query);
    assert_eq!(answer["generate_response"][0][0], "canned answer to: hi");
}

#[test]
fn each_hosts_log_tells_what_a_model_servers_does() {
    let _turn = both_pools();
    let namespace = temporary(plain(), "milestones");
    let sax = deployed(&namespace);
    let slice = "jobset.sigs.k8s.io/job-index=0,batch.kubernetes.io/job-completion-index=";
    let primary = pods(&namespace, &format!("{slice}0")).remove(0);
    let joined = said(&namespace, &primary, "Joined 10.");
    for milestone in [
        "JAX process: 0 / 8",
        "jax.device_count(): 32",
        "Platform chip tpuv5e",
        &format!("Servable model {CLASS}"),
        "must equal the product of mesh_shape [16]",
        "Started joining SAX cell /sax/test",
    ] {
        assert!(joined.contains(milestone), "{milestone}: {joined}");
    }
    let other = pods(&namespace, &format!("{slice}3")).remove(0);
    said(&namespace, &other, "JAX process: 3 / 8");
    // A server that starts again writes its log anew, and joins again.
    sax.act(r#"{"do":"stopServer","server":0}"#)
        .expect("must stop");
    sax.act(r#"{"do":"startServer","server":0}"#)
        .expect("must start");
    said(&namespace, &primary, "Joined 10.");
    let refused = sax.act(r#"{"do":"stopServer","server":7}"#);
    let text = refused.expect_err("there is no such server").to_string();
    assert!(text.contains("there is no server 7"), "{text}");
}

#[test]
fn saxmls_own_client_runs_in_the_admin_servers_pod() {
    let _turn = both_pools();
    let namespace = temporary(plain(), "saxutil");
    let _sax = deployed(&namespace);
    let pod = pods(&namespace, "app=sax-admin-server").remove(0);
    let saxutil = |words: &[&str]| {
        let command = [&["exec", &pod, "--", "saxutil"], words].concat();
        namespace
            .try_run_with(&command, "")
            .expect("kubectl must run")
    };
    let publish = ["publish", MODEL, CLASS, "None", "2"];
    until("the first publish", DEADLINE, || {
        let answer = saxutil(&publish);
        Ok(match answer.success {
            true => Look::Ready(()),
            false => Look::Waiting(answer.stderr),
        })
    })
    .expect("must be published");
    let again = saxutil(&publish);
    let refused = "Error: Failed to publish model: rpc error: code = Unknown desc = model {test \
                   spmd} already exists: rpc error: code = AlreadyExists desc = AlreadyExists";
    assert!(again.stderr.contains(refused), "{}", again.stderr);
    let listed = saxutil(&["ls", MODEL]).stdout;
    assert!(
        listed.contains(&format!("| spmd  | {CLASS} | None ")),
        "{listed}"
    );
    assert!(saxutil(&["unpublish", MODEL]).success);
}

/// The tutorial in a namespace, played by the simulator.
fn deployed(namespace: &TempNamespace<'static>) -> Saxml<'static> {
    let sax = plain().with_sax(product(), namespace.name(), SCRIPT);
    let sax = sax.unwrap_or_else(|error| panic!("{error:#}"));
    for manifest in tutorial() {
        let applied = namespace.apply(&manifest.replace("BUCKET_NAME", "a-bucket"));
        applied.unwrap_or_else(|error| panic!("{error:#}"));
    }
    until("18 Pods to run", DEADLINE, || {
        let running = [
            "get",
            "pods",
            "--field-selector=status.phase=Running",
            "-o",
            "name",
        ];
        let names = namespace.run(&running)?;
        Ok(match names.lines().count() {
            18 => Look::Ready(()),
            other => Look::Waiting(format!("{other} run")),
        })
    })
    .expect("must run");
    sax
}

fn pods(namespace: &TempNamespace<'_>, selector: &str) -> Vec<String> {
    let names = ["get", "pods", "-o", "name", "-l", selector];
    let names = namespace.run(&names).expect("must list");
    assert!(!names.is_empty(), "no Pod has {selector}");
    names.lines().map(str::to_owned).collect()
}

/// A Pod's log once this stands in it.
fn said(namespace: &TempNamespace<'_>, pod: &str, text: &str) -> String {
    until(&format!("{pod} to say {text}"), DEADLINE, || {
        let answer = namespace.try_run_with(&["logs", pod], "")?;
        Ok(if answer.stdout.contains(text) {
            Look::Ready(answer.stdout)
        } else {
            Look::Waiting(answer.stdout + &answer.stderr)
        })
    })
    .unwrap_or_else(|error| panic!("{error:#}"))
}

fn publish() -> Value {
    json!({"model": MODEL, "model_path": CLASS, "checkpoint": "None", "replicas": 2})
}

/// One request through a port-forward of its own: the JSON answer, and the head before it.
fn ask(
    namespace: &TempNamespace<'_>,
    pod: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> (Value, String) {
    let body = body.to_string();
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}");
    until(&format!("{path} to answer"), DEADLINE, || {
        let forward = Forward::start(namespace, pod, 8888);
        Ok(match forward.http(&request) {
            Ok((head, body)) => Look::Ready((serde_json::from_str(&body)?, head)),
            Err(error) => Look::Waiting(error.to_string()),
        })
    })
    .unwrap_or_else(|error| panic!("{error:#}"))
}
