//! `kubectl sax status` of 64 slices, the whole process, against an API server that answers from
//! memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::recorded::Recorded;
use crate::row::Row;
use crate::sample::{Sample, time_program};

const BUDGET: Duration = Duration::from_millis(300);
const RUNS: usize = 30;
const SLICES: usize = 64;
/// Of each slice.
const HOSTS: usize = 8;
const SET: &str = "sax-model-server-set";
const JOB: &str = "sax-model-server";
const POOL: &str = "cloud.google.com/gke-nodepool";

/// Measures it. What the server spends is told, and is in what was measured.
pub(crate) fn measure(program: &Path) -> Result<Vec<Row>> {
    let server = Recorded::start(lists())?;
    let cache = tempfile::tempdir().context("make a folder")?;
    let status = || {
        let mut command = Command::new(program);
        command
            .args([
                "status",
                "--namespace",
                "default",
                "--server",
                server.address(),
            ])
            .env_remove("KUBECONFIG")
            .env("HOME", cache.path())
            .env("KUBECTL_SAX_CACHE_DIR", cache.path());
        command
    };
    let printed = status().output().context("start kubectl-sax")?;
    let text = String::from_utf8_lossy(&printed.stdout);
    let running = text.matches("v5e:4x8   Running   8/8").count();
    ensure!(
        running == SLICES,
        "{running} of {SLICES} slices run: {text}{}",
        String::from_utf8_lossy(&printed.stderr)
    );
    let (requests, bytes, _) = server.spent();
    let sample = Sample::of_runs(RUNS, || time_program(&mut status()))?;
    let (_, _, spent) = server.spent();
    let runs = u32::try_from(RUNS).map_or(1.0, f64::from);
    let note = format!(
        "whole process, cache warm; the server answers {requests} requests with {} KB from memory, \
         in {:.1} ms of it",
        bytes / 1000,
        spent / runs
    );
    let what = format!("kubectl sax status, {SLICES} slices of {HOSTS} Pods and nodes");
    Ok(vec![
        Row::of_time("status", &what, BUDGET, &sample).noting(note),
    ])
}

/// One JobSet of 64 Jobs that runs on 64 node pools.
fn lists() -> BTreeMap<&'static str, Vec<Value>> {
    let all = || (0..SLICES).flat_map(|slice| (0..HOSTS).map(move |host| (slice, host)));
    let pods: Vec<_> = all().map(|(slice, host)| pod(slice, host)).collect();
    BTreeMap::from([
        (
            "/api/v1/nodes",
            all().map(|(pool, host)| node(pool, host)).collect(),
        ),
        ("/api/v1/namespaces/default/pods", pods.clone()),
        ("/api/v1/pods", pods),
        ("/apis/batch/v1/jobs", (0..SLICES).map(job).collect()),
        ("/apis/jobset.x-k8s.io/v1alpha2/jobsets", vec![jobset()]),
        ("/apis/apps/v1/statefulsets", Vec::new()),
        (
            "/apis/coordination.k8s.io/v1/namespaces/kubectl-sax-system/leases",
            Vec::new(),
        ),
    ])
}

fn jobset() -> Value {
    json!({
        "metadata": metadata(SET, "set", &json!({}), Value::Null),
        "spec": {"failurePolicy": {"maxRestarts": 4}, "replicatedJobs": [
            {"name": JOB, "replicas": SLICES, "template": {"spec": job_spec()}}]},
        "status": {"restarts": 0},
    })
}

fn job(slice: usize) -> Value {
    let labels = json!({"jobset.sigs.k8s.io/jobset-name": SET,
        "jobset.sigs.k8s.io/replicatedjob-name": JOB,
        "jobset.sigs.k8s.io/job-index": slice.to_string()});
    let owner = owner("jobset.x-k8s.io/v1alpha2", "JobSet", SET, "set");
    json!({
        "metadata": metadata(&job_name(slice), &format!("job-{slice}"), &labels, owner),
        "spec": job_spec(),
        "status": {"active": HOSTS, "ready": HOSTS},
    })
}

fn job_spec() -> Value {
    json!({"parallelism": HOSTS, "completions": HOSTS, "completionMode": "Indexed",
           "backoffLimit": 0, "template": {"metadata": {}, "spec": pod_spec()}})
}

fn pod(slice: usize, host: usize) -> Value {
    let job = job_name(slice);
    let labels = json!({"jobset.sigs.k8s.io/jobset-name": SET,
        "jobset.sigs.k8s.io/replicatedjob-name": JOB,
        "jobset.sigs.k8s.io/job-index": slice.to_string(),
        "batch.kubernetes.io/job-name": job,
        "batch.kubernetes.io/job-completion-index": host.to_string()});
    let mut spec = pod_spec();
    spec["nodeName"] = node_name(slice, host).into();
    let name = format!("{job}-{host}-abcde");
    let owner = owner("batch/v1", "Job", &job, &format!("job-{slice}"));
    json!({
        "metadata": metadata(&name, &format!("pod-{slice}-{host}"), &labels, owner),
        "spec": spec,
        "status": {"phase": "Running", "podIP": format!("10.{slice}.{host}.2"),
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [{"name": JOB, "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T00:01:00Z"}}}]},
    })
}

fn pod_spec() -> Value {
    let selector = json!({"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                          "cloud.google.com/gke-tpu-topology": "4x8"});
    json!({"hostNetwork": true, "dnsPolicy": "ClusterFirstWithHostNet", "restartPolicy": "Never",
        "nodeSelector": selector, "containers": [{"name": JOB,
        "image": "us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0",
        "args": ["--port=10001", "--sax_cell=/sax/test", "--platform_chip=tpuv5e"],
        "ports": [{"containerPort": 8471}], "env": [{"name": "SAX_ROOT", "value": "gs://b/sax-root"}],
        "resources": {"limits": {"google.com/tpu": "4"}, "requests": {"google.com/tpu": "4"}}}]})
}

fn node(pool: usize, host: usize) -> Value {
    let name = node_name(pool, host);
    let labels = json!({"kubernetes.io/hostname": name, POOL: format!("pool{pool}"),
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
        "cloud.google.com/gke-tpu-topology": "4x8"});
    let room = json!({"cpu": "112", "memory": "192Gi", "pods": "110", "google.com/tpu": "4"});
    json!({
        "metadata": metadata(&name, &name, &labels, Value::Null),
        "spec": {},
        "status": {"capacity": room, "allocatable": room,
                   "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// With the record of who wrote which field, which is a third of what an API server sends.
fn metadata(name: &str, uid: &str, labels: &Value, owner: Value) -> Value {
    let fields: BTreeMap<_, _> = (0..40)
        .map(|index| (format!("f:field-{index}"), json!({".": {}, "f:value": {}})))
        .collect();
    let managers = json!([{"manager": "kube-controller-manager", "operation": "Update",
        "apiVersion": "v1", "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": fields}}]);
    let owners: Vec<_> = Some(owner)
        .filter(|owner| !owner.is_null())
        .into_iter()
        .collect();
    json!({"name": name, "namespace": "default", "uid": uid, "labels": labels,
        "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": owners,
        "managedFields": managers})
}

fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true})
}

fn job_name(slice: usize) -> String {
    format!("{SET}-{JOB}-{slice}")
}

fn node_name(pool: usize, host: usize) -> String {
    format!("pool{pool}-{host}")
}
