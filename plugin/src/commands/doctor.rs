//! `doctor`: read all there is, examine, tell.

mod shadows;

use std::path::Path;
use std::time::Duration;

use placement::{Settings, decide};
use serde_json::Value;
use tokio::time::timeout;

use super::block_on;
use super::webhook::status;
use crate::bundle::{self, Entry, LogEnd, entries};
use crate::cli::{DoctorArgs, TextOrJson};
use crate::cluster::{Cluster, ClusterError, ConnectionFlags, context_name, offline_namespace};
use crate::doctor::{Evidence, Report, Scope, WebhookSeen, examine};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::{ColorChoice, Printer};
use crate::render::{pretty_json, report_text};
use crate::servers::Role;
use crate::standing::standing;

/// How long one answer may take: the API server itself waits ten seconds for a webhook.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How much of a log goes into a bundle.
const LINES: i64 = 500;
const BYTES: i64 = 256 * 1024;
/// How many Pods' logs do.
const PODS: usize = 64;

/// What was read, or why nothing could be.
enum Reading {
    Read(Box<Evidence>, Vec<LogEnd>),
    Unreachable(ClusterError),
}

pub(super) fn run(args: &DoctorArgs, printer: &Printer) -> Result<Exit, Failure> {
    let judge = Judge::load(&[])?;
    let scope = scope(args)?;
    if let Some(path) = args.bundle.as_deref().filter(|path| path.exists()) {
        return Err(exists(path));
    }
    let reading = block_on(async {
        let reading = timeout(LIMIT, read(args, scope.clone(), &judge)).await;
        reading.unwrap_or_else(|_| Ok(Reading::Unreachable(too_late())))
    })?;
    let (report, evidence, logs) = match reading {
        Reading::Read(evidence, logs) => {
            let judge = judge.knowing(evidence.objects.iter().map(|object| &object.value));
            (examine(&evidence, &judge)?, evidence, logs)
        }
        Reading::Unreachable(cause) => {
            let report = Report::unreachable(scope, &cause.to_string(), cause.fix());
            (report, Box::default(), Vec::new())
        }
    };
    printer.data(&match args.output {
        TextOrJson::Text => report_text(&report, printer),
        TextOrJson::Json => pretty_json(&report),
    })?;
    if let Some(path) = &args.bundle {
        let mut files = reports(&report);
        files.extend(entries(&evidence, &logs, !args.no_redact));
        bundle::write(path, &files).map_err(|cause| unwritable(path, &cause))?;
        printer.note(&format!("wrote {}: {} files", path.display(), files.len()))?;
    }
    Ok(exit(args, &report))
}

fn scope(args: &DoctorArgs) -> Result<Scope, Failure> {
    Ok(Scope {
        context: context_name(&args.connection),
        namespace: offline_namespace(&args.connection)?,
        name: args.name.clone(),
        preflight: args.preflight,
    })
}

/// Reads; that the cluster doesn't answer, or not to us, is a finding and no failure.
async fn read(args: &DoctorArgs, scope: Scope, judge: &Judge) -> Result<Reading, Failure> {
    let connection = args.connection.within(PATIENCE);
    match evidence(&connection, scope, judge).await {
        Ok((cluster, evidence)) => {
            let logs = match args.bundle {
                Some(_) => logs(&cluster, &evidence).await,
                None => Vec::new(),
            };
            Ok(Reading::Read(Box::new(evidence), logs))
        }
        Err(cause) => Ok(Reading::Unreachable(cause)),
    }
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

fn reports(report: &Report) -> Vec<Entry> {
    let plain = Printer::new(ColorChoice::Never);
    vec![
        Entry::new("report.txt", report_text(report, &plain)),
        Entry::new("report.json", pretty_json(report)),
        Entry::new(
            "version.txt",
            format!("kubectl-sax {}\n", env!("CARGO_PKG_VERSION")),
        ),
    ]
}

fn exit(args: &DoctorArgs, report: &Report) -> Exit {
    match (report.problems, report.warnings) {
        (0, 0) => Exit::Fine,
        (0, _) if !args.strict => Exit::Fine,
        _ => Exit::Denied,
    }
}

fn too_late() -> ClusterError {
    ClusterError::TooLate {
        seconds: LIMIT.as_secs(),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::Flag {
        flag: "--bundle",
        message: format!("{} exists already; name another file", path.display()),
    }
}

fn unwritable(path: &Path, cause: &std::io::Error) -> Failure {
    Failure::Flag {
        flag: "--bundle",
        message: format!(
            "{} can't be written: {}",
            path.display(),
            crate::system::plain(cause)
        ),
    }
}
