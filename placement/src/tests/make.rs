//! Objects as the API server writes them.

use serde_json::{Value, json};

use crate::{Job, Node, Owner, Pod};

/// The annotation's usual value.
pub(super) const POOL: &str = "cloud.google.com/gke-nodepool";

/// A Ready v5e node of four chips.
pub(super) fn node_json(name: &str, pool: &str) -> Value {
    json!({
        "metadata": {"name": name, "uid": format!("node-{name}"), "labels": {
            POOL: pool,
            "kubernetes.io/hostname": name,
            "topology.kubernetes.io/zone": "zone-a",
        }},
        "spec": {"taints": [{"key": "google.com/tpu", "value": "present", "effect": "NoSchedule"}]},
        "status": {
            "allocatable": {"google.com/tpu": "4", "cpu": "8", "memory": "32Gi", "pods": "10"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

pub(super) fn node(name: &str, pool: &str) -> Node {
    Node::read(&node_json(name, pool)).expect("a node")
}

/// A gated Pod of four chips, with what `more` says of its metadata.
pub(super) fn pod_json(name: &str, uid: &str, metadata: &Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": name, "namespace": "default", "uid": uid, "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {
            "schedulingGates": [{"name": crate::GATE}],
            "tolerations": [{"key": "google.com/tpu", "operator": "Exists"}],
            "containers": [{"name": "main", "resources": {"limits": {"google.com/tpu": "4"}}}],
            "priority": 0,
        },
    });
    for (key, value) in metadata.as_object().into_iter().flatten() {
        pod["metadata"][key] = value.clone();
    }
    pod
}

/// A gated Pod of an exclusive Job.
pub(super) fn member(job: &Job, index: u32, uid: &str) -> Pod {
    let metadata = json!({
        "annotations": {
            crate::EXCLUSIVE_TOPOLOGY: POOL,
            "batch.kubernetes.io/job-completion-index": index.to_string(),
        },
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": job.name,
            "uid": job.uid, "controller": true}],
    });
    let name = format!("{}-{index}-{uid}", job.name);
    let mut pod = Pod::read(&pod_json(&name, uid, &metadata)).expect("a Pod");
    pod.created = job.created;
    pod
}

/// A gated TPU Pod of nobody's.
pub(super) fn plain(uid: &str) -> Pod {
    let name = format!("plain-{uid}");
    Pod::read(&pod_json(&name, uid, &json!({}))).expect("a Pod")
}

pub(super) fn jobset(uid: &str, seconds: u64, slices: u32) -> Owner {
    let created = crate::Time(seconds * 1000).to_micro_time();
    let variable = json!([{"name": "MEGASCALE_NUM_SLICES", "value": slices.to_string()}]);
    let container = json!({"name": "main", "env": if slices > 0 { variable } else { json!([]) }});
    Owner::read(&json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
        "metadata": {"name": uid, "namespace": "default", "uid": uid, "creationTimestamp": created,
            "annotations": {"alpha.jobset.sigs.k8s.io/exclusive-topology": POOL}},
        "spec": {"replicatedJobs": [{"name": "w", "replicas": slices.max(1),
            "template": {"spec": {"template": {"spec": {"containers": [container]}}}}}]},
    }))
    .expect("a JobSet")
}

/// A Job of so many Pods; of a JobSet, if one is given.
pub(super) fn job(name: &str, uid: &str, pods: u32, jobset: Option<&Owner>) -> Job {
    let owners = jobset.map(|jobset| {
        json!([{"apiVersion": jobset.api_version, "kind": "JobSet", "name": jobset.name,
            "uid": jobset.uid, "controller": true}])
    });
    Job::read(&json!({
        "metadata": {"name": name, "namespace": "default", "uid": uid, "ownerReferences": owners,
            "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"parallelism": pods, "completions": pods, "backoffLimit": 0},
    }))
    .expect("a Job")
}
