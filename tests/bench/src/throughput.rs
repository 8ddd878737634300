//! What an answer costs the webhook beside a server that only parses, and how long answers take
//! at half of what it can do.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use runtime::{Engine, EngineOptions, load_builtin};

use crate::load::{on_connections, wait};
use crate::row::{Quantity, Row};
use crate::sample::Sample;
use crate::subject::{completed_pod, pod_review};
use crate::webhook::{Folders, Webhook};

/// An answer may cost this many times what parsing alone costs.
const TIMES: f64 = 4.0;
const P99: Duration = Duration::from_millis(5);
/// The API server keeps several connections.
const CONNECTIONS: u32 = 4;
/// The two servers take turns, so that a busy machine slows down both.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1_000);
const PACED: Duration = Duration::from_secs(5);

/// What one server did.
#[derive(Debug, Default)]
struct Work {
    answers: u32,
    processor: Duration,
    clock: Duration,
}

/// Measures answers about complete 2 KB Pods.
pub(crate) fn measure(program: &Path) -> Result<Vec<Row>> {
    let policies = load_builtin(&Engine::new(&EngineOptions::default())?)?;
    let body = pod_review(&completed_pod(&policies)?);
    let folders = Folders::new()?;
    let webhook = folders.start(program)?;
    let parser = folders.start_parser()?;
    let (mut ours, mut theirs) = (Work::default(), Work::default());
    load(&webhook, &body)?;
    load(&parser, &body)?;
    for _ in 0..ROUNDS {
        ours.add(&load(&webhook, &body)?);
        theirs.add(&load(&parser, &body)?);
    }
    Ok(vec![
        throughput(&ours, &theirs, policies.set.0.len()),
        paced(&webhook, &body, ours.rate() / 2.0)?,
    ])
}

fn throughput(ours: &Work, theirs: &Work, policies: usize) -> Row {
    let share = Quantity::Times(ours.cost() / theirs.cost());
    let what = "processor time of an answer, as a multiple of only parsing";
    Row::of("throughput", what, Quantity::Times(TIMES), share).noting(format!(
        "2 KB Pods that {policies} policies match, TLS 1.3, {CONNECTIONS} connections: {:.1} µs an \
         answer and {:.0} answers a second; only parsing {:.1} µs and {:.0}; the clients share the \
         processors",
        ours.cost() * 1e6,
        ours.rate(),
        theirs.cost() * 1e6,
        theirs.rate(),
    ))
}

fn paced(webhook: &Webhook, body: &[u8], rate: f64) -> Result<Row> {
    let sample = at_rate(webhook, body, rate)?;
    let slowest = sample.p99().context("too few answers for a p99")?;
    let what = "one in a hundred answers at half that load is slower than";
    let row = Row::of("p99", what, P99.into(), slowest.into());
    Ok(row.noting(format!(
        "{} answers at {rate:.0} a second, from the time when each was due; the median is {:.2} ms",
        sample.count(),
        sample.p50().as_secs_f64() * 1e3
    )))
}

/// As many reviews as the server answers in a round.
fn load(server: &Webhook, body: &[u8]) -> Result<Work> {
    let answers = AtomicUsize::new(0);
    let (processor, start) = (server.processor_time()?, Instant::now());
    on_connections(CONNECTIONS, |_| {
        let mut client = server.connect()?;
        while start.elapsed() < ROUND {
            client.post("/mutate?timeout=10s", body)?;
            answers.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })?;
    Ok(Work {
        answers: u32::try_from(answers.into_inner()).context("count answers")?,
        processor: server.processor_time()?.saturating_sub(processor),
        clock: start.elapsed(),
    })
}

/// Reviews that are sent when they are due, whether or not earlier ones were slow.
fn at_rate(server: &Webhook, body: &[u8], rate: f64) -> Result<Sample> {
    let start = Instant::now();
    let times = on_connections(CONNECTIONS, |connection| {
        let mut client = server.connect()?;
        let mut times = Vec::new();
        for turn in (connection..).step_by(CONNECTIONS as usize) {
            let due = Duration::from_secs_f64(f64::from(turn) / rate);
            if due > PACED {
                break;
            }
            wait(due.saturating_sub(start.elapsed()));
            client.post("/mutate?timeout=10s", body)?;
            times.push(start.elapsed().saturating_sub(due));
        }
        Ok(times)
    })?;
    Ok(Sample::from(times.concat()))
}

impl Work {
    fn add(&mut self, other: &Self) {
        self.answers += other.answers;
        self.processor += other.processor;
        self.clock += other.clock;
    }

    /// Seconds of processor time for an answer.
    fn cost(&self) -> f64 {
        self.processor.as_secs_f64() / f64::from(self.answers.max(1))
    }

    /// Answers a second.
    fn rate(&self) -> f64 {
        f64::from(self.answers) / self.clock.as_secs_f64()
    }
}
