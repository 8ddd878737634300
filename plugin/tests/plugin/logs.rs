//! `logs`, `events` and `endpoint`, against an API server that answers from lists.

use serde_json::json;

use crate::recorded::{JOBSET, World, pod_name};
use crate::run::{Ended, sax};

/// What a primary of Saxml's writes.
const PRIMARY: &str = "\
I1125 09:10:10.000001 140 model_service_main.py:1] JAX process: 0 / 8
I1125 09:10:10.000002 140 model_service_main.py:2] jax.device_count(): 32
Compiling a thing that nobody asked for
I1125 09:10:10.000003 140 model_service_base.py:3] Skipping unsupported model lm_cloud.LmCloudSpmd2B, Unsupported mesh shape: x
I1125 09:10:10.000004 140 model_service_base.py:4] Servable model lm_cloud.LmCloudSpmd175B32Test
I1125 09:10:10.000005 140 model_service_base.py:3] Skipping unsupported model lm_cloud.LmCloudSpmd175B, Unsupported mesh shape: x
I1125 09:10:11.000003 140 location.go:3] Started joining SAX cell /sax/test
I1125 09:10:12.000004 140 location.go:4] Joined 10.0.0.9:10000
I1125 09:10:40.000005 140 model_service_base.py:5] Loading model for key: /sax/test/spmd
I1125 09:14:50.000006 140 model_service_base.py:6] Successfully loaded model for key: /sax/test/spmd
";

fn world() -> World {
    let mut world = World::healthy();
    for slice in 0..2 {
        for worker in 0..8 {
            let text = match worker {
                0 => PRIMARY.to_owned(),
                _ => format!("worker {worker} of slice {slice} waits\n"),
            };
            let key = format!("{}/sax-model-server", pod_name(slice, worker));
            world.state.logs.insert(key, text);
        }
    }
    let logs = &mut world.state.logs;
    logs.insert(
        "sax-admin-server-5d9c-xyz12/sax-admin-server".to_owned(),
        "admin is here\n".to_owned(),
    );
    logs.insert(
        "sax-http-5d9c-xyz12/sax-http".to_owned(),
        "http is here\n".to_owned(),
    );
    logs.insert(
        format!("{}/sax-model-server#previous", pod_name(1, 3)),
        "it ended here\n".to_owned(),
    );
    world
}

fn run(verb: &str, world: World, more: &[&str]) -> Ended {
    let api = world.serve();
    sax(
        &[&[verb], &api.flags()[..], &["-n", "default"], more].concat(),
        "",
    )
}

#[test]
fn each_line_says_its_slice_and_worker() {
    let all = run("logs", world(), &["sax"]);
    assert_eq!(all.status, Some(0), "{all}");
    insta::assert_snapshot!("logs", all);
}

#[test]
fn milestones_are_what_saxml_says_of_how_far_it_is() {
    let ended = run("logs", world(), &["sax", "--milestones"]);
    insta::assert_snapshot!("logs-milestones", ended);
}

#[test]
fn parts_of_it_can_be_chosen() {
    let chosen = |more: &[&str]| run("logs", world(), &[&["sax"], more].concat()).stdout;
    assert_eq!(chosen(&["--component", "admin"]), "[admin] admin is here\n");
    assert_eq!(
        chosen(&["--slice", "1", "--worker", "3"]),
        "[slice-1/worker-3] worker 3 of slice 1 waits\n"
    );
    assert_eq!(
        chosen(&["--slice", "1", "--worker", "3", "--previous"]),
        "[slice-1/worker-3] it ended here\n"
    );
    assert_eq!(chosen(&["--primary", "--tail", "1"]).lines().count(), 2);
    let colored = chosen(&["--component", "http", "--color", "always"]);
    assert!(colored.contains("\u{1b}["), "{colored:?}");
    let none = run("logs", world(), &["sax", "--slice", "7"]);
    assert_eq!(none.status, Some(1), "{none}");
    insta::assert_snapshot!("logs-nothing-chosen", none);
}

#[test]
fn a_jobset_written_by_hand_is_called_by_its_name() {
    let mut world = world();
    for object in &mut world.state.objects {
        if let Some(labels) = object["metadata"]["labels"].as_object_mut() {
            labels.retain(|key, _| !key.starts_with("app.kubernetes.io/"));
        }
    }
    let ended = run("logs", world, &[JOBSET, "--primary", "--tail=1"]);
    assert_eq!(ended.status, Some(0), "{ended}");
    assert!(ended.stdout.contains("[slice-1/worker-0] "), "{ended}");
}

#[test]
fn a_log_that_is_missing_is_told_and_the_others_are_read() {
    let mut world = world();
    world
        .state
        .logs
        .remove(&format!("{}/sax-model-server", pod_name(0, 5)));
    let ended = run("logs", world, &["sax", "--slice", "0"]);
    assert_eq!(ended.status, Some(4), "{ended}");
    assert!(ended.stderr.contains("slice-0/worker-5: no log"), "{ended}");
    assert!(ended.stdout.contains("[slice-0/worker-7]"), "{ended}");
}

#[test]
fn a_deployment_that_is_not_there_gets_what_was_probably_meant() {
    for verb in ["logs", "events", "endpoint", "port-forward"] {
        let ended = run(verb, world(), &["sx"]);
        assert_eq!(ended.status, Some(1), "{verb}: {ended}");
        assert!(
            ended
                .stderr
                .contains("\"sx\" of kubectl-sax in namespace default"),
            "{verb}: {ended}"
        );
        assert!(ended.stderr.contains("fix: write sax"), "{verb}: {ended}");
    }
    let exec = run("exec", world(), &["sx", "--", "saxutil"]);
    assert!(exec.stderr.contains("fix: write sax"), "{exec}");
}

#[test]
fn a_server_that_does_not_run_is_named() {
    let mut world = world();
    world.object("Pod", "sax-admin-server-5d9c-xyz12")["status"]["phase"] = "Pending".into();
    let ended = run("exec", world, &["sax", "--", "saxutil", "ls"]);
    assert_eq!(ended.status, Some(1), "{ended}");
    insta::assert_snapshot!("exec-not-running", ended);
}

#[test]
fn events_are_those_of_the_deployment() {
    let event = |name: &str, kind: &str, of: &str, message: &str| {
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"},
            "type": if kind == "x" { "Normal" } else { "Warning" }, "reason": "Because", "message": message,
            "lastTimestamp": "@-2h", "involvedObject": {"kind": "Pod", "name": of}})
    };
    let mut world = world();
    world.add(event("a", "w", &pod_name(0, 1), "two\nlines"));
    world.add(event("b", "x", "sax-http", "fine"));
    world.add(event("c", "w", "saxophone", "somebody else's"));
    let api = world.serve();
    let run = |more: &[&str]| {
        sax(
            &[
                &["events", "sax"],
                &api.flags()[..],
                &["-n", "default"],
                more,
            ]
            .concat(),
            "",
        )
    };
    insta::assert_snapshot!("events", run(&[]));
    assert_eq!(run(&["--types", "normal"]).stdout.lines().count(), 2);
    let json: serde_json::Value =
        serde_json::from_str(&run(&["-o", "json"]).stdout).expect("it must be JSON");
    assert_eq!(json["events"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_endpoint_is_an_address_and_who_reaches_it() {
    let plain = run("endpoint", World::healthy(), &["sax"]);
    insta::assert_snapshot!("endpoint", plain);
    let mut world = World::healthy();
    let service = world.object("Service", "sax-http-lb");
    service["spec"]["type"] = "LoadBalancer".into();
    service["status"] = json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}});
    let public = run("endpoint", world, &["sax", "-o", "json"]);
    insta::assert_snapshot!("endpoint-json", public);
}

#[test]
fn a_cluster_that_does_not_answer_is_no_hang() {
    for arguments in [
        &["logs", "sax"][..],
        &["events", "sax"],
        &["endpoint", "sax"],
        &["port-forward", "sax"],
        &["exec", "sax", "--", "x"],
    ] {
        let (verb, rest) = arguments.split_at(1);
        let ended = sax(
            &[verb, &["--server", "http://127.0.0.1:1"], rest].concat(),
            "",
        );
        assert_eq!(ended.status, Some(1), "{ended}");
        assert!(ended.stderr.contains("no answer from"), "{ended}");
    }
}
