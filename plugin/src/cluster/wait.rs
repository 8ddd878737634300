//! Waiting until a deployment serves, stage by stage, with the reason where one stands still.
//!
//! It polls: five requests a second at most, and nothing is lost when a connection breaks.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use tokio::time::{Instant, sleep};

use super::replace::ended;
use super::{Cluster, ClusterError};
use crate::scaffold::{JOB_INDEX_LABEL, JOBSET_NAME_LABEL, Object};

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where.
    pub(crate) namespace: String,
    /// The admin server's Deployment.
    pub(crate) admin: String,
    /// The model servers.
    pub(crate) jobset: Object,
    /// How many Jobs the JobSet has.
    pub(crate) slices: u32,
    /// How many Pods each Job has.
    pub(crate) vms: u32,
    /// The HTTP server's Deployment.
    pub(crate) http: String,
}

/// One thing that is waited for, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Such as `slice 0: 3/8 Pods Running`.
    pub(crate) text: String,
    /// Why it stands still, where that is known.
    pub(crate) reason: Option<String>,
    /// Is it reached?
    pub(crate) done: bool,
}

/// `slice 0: 3/8 Pods Running (0/4 nodes are available)`
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{} ({reason})", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// How the waiting ended.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// Everything runs.
    Ready,
    /// Time is up; these stages weren't reached.
    TimedOut(Vec<Stage>),
    /// The JobSet runs no more, in its own words.
    Ended(String),
}

/// Waits, and shows every look to `show`. A time limit of zero looks once.
pub(crate) async fn wait(
    cluster: &Cluster,
    target: &Target,
    limit: Duration,
    mut show: impl FnMut(&[Stage]),
) -> Result<Waiting, ClusterError> {
    let deadline = Instant::now() + limit;
    loop {
        let stages = match look(cluster, target).await {
            Ok(Look::Stages(stages)) => stages,
            Ok(Look::Ended(message)) => return Ok(Waiting::Ended(message)),
            // The next look may find the server again.
            Err(error) if error.is_passing() => vec![Stage {
                text: error.to_string(),
                reason: None,
                done: false,
            }],
            Err(error) => return Err(error),
        };
        show(&stages);
        if stages.iter().all(|stage| stage.done) {
            return Ok(Waiting::Ready);
        }
        if Instant::now() + INTERVAL > deadline {
            let open = stages.into_iter().filter(|stage| !stage.done);
            return Ok(Waiting::TimedOut(open.collect()));
        }
        sleep(INTERVAL).await;
    }
}

/// Waits until a Deployment has an available replica; the stage that wasn't reached in time.
pub(crate) async fn wait_available(
    cluster: &Cluster,
    deployment: &Object,
    limit: Duration,
    mut show: impl FnMut(&Stage),
) -> Result<Option<Stage>, ClusterError> {
    let deadline = Instant::now() + limit;
    let namespace = deployment.namespace.as_deref().unwrap_or_default();
    loop {
        let found = cluster.deployment(namespace, &deployment.name).await?;
        let stage = deployment_stage(&deployment.name, found.as_ref());
        show(&stage);
        if stage.done {
            return Ok(None);
        }
        if Instant::now() + INTERVAL > deadline {
            return Ok(Some(stage));
        }
        sleep(INTERVAL).await;
    }
}

enum Look {
    Stages(Vec<Stage>),
    Ended(String),
}

async fn look(cluster: &Cluster, target: &Target) -> Result<Look, ClusterError> {
    let namespace = &target.namespace;
    let jobset = cluster.get(&target.jobset).await?;
    if let Some(message) = jobset.as_ref().and_then(|jobset| ended(&jobset.value)) {
        return Ok(Look::Ended(message));
    }
    let admin = cluster.deployment(namespace, &target.admin).await?;
    let selector = format!("{JOBSET_NAME_LABEL}={}", target.jobset.name);
    let pods = cluster.pods(namespace, &selector).await?;
    let http = cluster.deployment(namespace, &target.http).await?;
    let mut stages = vec![deployment_stage("admin server", admin.as_ref())];
    stages.extend((0..target.slices).map(|index| slice_stage(index, target.vms, &pods)));
    stages.push(deployment_stage("HTTP server", http.as_ref()));
    Ok(Look::Stages(stages))
}

fn deployment_stage(what: &str, deployment: Option<&Deployment>) -> Stage {
    let status = deployment.and_then(|deployment| deployment.status.as_ref());
    let generation = deployment.and_then(|deployment| deployment.metadata.generation);
    let seen = status.is_some_and(|status| status.observed_generation >= generation);
    let available = status.and_then(|status| status.available_replicas);
    let done = seen && available.unwrap_or(0) > 0;
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let trouble = conditions.into_iter().flatten().find(|condition| {
        condition.type_ == "ReplicaFailure" && condition.status == "True"
            || condition.type_ == "Progressing" && condition.status == "False"
    });
    Stage {
        text: format!(
            "{what} {}",
            if done {
                "available"
            } else {
                "not available yet"
            }
        ),
        reason: trouble.and_then(|condition| condition.message.clone()),
        done,
    }
}

fn slice_stage(index: u32, vms: u32, pods: &[Pod]) -> Stage {
    let wanted = index.to_string();
    let of_slice = || {
        pods.iter()
            .filter(|pod| label(pod, JOB_INDEX_LABEL) == Some(&wanted))
    };
    let running = of_slice()
        .filter(|pod| phase(pod) == Some("Running"))
        .count();
    let done = usize::try_from(vms).is_ok_and(|vms| running >= vms);
    let reason = if done {
        None
    } else {
        of_slice().find_map(pod_reason)
    };
    Stage {
        text: format!("slice {index}: {running}/{vms} Pods Running"),
        reason,
        done,
    }
}

fn label<'a>(pod: &'a Pod, key: &str) -> Option<&'a String> {
    pod.metadata.labels.as_ref()?.get(key)
}

fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}

/// Why a Pod doesn't run: it can't be scheduled, or a container can't start.
fn pod_reason(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let unscheduled = status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False");
    if let Some(condition) = unscheduled {
        return condition.message.clone();
    }
    let waiting = status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|container| container.state.as_ref()?.waiting.as_ref());
    waiting
        .filter_map(|waiting| waiting.reason.clone())
        .find(|reason| reason != "ContainerCreating" && reason != "PodInitializing")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{deployment_stage, slice_stage};

    #[test]
    fn a_slice_counts_its_running_pods_and_says_why_others_wait() {
        let pod = |index: &str, status| {
            let labels = json!({"jobset.sigs.k8s.io/job-index": index});
            let pod = json!({"metadata": {"labels": labels}, "status": status});
            serde_json::from_value(pod).expect("must be a Pod")
        };
        let pending = json!({"phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "message": "0/4 nodes are available"}]});
        let pods = [
            pod("0", json!({"phase": "Running"})),
            pod("0", pending),
            pod("1", json!({"phase": "Running"})),
        ];
        let stage = slice_stage(0, 2, &pods);
        assert_eq!(stage.text, "slice 0: 1/2 Pods Running");
        assert_eq!(stage.reason.as_deref(), Some("0/4 nodes are available"));
        assert!(slice_stage(1, 1, &pods).done);
    }

    #[test]
    fn an_available_replica_of_an_older_generation_does_not_count() {
        let deployment = |observed: i64| {
            let status = json!({"observedGeneration": observed, "availableReplicas": 1});
            let deployment = json!({"metadata": {"generation": 2}, "spec": null, "status": status});
            serde_json::from_value(deployment).expect("must be a Deployment")
        };
        assert!(!deployment_stage("admin", Some(&deployment(1))).done);
        assert!(deployment_stage("admin", Some(&deployment(2))).done);
        assert!(!deployment_stage("admin", None).done);
    }
}
