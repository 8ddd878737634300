//! `logs`: read one log after the other, or follow all at once.

mod following;

use std::collections::BTreeSet;

use futures_util::StreamExt as _;

use super::block_on;
use super::servers::Servers;
use crate::cli::LogsArgs;
use crate::cluster::LogRequest;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::milestones::Milestones;
use crate::printer::Printer;
use crate::servers::Role;
use crate::sources::{Selection, Source};

/// kubectl's own number where there are several logs.
const TAIL: u32 = 10;

pub(super) fn run(args: &LogsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let selection = Selection {
        component: args.component,
        slices: args.slice.clone(),
        workers: args.worker.clone(),
        primary: args.primary,
    };
    block_on(async {
        let servers = Servers::connect(&args.connection, &args.name).await?;
        let all = servers.all().await?;
        let chosen: Vec<_> = all
            .iter()
            .filter(|source| source.is_in(&selection))
            .cloned()
            .collect();
        if chosen.is_empty() {
            return Err(none_chosen(&all));
        }
        let request = request(args, chosen.len());
        match args.follow {
            true => following::run(args, &servers, &selection, chosen, &request, printer).await,
            false => one_by_one(args, &servers, &chosen, &request, printer).await,
        }
    })
}

fn request(args: &LogsArgs, logs: usize) -> LogRequest {
    let all = args.milestones || logs == 1;
    LogRequest {
        follow: args.follow,
        previous: args.previous,
        since: args.since,
        tail: match args.tail {
            Some(tail) => u32::try_from(tail).ok(),
            None => (!all).then_some(TAIL),
        },
        timestamps: args.timestamps,
    }
}

/// A log that can't be read is told, and the others are read all the same.
async fn one_by_one(
    args: &LogsArgs,
    servers: &Servers,
    chosen: &[Source],
    request: &LogRequest,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut missing = Vec::new();
    for (index, source) in chosen.iter().enumerate() {
        let read = print(args, servers, source, index, request, printer).await;
        match read {
            Ok(()) => {}
            Err(Failure::Cluster(cause)) => missing.push((source, cause)),
            Err(failure) => return Err(failure),
        }
    }
    for (source, cause) in &missing {
        printer.warning(&format!("{source}: no log: {cause}"))?;
    }
    match missing.pop() {
        Some((_, cause)) if missing.len() + 1 == chosen.len() => Err(cause.into()),
        Some(_) => Ok(Exit::Partial),
        None => Ok(Exit::Fine),
    }
}

async fn print(
    args: &LogsArgs,
    servers: &Servers,
    source: &Source,
    index: usize,
    request: &LogRequest,
    printer: &Printer,
) -> Result<(), Failure> {
    let cluster = &servers.cluster;
    let Source { pod, container, .. } = source;
    let lines = cluster.log_lines(&servers.namespace, pod, container, request);
    let mut lines = lines.await?;
    let mut shown = Shown::of(args, source, index);
    loop {
        let next = tokio::time::timeout(following::SILENCE, lines.next()).await;
        let Some(line) = next.map_err(|_| cluster.silent(following::SILENCE))? else {
            return Ok(printer.data(&shown.end(printer))?);
        };
        printer.data(&shown.line(&line?, printer))?;
    }
}

/// One log as it is shown: each line with where it comes from.
struct Shown {
    label: String,
    index: usize,
    /// Only these, where nothing else is wanted.
    milestones: Option<Milestones>,
}

impl Shown {
    fn of(args: &LogsArgs, source: &Source, index: usize) -> Self {
        Self {
            label: format!("[{source}]"),
            index,
            milestones: args.milestones.then(Milestones::default),
        }
    }

    /// A line; nothing where it isn't wanted.
    fn line(&mut self, line: &str, printer: &Printer) -> String {
        let lines = match &mut self.milestones {
            Some(milestones) => milestones.of(line),
            None => vec![line.to_owned()],
        };
        self.labelled(lines, printer)
    }

    /// What is left to show when the log has ended.
    fn end(&mut self, printer: &Printer) -> String {
        let left = self.milestones.as_mut().and_then(Milestones::end);
        self.labelled(left, printer)
    }

    fn labelled(&self, lines: impl IntoIterator<Item = String>, printer: &Printer) -> String {
        let label = printer.hue(&self.label, self.index);
        let lines = lines.into_iter().map(|line| format!("{label} {line}\n"));
        lines.collect()
    }
}

fn none_chosen(all: &[Source]) -> Failure {
    let places = |of: fn(&Source) -> Option<u32>| {
        let places: BTreeSet<_> = all.iter().filter_map(of).collect();
        let places: Vec<_> = places.iter().map(u32::to_string).collect();
        places.join(",")
    };
    let roles: BTreeSet<_> = all.iter().map(|source| source.role).collect();
    let roles: Vec<_> = roles.into_iter().map(Role::word).collect();
    let (slices, workers) = (
        places(|source| source.slice),
        places(|source| source.worker),
    );
    Failure::Flag {
        flag: "--component, --primary, --slice, --worker",
        message: format!(
            "they leave no server: components are {}, slices {slices}, workers {workers}",
            roles.join(",")
        ),
    }
}
