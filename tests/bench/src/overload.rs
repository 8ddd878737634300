//! Twice as many reviews as the webhook can answer: what it still answers, how late, with how much
//! memory, and how soon it is itself again.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use runtime::{Engine, EngineOptions, load_builtin};

use crate::load::{on_connections, wait};
use crate::row::{MEGABYTE, Quantity, Row};
use crate::sample::Sample;
use crate::subject::{completed_pod, pod_review};
use crate::webhook::{Folders, Webhook};
use sax_tests::https::Answered;

/// Of what it can answer, at least four fifths are answered.
const TIMES: f64 = 1.25;
/// The registration's own timeout.
const TIMEOUT: Duration = Duration::from_secs(5);
const RECOVERY: Duration = Duration::from_secs(1);
/// Memory after the second half, as a multiple of that after the first.
const GROWTH: f64 = 1.1;
/// As many as it takes to fill the queues (64 a worker) of a machine like a laptop twice.
const CONNECTIONS: u32 = 256;
/// Without more than the machine can do.
const CALM: u32 = 4;
const CALIBRATION: Duration = Duration::from_secs(3);
/// One half of the time above capacity.
const HALF: Duration = Duration::from_secs(10);

/// What came of one half.
struct Half {
    accepted: Sample,
    shed: usize,
    memory: u64,
}

/// Measures answers about complete 2 KB Pods.
pub(crate) fn measure(program: &Path) -> Result<Vec<Row>> {
    let policies = load_builtin(&Engine::new(&EngineOptions::default())?)?;
    let body = pod_review(&completed_pod(&policies)?);
    let folders = Folders::new()?;
    let webhook = folders.start(program)?;
    calm(&webhook, &body)?;
    let capacity = calm(&webhook, &body)?;
    let halves = [
        flood(&webhook, &body, capacity * 2.0)?,
        flood(&webhook, &body, capacity * 2.0)?,
    ];
    let recovery = recovery(&webhook, &body)?;
    rows(capacity, &halves, recovery)
}

fn rows(capacity: f64, halves: &[Half; 2], recovery: Duration) -> Result<Vec<Row>> {
    let [first, last] = halves;
    ensure!(
        last.shed > 0,
        "nothing was sent away: the load wasn't above capacity"
    );
    let seconds = HALF.as_secs_f64();
    let goodput = count(last.accepted.count()) / seconds;
    let slowest = last.accepted.p99().context("too few answers for a p99")?;
    let growth = count(megabytes(last)) / count(megabytes(first).max(1));
    let shed = count(last.shed) / seconds;
    Ok(vec![
        Row::of(
            "overload",
            "what it can answer, as a multiple of what it answers of twice as much",
            Quantity::Times(TIMES),
            Quantity::Times(capacity / goodput),
        )
        .noting(format!(
            "{capacity:.0} answers a second can be had; of twice that, on {CONNECTIONS} connections, \
             {goodput:.0} are answered and {shed:.0} sent away; the clients share the processors"
        )),
        Row::of(
            "overload-p99",
            "one in a hundred of the answered is slower than",
            TIMEOUT.into(),
            slowest.into(),
        ),
        Row::of(
            "overload-memory",
            "memory after the second half, as a multiple of that after the first",
            Quantity::Times(GROWTH),
            Quantity::Times(growth),
        )
        .noting(format!("{} MB, then {} MB", megabytes(first), megabytes(last))),
        Row::of("recovery", "the first answer afterwards", RECOVERY.into(), recovery.into()),
    ])
}

/// Answers a second with few connections, each of which waits for its answer.
fn calm(webhook: &Webhook, body: &[u8]) -> Result<f64> {
    let start = Instant::now();
    let counts = on_connections(CALM, |_| {
        let mut client = webhook.connect()?;
        let mut answers = 0_u32;
        while start.elapsed() < CALIBRATION {
            client.post("/mutate?timeout=5s", body)?;
            answers += 1;
        }
        Ok(answers)
    })?;
    Ok(f64::from(counts.iter().sum::<u32>()) / start.elapsed().as_secs_f64())
}

/// So many reviews a second, each sent when it is due, or as soon as its connection is free.
fn flood(webhook: &Webhook, body: &[u8], rate: f64) -> Result<Half> {
    let start = Instant::now();
    let all = on_connections(CONNECTIONS, |connection| {
        let mut client = webhook.connect()?;
        let (mut times, mut shed) = (Vec::new(), 0_usize);
        for turn in (connection..).step_by(CONNECTIONS as usize) {
            let due = Duration::from_secs_f64(f64::from(turn) / rate);
            if due > HALF || start.elapsed() > HALF {
                break;
            }
            wait(due.saturating_sub(start.elapsed()));
            let sent = Instant::now();
            match client.try_post("/mutate?timeout=5s", body)? {
                Answered::Well(_) => times.push(sent.elapsed()),
                Answered::Later => shed += 1,
            }
        }
        Ok((times, shed))
    })?;
    let shed = all.iter().map(|(_, shed)| shed).sum();
    let times: Vec<_> = all.into_iter().flat_map(|(times, _)| times).collect();
    Ok(Half {
        accepted: Sample::from(times),
        shed,
        memory: webhook.memory("VmRSS")?,
    })
}

fn recovery(webhook: &Webhook, body: &[u8]) -> Result<Duration> {
    let start = Instant::now();
    webhook.connect()?.post("/mutate?timeout=5s", body)?;
    Ok(start.elapsed())
}

fn megabytes(half: &Half) -> usize {
    usize::try_from(half.memory / MEGABYTE).unwrap_or(usize::MAX)
}

/// Counts here are far below where a float gets coarse.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
