//! Waiting for a cell: until a model is loaded, or forgotten, or until servers have joined.
//!
//! It polls once a second, and nothing is lost when a connection breaks or a server restarts.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tpu::sax::ModelId;

use crate::failure::Failure;
use crate::printer::{Printer, Progress};
use crate::sax::{Demand, Grpc, Look, Progression, SaxError, Verdict, capacity};

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many looks until the Pods are looked for anew: they may come, go and be replaced.
const LOOKS: u32 = 10;

/// What to do where no server could serve the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hopeless {
    /// End at once.
    Ends,
    /// Go on: somebody knows better.
    GoesOn,
}

/// What a wait believes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Where no server could serve the model.
    pub(super) hopeless: Hopeless,
    /// How long what is loaded may be what was loaded before: until the admin server has acted.
    pub(super) settled: Duration,
}

impl From<Hopeless> for Patience {
    fn from(hopeless: Hopeless) -> Self {
        let settled = Duration::ZERO;
        Self { hopeless, settled }
    }
}

/// How long it may last.
struct Clock {
    started: Instant,
    limit: Duration,
}

impl Clock {
    fn start(limit: Duration) -> Self {
        let started = Instant::now();
        Self { started, limit }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Sleeps until the next look; `false` where there is no time for it.
    async fn tick(&self) -> bool {
        let left = self.elapsed() + INTERVAL <= self.limit;
        if left {
            sleep(INTERVAL).await;
        }
        left
    }
}

/// A line of the progress, and whether what it tells is done.
pub(super) type Line = (String, bool);

/// What one look saw: the lines to show, and how the waiting ended where it has.
pub(super) type Seen<T> = (Vec<Line>, Option<Result<T, SaxError>>);

/// What a look is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// How long it has been waited for.
    elapsed: Duration,
    /// Does somebody look on?
    live: bool,
    /// Are the connections to be made anew, as the look before failed?
    anew: bool,
}

/// Looks once a second until a look ends the waiting, or the time is over. An error that may pass
/// is shown.
pub(super) async fn poll<T>(
    what: &str,
    limit: Duration,
    printer: &Printer,
    mut look: impl AsyncFnMut(Moment) -> Result<Seen<T>, Failure>,
) -> Result<T, Failure> {
    let clock = Clock::start(limit);
    let mut progress = Progress::new(printer);
    let mut anew = false;
    loop {
        let moment = Moment {
            elapsed: clock.elapsed(),
            live: progress.is_live(),
            anew,
        };
        let (lines, ended, error) = match look(moment).await {
            Ok((lines, ended)) => (lines, ended, None),
            Err(failure) if may_pass(&failure) => {
                (vec![(failure.to_string(), false)], None, Some(failure))
            }
            Err(failure) => {
                progress.finish()?;
                return Err(failure);
            }
        };
        anew = error.is_some();
        progress.show(lines.clone());
        if let Some(ended) = ended {
            progress.finish()?;
            return Ok(ended?);
        }
        if !clock.tick().await {
            progress.finish()?;
            return Err(out_of_time(what, limit, lines, error));
        }
    }
}

/// Waits until so many replicas are loaded; `None` for all.
pub(super) async fn until_loaded(
    grpc: &mut Grpc,
    id: &ModelId,
    loaded: Option<usize>,
    limit: Duration,
    patience: Patience,
    printer: &Printer,
) -> Result<Look, Failure> {
    let mut progression = Progression::default();
    let mut looks = 0;
    let what = format!("{id} to be loaded");
    poll(&what, limit, printer, async |moment| {
        looks += 1;
        if moment.anew || looks % LOOKS == 0 {
            grpc.refresh().await;
        }
        let (look, why) = seen(grpc, id, patience.hopeless).await?;
        progression.see(&look, moment.elapsed);
        let mut lines = progression.lines(&look, moment.elapsed, moment.live);
        lines.extend(why.map(|why| (why, false)));
        let ended = match look.verdict(loaded.unwrap_or(look.wanted)) {
            Verdict::Ready if moment.elapsed < patience.settled => None,
            Verdict::Ready => Some(Ok(look)),
            Verdict::Failed(replicas) => Some(Err(SaxError::LoadFailed {
                id: id.clone(),
                replicas,
            })),
            Verdict::Waiting => None,
        };
        Ok((lines, ended))
    })
    .await
}

/// Waits until a model is no longer published and none of its servers holds it.
pub(super) async fn until_forgotten(
    grpc: &mut Grpc,
    id: &ModelId,
    servers: &[String],
    limit: Duration,
    printer: &Printer,
) -> Result<(), Failure> {
    let what = format!("{id} to be gone");
    poll(&what, limit, printer, async |moment| {
        if moment.anew {
            grpc.refresh().await;
        }
        let holders = holders(grpc, id, servers).await?;
        Ok(match holders.is_empty() {
            true => (
                vec![(format!("{id} is unloaded everywhere"), true)],
                Some(Ok(())),
            ),
            false => (
                holders.into_iter().map(|line| (line, false)).collect(),
                None,
            ),
        })
    })
    .await
}

/// Waits until so many model servers have joined.
pub(super) async fn until_joined(
    grpc: &mut Grpc,
    wanted: usize,
    limit: Duration,
    printer: &Printer,
) -> Result<(), Failure> {
    let what = format!("{wanted} model servers to join");
    poll(&what, limit, printer, async |moment| {
        if moment.anew {
            grpc.refresh().await;
        }
        let stats = grpc.admin.stats().await?;
        let kinds = stats.model_server_type_stats.iter();
        let joined: i64 = kinds.map(|kind| i64::from(kind.num_replicas)).sum();
        let done = usize::try_from(joined).is_ok_and(|joined| joined >= wanted);
        let line = format!("{joined}/{wanted} model servers have joined");
        Ok((vec![(line, done)], done.then_some(Ok(()))))
    })
    .await
}

fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Sax(error) => is_passing(error),
        Failure::Cluster(error) => error.is_passing(),
        _ => false,
    }
}

/// Could a later try succeed?
pub(super) fn is_passing(error: &SaxError) -> bool {
    matches!(
        error,
        SaxError::NoConnection { .. }
            | SaxError::Broken { .. }
            | SaxError::Silent { .. }
            | SaxError::AdminNotRunning { .. }
    )
}

/// The model now, and why it gets no servers where that is so.
async fn seen(
    grpc: &Grpc,
    id: &ModelId,
    hopeless: Hopeless,
) -> Result<(Look, Option<String>), SaxError> {
    let published = grpc.admin.get(id).await?;
    let look = grpc.look_at(&published).await;
    if look.replicas.len() >= look.wanted {
        return Ok((look, None));
    }
    let demand = Demand {
        id,
        class: &published.model.model_path,
        replicas: look.wanted,
    };
    let (stats, all) = (grpc.admin.stats().await?, grpc.admin.list().await?);
    let parts = grpc.parts();
    let servers = parts.as_ref().map(|parts| parts.servers.as_slice());
    let capacity = capacity(&demand, &stats, &all, servers);
    match capacity.problem(&demand) {
        Some(problem) if hopeless == Hopeless::Ends && capacity.is_hopeless() => Err(problem),
        problem => Ok((look, problem.map(|problem| problem.to_string()))),
    }
}

/// A line for each server that holds the model still.
async fn holders(grpc: &Grpc, id: &ModelId, servers: &[String]) -> Result<Vec<String>, SaxError> {
    if grpc.admin.find(id).await?.is_some() {
        return Ok(vec![format!("{id} is published still, or again")]);
    }
    let mut holders = Vec::new();
    for address in servers {
        // A server that is gone holds nothing.
        let Ok(server) = grpc.server(address) else {
            continue;
        };
        let name = grpc.name(address);
        match server.holdings(INTERVAL * 5).await {
            Ok(holdings) => {
                let mut held = holdings.iter();
                if held.any(|holding| holding.model == id.to_string()) {
                    holders.push(format!("{name} holds it still"));
                }
            }
            Err(SaxError::NoConnection { .. }) => {}
            Err(error) => holders.push(error.to_string()),
        }
    }
    Ok(holders)
}

/// Without an answer to the last look that is what there is to say.
fn out_of_time(what: &str, limit: Duration, lines: Vec<Line>, error: Option<Failure>) -> Failure {
    if limit.is_zero()
        && let Some(error) = error
    {
        return error;
    }
    let open = lines.into_iter().filter(|(_, done)| !done);
    SaxError::TimedOut {
        limit,
        what: what.to_owned(),
        open: open.map(|(line, _)| line).collect(),
    }
    .into()
}
