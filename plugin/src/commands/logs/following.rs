//! Logs as they are written, those of Pods too that take the place of others.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, interval};

use super::Shown;
use crate::cli::LogsArgs;
use crate::cluster::{ClusterError, LogRequest};
use crate::commands::servers::Servers;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sources::{Selection, Source};

/// How long a log that isn't followed may be silent.
pub(super) const SILENCE: Duration = Duration::from_secs(30);
/// How often to look for new Pods.
const LOOK: Duration = Duration::from_secs(2);
/// How long to wait for Pods where there are none any more.
const ALONE: Duration = Duration::from_secs(120);
/// How many lines wait to be printed.
const WAITING: usize = 256;

/// A line, and the number of the log that it is of.
type Line = (usize, String);

/// Follows until Ctrl-C, or until no Pod has come for a while.
pub(super) async fn run(
    args: &LogsArgs,
    servers: &Servers,
    selection: &Selection,
    chosen: Vec<Source>,
    request: &LogRequest,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (sender, mut lines) = channel::<Line>(WAITING);
    let mut seen = BTreeSet::new();
    let mut shown: Vec<Shown> = Vec::new();
    let mut open = FuturesUnordered::new();
    let mut look = interval(LOOK);
    let mut alive = Instant::now();
    let mut next = chosen;
    loop {
        for source in next.drain(..) {
            if seen.contains(&source.incarnation) {
                continue;
            }
            if open.len() == args.max_log_requests {
                return Err(too_many(args));
            }
            seen.insert(source.incarnation.clone());
            let index = shown.len();
            shown.push(Shown::of(args, &source, index + 1));
            open.push(follow(servers, source, index, request, sender.clone()));
        }
        tokio::select! {
            Some((index, line)) = lines.recv() => {
                printer.data(&shown[index].line(&line, printer))?;
            }
            Some((source, index, ended)) = open.next() => {
                while let Ok((index, line)) = lines.try_recv() {
                    printer.data(&shown[index].line(&line, printer))?;
                }
                printer.data(&shown[index].end(printer))?;
                if let Err(cause) = ended {
                    printer.note(&format!("[{source}] its log ended: {cause}"))?;
                }
            }
            _ = look.tick() => {
                let now = servers.now().await?;
                next = now.into_iter().filter(|source| source.runs && source.is_in(selection)).collect();
            }
        }
        if !open.is_empty() {
            alive = Instant::now();
        }
        if alive.elapsed() > ALONE {
            printer.note("no Pod is left to follow")?;
            return Ok(Exit::Fine);
        }
    }
}

async fn follow(
    servers: &Servers,
    source: Source,
    index: usize,
    request: &LogRequest,
    sender: Sender<Line>,
) -> (Source, usize, Result<(), ClusterError>) {
    let Source { pod, container, .. } = &source;
    let lines = servers
        .cluster
        .log_lines(&servers.namespace, pod, container, request);
    let mut lines = match lines.await {
        Ok(lines) => lines,
        Err(cause) => return (source, index, Err(cause)),
    };
    while let Some(Ok(line)) = lines.next().await {
        if sender.send((index, line)).await.is_err() {
            break;
        }
    }
    (source, index, Ok(()))
}

fn too_many(args: &LogsArgs) -> Failure {
    Failure::Flag {
        flag: "--max-log-requests",
        message: format!(
            "there are more than {} logs to follow; name fewer with --primary, --slice or --worker, \
             or raise the limit",
            args.max_log_requests
        ),
    }
}
