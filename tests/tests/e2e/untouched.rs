//! What is none of our business is stored as without us.

use sax_tests::controlplane::Cluster;
use serde_json::{Value, json};

use crate::shared::{admitted, plain, temporary};

#[test]
fn what_is_none_of_our_business_is_stored_as_in_a_cluster_without_us() {
    for object in [
        cpu_jobset(),
        plain_deployment(),
        config_map(),
        single_host_sax(),
    ] {
        let [ours, theirs] = [admitted(), plain()].map(|cluster| {
            let namespace = temporary(cluster, "untouched");
            stored(cluster, namespace.name(), &object)
        });
        assert_eq!(ours, theirs);
    }
}

#[test]
fn pods_of_the_system_are_stored_as_in_a_cluster_without_us_whatever_they_ask_for() {
    let [ours, theirs] = [admitted(), plain()].map(|c| stored(c, "kube-system", &tpu_pod()));
    assert_eq!(ours, theirs);
}

/// What a create would store, without what differs from one cluster to the next. There must be
/// nothing to say.
fn stored(cluster: &Cluster, namespace: &str, object: &Value) -> Value {
    let arguments = [
        "create",
        "-n",
        namespace,
        "--dry-run=server",
        "-o",
        "json",
        "-f",
        "-",
    ];
    let answer = cluster
        .kubectl()
        .try_run_with(&arguments, &object.to_string());
    let answer = answer.expect("kubectl must run");
    assert!(
        answer.success && answer.stderr.is_empty(),
        "{}",
        answer.stderr
    );
    let text = without_volume_suffix(&answer.stdout);
    let mut stored: Value = serde_json::from_str(&text).expect("must be JSON");
    for own in ["uid", "creationTimestamp", "namespace", "managedFields"] {
        stored["metadata"][own].take();
    }
    stored
}

/// The API server makes up the end of the name of a token's volume.
fn without_volume_suffix(text: &str) -> String {
    const VOLUME: &str = "kube-api-access-";
    let mut parts = text.split(VOLUME);
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.get(5..).unwrap_or_default());
    rest.fold(first, |text, part| text + VOLUME + part)
}

/// A model server on one VM: complete as it is.
fn single_host_sax() -> Value {
    let chips = json!({"google.com/tpu": "4"});
    let container = json!({
        "name": "sax-model-server",
        "image": "us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0",
        "args": [
            "--port=10001", "--sax_cell=/sax/test", "--platform_chip=tpuv5e",
            "--platform_topology=2x2",
        ],
        "ports": [{"containerPort": 10001}],
        "env": [{"name": "SAX_ROOT", "value": "gs://my-models/sax-root"}],
        "resources": {"requests": chips, "limits": chips},
    });
    let labels = json!({"app": "server"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "server"},
        "spec": {
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeSelector": {
                        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                        "cloud.google.com/gke-tpu-topology": "2x2",
                    },
                    "containers": [container],
                },
            },
        },
    })
}

/// Wrong in most ways that there are.
fn tpu_pod() -> Value {
    let chips = json!({"limits": {"google.com/tpu": 3}});
    let container = json!({"name": "main", "image": "busybox", "resources": chips});
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "device-probe"},
        "spec": {
            "nodeSelector": {
                "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                "cloud.google.com/gke-tpu-topology": "4x9",
            },
            "containers": [container],
        },
    })
}

fn pod_spec() -> Value {
    json!({"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]})
}

fn cpu_jobset() -> Value {
    let job =
        json!({"spec": {"parallelism": 2, "completions": 2, "template": {"spec": pod_spec()}}});
    json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": {"name": "cpu"},
        "spec": {"replicatedJobs": [{"name": "workers", "template": job}]},
    })
}

fn plain_deployment() -> Value {
    let labels = json!({"app": "plain"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "plain"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "nginx"}]},
            },
        },
    })
}

fn config_map() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plain"}, "data": {"a": "b"}})
}
