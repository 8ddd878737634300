//! A cluster of five thousand nodes in which two hundred and fifty groups wait.

use placement::{
    Action, Claim, Decision, EXCLUSIVE_TOPOLOGY, GATE, Job, NAMESPACE, Node, Owner, Pod, ReadError,
    Settings, TightestFit, Time, View, decide,
};
use serde_json::{Value, json};

/// Pools of sixteen nodes, as `tpu-v5-lite-podslice` 8x8 has: 4,992 nodes in all.
const POOLS: usize = 312;
const NODES: usize = 16;
/// Groups that wait, of one Pod per node.
const GROUPS: usize = 250;
const POOL: &str = "cloud.google.com/gke-nodepool";
const NOW: Time = Time(1_800_000_000_000);

/// The cluster, empty but for the groups that wait.
pub(crate) fn waiting() -> Result<View, ReadError> {
    let mut view = View::default();
    for pool in 0..POOLS {
        for at in 0..NODES {
            view.put_node(node(pool, at, true)?);
        }
    }
    for group in 0..GROUPS {
        add_group(&mut view, "waiting", group, None)?;
    }
    Ok(view)
}

/// The same with every pool in use by a group that runs.
pub(crate) fn crowded() -> Result<View, ReadError> {
    let mut view = waiting()?;
    for group in 0..POOLS {
        add_group(&mut view, "running", group, Some(group))?;
    }
    let decision = look(&view);
    carry_out(&mut view, &decision)?;
    Ok(view)
}

/// The same as [`waiting`], with a claim for each group: all are about to be released.
pub(crate) fn claimed() -> Result<View, ReadError> {
    let mut view = waiting()?;
    let decision = look(&view);
    carry_out(&mut view, &decision)?;
    Ok(view)
}

pub(crate) fn look(view: &View) -> Decision {
    decide(view, NOW, &Settings::default(), &TightestFit)
}

/// What a watch may tell.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// A node becomes Ready or NotReady.
    Readiness,
    /// A node goes or comes.
    Node,
    /// A Pod of a running group goes or comes.
    Pod,
    /// A JobSet with no Pods yet comes or goes.
    JobSet,
}

/// Takes one event in, there or back again.
pub(crate) fn happen(view: &mut View, event: Event, back: bool) -> Result<(), ReadError> {
    let (pool, at) = (POOLS / 2, 3);
    let node = |ready| node(pool, at, ready);
    let job = job("running", pool);
    let running = Pod::read(&pod(&job, pool, at, Some(pool)))?;
    let set = Owner::read(&set("new", 0))?;
    match (event, back) {
        (Event::Readiness, ready) => view.put_node(node(ready)?),
        (Event::Node, true) => view.put_node(node(true)?),
        (Event::Node, false) => view.remove_node(&node(true)?.name),
        (Event::Pod, true) => view.put_pod(running),
        (Event::Pod, false) => view.remove_pod(&running.reference.uid),
        (Event::JobSet, true) => view.remove_owner(&set.uid),
        (Event::JobSet, false) => view.put_owner(set),
    }
    Ok(())
}

fn carry_out(view: &mut View, decision: &Decision) -> Result<(), ReadError> {
    for (at, action) in decision.actions.iter().enumerate() {
        if let Action::Claim(claim) = action {
            let mut lease = claim.to_lease(NAMESPACE);
            lease["metadata"]["uid"] = json!(format!("lease-{at}"));
            lease["metadata"]["resourceVersion"] = json!("1");
            view.put_claim(Claim::read(&lease)?);
        }
    }
    Ok(())
}

fn node(pool: usize, at: usize, ready: bool) -> Result<Node, ReadError> {
    let name = format!("gke-cluster-pool-{pool}-node-{at}");
    let status = if ready { "True" } else { "False" };
    Node::read(&json!({
        "metadata": {"name": name, "uid": name, "labels": {
            POOL: format!("pool-{pool}"), "kubernetes.io/hostname": name,
            "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
            "cloud.google.com/gke-tpu-topology": "8x8",
            "cloud.google.com/gke-accelerator-count": "4",
            "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": "ct5lp-hightpu-4t",
            "topology.kubernetes.io/region": "us-west4",
            "topology.kubernetes.io/zone": format!("us-west4-{}", ["a", "b", "c"][pool % 3]),
        }},
        "spec": {"taints": [{"key": "google.com/tpu", "value": "present", "effect": "NoSchedule"}]},
        "status": {
            "allocatable": {"google.com/tpu": "4", "cpu": "111", "memory": "190Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": status}],
        },
    }))
}

fn add_group(
    view: &mut View,
    kind: &str,
    group: usize,
    pool: Option<usize>,
) -> Result<(), ReadError> {
    let job = job(kind, group);
    view.put_owner(Owner::read(&set(kind, group))?);
    view.put_job(Job::read(&job)?);
    for index in 0..NODES {
        view.put_pod(Pod::read(&pod(&job, group, index, pool))?);
    }
    Ok(())
}

fn set(kind: &str, group: usize) -> Value {
    json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
        "metadata": {"name": format!("{kind}-{group}"), "namespace": "default",
            "uid": format!("set-{kind}-{group}"), "creationTimestamp": "2026-01-01T00:00:00Z"},
    })
}

fn job(kind: &str, group: usize) -> Value {
    json!({
        "metadata": {"name": format!("{kind}-{group}-w-0"), "namespace": "default",
            "uid": format!("job-{kind}-{group}"), "ownerReferences": [owner(&set(kind, group))]},
        "spec": {"parallelism": NODES, "completions": NODES, "backoffLimit": 0},
    })
}

/// A Pod of a Job, gated or on a node of the pool.
fn pod(job: &Value, group: usize, index: usize, pool: Option<usize>) -> Value {
    let name = format!(
        "{}-{index}-abcde",
        job["metadata"]["name"].as_str().unwrap_or_default()
    );
    let mut controller = job.clone();
    controller["kind"] = json!("Job");
    controller["apiVersion"] = json!("batch/v1");
    let mut pod = json!({
        "metadata": {"name": name, "namespace": "default", "uid": name, "resourceVersion": "1",
            "annotations": {EXCLUSIVE_TOPOLOGY: POOL,
                "batch.kubernetes.io/job-completion-index": index.to_string()},
            "ownerReferences": [owner(&controller)]},
        "spec": {
            "schedulingGates": [{"name": GATE}],
            "nodeSelector": {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                "cloud.google.com/gke-tpu-topology": "8x8"},
            "tolerations": [{"key": "google.com/tpu", "operator": "Exists"}],
            "containers": [{"name": "main",
                "ports": [{"containerPort": 8471, "hostPort": 8471}],
                // Four kinds of groups, so that not one answer serves all.
                "resources": {"requests": {"cpu": (group % 4 + 1).to_string()},
                    "limits": {"google.com/tpu": "4"}}}],
        },
    });
    if let Some(pool) = pool {
        pod["spec"]["schedulingGates"] = json!([]);
        pod["spec"]["nodeName"] = json!(format!("gke-cluster-pool-{pool}-node-{index}"));
        pod["spec"]["nodeSelector"][POOL] = json!(format!("pool-{pool}"));
    }
    pod
}

fn owner(object: &Value) -> Value {
    json!({"apiVersion": object["apiVersion"], "kind": object["kind"],
        "name": object["metadata"]["name"], "uid": object["metadata"]["uid"], "controller": true})
}
