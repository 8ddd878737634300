//! Reads all that `doctor` and `report` look at, within our own time, and examines it.

mod shadows;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use placement::{Settings, decide};
use serde_json::Value;
use tokio::time::timeout;

use super::status::cells;
use super::webhook::status;
use crate::bundle::LogEnd;
use crate::cluster::{Cluster, ClusterError, ConnectionFlags};
use crate::doctor::{Evidence, Report, Scope, WebhookSeen, examine};
use crate::failure::Failure;
use crate::judge::Judge;
use crate::servers::Role;
use crate::standing::{CellStanding, standing};

/// How long one answer may take: the API server itself waits ten seconds for a webhook.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How much of a log is read.
const LINES: i64 = 500;
const BYTES: i64 = 256 * 1024;
/// How many Pods' logs are.
const PODS: usize = 64;

/// What is read besides what the checks look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Besides {
    /// The ends of the Sax servers' logs.
    pub(super) logs: bool,
    /// What Saxml says of its models.
    pub(super) cells: bool,
}

/// What was found, and of what.
pub(super) struct Examination {
    /// What is wrong.
    pub(super) report: Report,
    /// What it was found in.
    pub(super) material: Material,
}

/// What was read.
#[derive(Default)]
pub(super) struct Material {
    /// What the checks look at.
    pub(super) evidence: Evidence,
    /// The ends of logs, where they were asked for.
    pub(super) logs: Vec<LogEnd>,
    /// The namespace's cell, where it was asked for.
    pub(super) cells: Vec<CellStanding>,
}

/// Reads and examines. That the cluster doesn't answer, or not to us, is the caller's to judge.
pub(super) async fn examined(
    connection: &ConnectionFlags,
    scope: Scope,
    judge: Judge,
    besides: Besides,
) -> Result<Result<Examination, ClusterError>, Failure> {
    let connection = connection.within(PATIENCE);
    let reading = timeout(LIMIT, read(&connection, scope, &judge, besides)).await;
    let seconds = LIMIT.as_secs();
    let material = match reading.unwrap_or(Err(ClusterError::TooLate { seconds })) {
        Ok(material) => material,
        Err(cause) => return Ok(Err(cause)),
    };
    let objects = material.evidence.objects.iter();
    let judge = judge.knowing(objects.map(|object| &object.value));
    let report = examine(&material.evidence, &judge)?;
    Ok(Ok(Examination { report, material }))
}

async fn read(
    connection: &ConnectionFlags,
    scope: Scope,
    judge: &Judge,
    besides: Besides,
) -> Result<Material, ClusterError> {
    let (cluster, evidence) = evidence(connection, scope, judge).await?;
    let cluster = Arc::new(cluster);
    let logs = async {
        match besides.logs {
            true => logs(&cluster, &evidence).await,
            false => Vec::new(),
        }
    };
    let cells = async {
        match besides.cells {
            true => cells::cells(&cluster, &evidence.scope.namespace).await,
            false => Vec::new(),
        }
    };
    let (logs, cells) = join(logs, cells).await;
    Ok(Material {
        evidence,
        logs,
        cells,
    })
}

async fn evidence(
    connection: &ConnectionFlags,
    scope: Scope,
    judge: &Judge,
) -> Result<(Cluster, Evidence), ClusterError> {
    let cluster = Cluster::connect_without_retries(connection).await?;
    let (mut evidence, reading) = cluster.evidence(scope).await?;
    let now = super::now();
    let decision = decide(
        &reading.inventory.view,
        now,
        &Settings::default(),
        judge.rank(),
    );
    evidence.standing = standing(&reading.inventory, &decision);
    evidence.inventory = reading.inventory;
    evidence.shadows = shadows::on_path();
    evidence.webhook = match status::look(&cluster).await {
        Ok(status) => status.seen(),
        Err(ClusterError::Forbidden { message }) => WebhookSeen {
            unknown: Some(message),
            ..WebhookSeen::default()
        },
        Err(cause) => return Err(cause),
    };
    Ok((cluster, evidence))
}

/// The ends of the Sax servers' logs. Why one can't be had stands in its place.
async fn logs(cluster: &Cluster, evidence: &Evidence) -> Vec<LogEnd> {
    let servers = evidence.pods.iter().flat_map(containers).take(PODS);
    let reading = servers.map(async |(pod, container)| {
        let end = cluster.log_end(&evidence.scope.namespace, &pod, &container, LINES, BYTES);
        let text = match end.await {
            Ok(text) => text,
            Err(cause) => format!("no log: {cause}\n"),
        };
        LogEnd {
            pod,
            container,
            text,
        }
    });
    futures_util::future::join_all(reading).await
}

/// Pods and containers of Sax.
fn containers(pod: &Value) -> Vec<(String, String)> {
    let name = pod
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let of_sax = containers
        .into_iter()
        .flatten()
        .filter(|container| Role::of(container).is_some());
    let named = of_sax.filter_map(|container| container["name"].as_str());
    named
        .map(|container| (name.to_owned(), container.to_owned()))
        .collect()
}
