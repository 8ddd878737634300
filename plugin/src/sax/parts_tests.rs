//! Pods sorted into cells.

use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::Parts;
use crate::sax::{SaxError, parse_cell};

fn pod(name: &str, labels: &Value, spec: &Value, ip: &str) -> Pod {
    let pod = json!({
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {"phase": "Running", "podIP": ip,
                   "conditions": [{"type": "Ready", "status": "True"}]},
    });
    serde_json::from_value(pod).expect("must be a Pod")
}

/// As `deploy` makes it.
fn admin(name: &str, cell: &str) -> Pod {
    let labels = json!({"app.kubernetes.io/name": "saxml",
                        "app.kubernetes.io/component": "admin-server"});
    let env = json!([{"name": "SAX_CELL", "value": cell}]);
    let spec = json!({"containers": [{"name": "a", "image": "x/y:v1.1.0", "env": env}]});
    pod(name, &labels, &spec, "10.0.0.9")
}

/// As the tutorial's manifests make it.
fn host(job: &str, index: u32, cell: &str) -> Pod {
    let labels = json!({"app": "sax-model-server",
                        "batch.kubernetes.io/job-name": job,
                        "batch.kubernetes.io/job-completion-index": index.to_string()});
    let args = json!([
        "--port=10001",
        format!("--sax_cell={cell}"),
        "--platform_chip=tpuv5e"
    ]);
    let image = "us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0";
    let spec = json!({
        "nodeSelector": {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                         "cloud.google.com/gke-tpu-topology": "4x8"},
        "containers": [{"name": "m", "image": image, "args": args}]});
    pod(
        &format!("{job}-{index}-abcde"),
        &labels,
        &spec,
        &format!("10.0.{index}.1"),
    )
}

#[test]
fn pods_are_told_by_labels_or_by_images_and_sorted_into_cells() {
    let pods = [
        admin("sax-admin", "/sax/test"),
        host("set-10", 0, "/sax/test"),
        host("set-2", 1, "/sax/test"),
        host("set-2", 0, "/sax/test"),
    ];
    let parts = Parts::of("default", &pods);
    let cell = parts.choose(None).expect("there must be one cell");
    assert_eq!(cell.cell.to_string(), "/sax/test");
    let names: Vec<_> = cell
        .servers
        .iter()
        .map(|server| server.name.as_str())
        .collect();
    assert_eq!(names, ["set-2", "set-10"]);
    let server = &cell.servers[0];
    assert_eq!((server.hosts, server.hosts_ready), (2, 2));
    assert_eq!(server.devices, Some(32));
    assert_eq!(server.slice.as_deref(), Some("v5e:4x8"));
    let primary = server.primary.as_ref().expect("it must have a first Pod");
    assert_eq!(primary.pod, "set-2-0-abcde");
    assert_eq!(server.address().as_deref(), Some("10.0.0.1:10001"));
    assert!(cell.at("10.0.0.1:10001").is_some() && cell.at("10.0.1.1:10001").is_none());
}

#[test]
fn a_cell_is_chosen_by_name_where_there_are_several() {
    let pods = [admin("a", "/sax/one"), admin("b", "/sax/two")];
    let parts = Parts::of("default", &pods);
    assert!(matches!(
        parts.choose(None),
        Err(SaxError::SeveralCells { .. })
    ));
    let two = parse_cell("two").expect("must be a cell");
    let chosen = parts.choose(Some(&two)).expect("it must be there");
    assert_eq!(chosen.admins[0].pod, "b");
    let three = parse_cell("three").expect("must be a cell");
    assert!(matches!(
        parts.choose(Some(&three)),
        Err(SaxError::NoCell { .. })
    ));
}

#[test]
fn model_servers_without_an_admin_server_are_no_cell_to_ask() {
    let parts = Parts::of("default", &[host("set-0", 0, "/sax/test")]);
    let error = parts.choose(None).expect_err("nobody can be asked");
    let text = "no admin server of Saxml is in namespace default, only 1 other Pod of Saxml's";
    assert_eq!(error.to_string(), text);
    let empty = Parts::of("default", &[]);
    assert!(matches!(
        empty.choose(None),
        Err(SaxError::NoAdmin { others: 0, .. })
    ));
}

#[test]
fn pods_that_have_ended_and_foreign_ones_do_not_count() {
    let mut ended = admin("old", "/sax/test");
    if let Some(status) = &mut ended.status {
        status.phase = Some("Failed".to_owned());
    }
    let foreign = pod(
        "nginx",
        &json!({}),
        &json!({"containers": [{"name": "n", "image": "nginx"}]}),
        "1",
    );
    let parts = Parts::of("default", &[ended, foreign]);
    assert!(parts.cells.is_empty() && parts.http.is_empty());
}

#[test]
fn an_admin_server_that_does_not_run_says_why() {
    let mut starting = admin("a", "/sax/test");
    let waiting = json!([{"name": "a", "image": "", "imageID": "", "ready": false,
                          "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}]);
    if let Some(status) = &mut starting.status {
        status.container_statuses = serde_json::from_value(waiting).expect("must be statuses");
    }
    let parts = Parts::of("default", &[starting]);
    let cell = parts.choose(None).expect("the cell is there");
    let error = cell.admin().expect_err("it doesn't run");
    assert_eq!(
        error.to_string(),
        "the admin server pod/a doesn't run: ImagePullBackOff"
    );
}
