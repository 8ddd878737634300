//! What is none of our business is stored as without us.

use serde_json::{Value, json};

use crate::shared::{admitted, plain, temporary};

#[test]
fn objects_without_tpus_are_stored_as_in_a_cluster_without_us() {
    for object in [cpu_jobset(), plain_deployment(), config_map()] {
        let [ours, theirs] = [admitted(), plain()].map(|cluster| {
            let namespace = temporary(cluster, "untouched");
            let arguments = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
            let answer = namespace
                .try_run_with(&arguments, &object.to_string())
                .expect("kubectl must run");
            assert!(
                answer.success && answer.stderr.is_empty(),
                "{}",
                answer.stderr
            );
            let mut stored: Value = serde_json::from_str(&answer.stdout).expect("must be JSON");
            for own in ["uid", "creationTimestamp", "namespace", "managedFields"] {
                stored["metadata"][own].take();
            }
            stored
        });
        assert_eq!(ours, theirs);
    }
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
