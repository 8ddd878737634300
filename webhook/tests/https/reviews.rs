//! Claims about reviews: the uid comes back whatever the body is, and the built-in policies answer.

use serde_json::{Value, json};

use crate::client::Client;
use crate::process::Webhook;

/// The tutorial's JobSet, and an environment variable with `value`.
fn jobset(value: &str) -> Value {
    let container = json!({
        "name": "sax-model-server",
        "image": "us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0",
        "args": ["--port=10001", "--sax_cell=/sax/test", "--platform_chip=tpuv5e"],
        "ports": [{"containerPort": 10001}],
        "securityContext": {"privileged": true},
        "env": [
            {"name": "SAX_ROOT", "value": "gs://models/sax-root"},
            {"name": "OTHER", "value": value},
        ],
        "resources": {"requests": {"google.com/tpu": 4}, "limits": {"google.com/tpu": 4}},
    });
    let pod = json!({
        "nodeSelector": {
            "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
            "cloud.google.com/gke-tpu-topology": "4x8",
        },
        "containers": [container],
    });
    let job = json!({
        "parallelism": 8,
        "completions": 8,
        "backoffLimit": 0,
        "template": {"spec": pod},
    });
    json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {
            "name": "sax-model-server-set",
            "namespace": "default",
            "annotations": {
                "alpha.jobset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool",
            },
        },
        "spec": {
            "failurePolicy": {"maxRestarts": 4},
            "replicatedJobs": [
                {"name": "sax-model-server", "replicas": 2, "template": {"spec": job}},
            ],
        },
    })
}

fn review(uid: &str, object: Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": "jobset.x-k8s.io", "version": "v1alpha2", "kind": "JobSet"},
            "resource": {"group": "jobset.x-k8s.io", "version": "v1alpha2", "resource": "jobsets"},
            "operation": "CREATE",
            "name": "sax-model-server-set",
            "namespace": "default",
            "object": object,
        },
    })
}

/// The tutorial's JobSet, in which only what we fill in is missing.
pub(crate) fn incomplete_jobset(uid: &str) -> Value {
    review(uid, jobset("x"))
}

/// Seven Pods for a slice of eight VMs.
pub(crate) fn wrong_jobset(uid: &str, value: &str) -> Value {
    let mut object = jobset(value);
    object["spec"]["replicatedJobs"][0]["template"]["spec"]["parallelism"] = json!(7);
    review(uid, object)
}

#[tokio::test]
async fn the_tutorials_jobset_without_port_and_network_is_completed() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    let body = review("u-good", jobset("x")).to_string();
    let response = client.post("/mutate?timeout=5s", body).await.review();
    assert_eq!(
        (&response["uid"], &response["allowed"]),
        (&json!("u-good"), &json!(true))
    );
    assert_eq!(response["patchType"], "JSONPatch");
    let metrics = client.get("/metrics").await;
    let line = "reviews_total{phase=\"mutate\",kind=\"JobSet\",outcome=\"patched\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn a_wrong_number_is_denied_with_its_cause_and_counted() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    let body = wrong_jobset("u-wrong", "x").to_string();
    let response = client.post("/mutate?timeout=5s", body).await.review();
    assert_eq!(
        (&response["uid"], &response["allowed"]),
        (&json!("u-wrong"), &json!(false))
    );
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.contains("parallelism"), "{message}");
    let metrics = client.get("/metrics").await;
    for part in [
        "reviews_total{phase=\"mutate\",kind=\"JobSet\",outcome=\"denied\"} 1",
        "findings_total{policy=\"tpu-shape\",code=\"TPU",
        "review_duration_seconds_count{phase=\"mutate\"} 1",
        "in_flight_reviews 0",
    ] {
        assert!(metrics.contains(part), "{part} is not in:\n{metrics}");
    }
}

#[tokio::test]
async fn whatever_the_body_is_the_answer_is_a_review_with_its_uid() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    let head = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-bad","object":"#;
    let deep = format!("{head}{}1{}}}}}", "[".repeat(10_000), "]".repeat(10_000));
    let mut not_utf8 = format!("{head}{{\"a\":\"").into_bytes();
    not_utf8.extend_from_slice(b"\xff\xfe\"}}}");
    for (what, body, uid) in [
        ("cut off", head.as_bytes().to_vec(), "u-bad"),
        ("10,000 levels deep", deep.into_bytes(), "u-bad"),
        ("invalid UTF-8", not_utf8, "u-bad"),
        ("a wrong type", format!("{head}5}}}}").into_bytes(), "u-bad"),
        (
            "a huge string",
            format!("{head}\"{}\"}}}}", "x".repeat(5 << 20)).into_bytes(),
            "u-bad",
        ),
        ("no JSON", b"not json".to_vec(), ""),
        ("empty", Vec::new(), ""),
    ] {
        for path in ["/mutate", "/validate?timeout=1s"] {
            let response = client.post(path, body.clone()).await.review();
            assert_eq!(response["allowed"], false, "{what}");
            assert_eq!(response["uid"], uid, "{what}");
            assert!(response["patch"].is_null(), "{what}");
            let message = response["status"]["message"].as_str().unwrap();
            assert!(message.contains("POL005"), "{what}: {message}");
        }
    }
}

#[tokio::test]
async fn an_object_that_is_nobodys_business_gets_neither_patch_nor_warning() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    for path in ["/mutate", "/validate"] {
        let body = review("u-other", object.clone()).to_string();
        let body = body
            .replace("jobset.x-k8s.io", "")
            .replace("jobsets", "configmaps");
        let response = client.post(path, body).await.review();
        assert_eq!(response["allowed"], true);
        assert!(
            response["patch"].is_null() && response["warnings"].is_null(),
            "{response}"
        );
    }
}
