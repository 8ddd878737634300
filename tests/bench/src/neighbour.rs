//! What others feel of one bad policy, which loops, allocates or traps on half of the traffic.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use runtime::{Engine, EngineOptions, load_builtin};
use serde_json::json;

use crate::guest;
use crate::load::{on_connections, wait};
use crate::policy_set::write_for_namespace;
use crate::row::{Quantity, Row};
use crate::sample::Sample;
use crate::subject::{completed_pod, pod_review};
use crate::webhook::{Folders, Webhook};

/// The slowest answers of the others, as a multiple of those with a policy that does nothing.
const TIMES: f64 = 2.0;
/// The API server keeps several connections.
const CONNECTIONS: u32 = 8;
const CALIBRATION: Duration = Duration::from_secs(2);
/// Reviews of others that are measured at least: what one in a hundred exceeds is to be known.
const OTHERS: u32 = 400;
const AT_LEAST: Duration = Duration::from_secs(5);
/// The bad policy's namespace.
const BAD: &str = "bad";

/// The same review, about nobody's Pod and about one that the bad policy sees.
struct Bodies {
    other: Vec<u8>,
    bad: Vec<u8>,
}

/// Measures answers about complete 2 KB Pods at half of what can be answered with the bad policy.
pub(crate) fn measure(program: &Path) -> Result<Vec<Row>> {
    let policies = load_builtin(&Engine::new(&EngineOptions::default())?)?;
    let mut pod = completed_pod(&policies)?;
    let other = pod_review(&pod);
    *pod.pointer_mut("/metadata/namespace")
        .context("the Pod has no namespace")? = json!(BAD);
    let bodies = Bodies {
        other,
        bad: pod_review(&pod),
    };
    [
        ("loops", guest::looping()?),
        ("allocates", guest::hog()?),
        ("traps", guest::trapping()?),
    ]
    .into_iter()
    .map(|(what, component)| row(program, &bodies, what, &component))
    .collect()
}

fn row(program: &Path, bodies: &Bodies, what: &str, component: &[u8]) -> Result<Row> {
    let (folders, calm) = (Folders::new()?, Folders::new()?);
    write_for_namespace(&folders.policies(), BAD, component)?;
    write_for_namespace(&calm.policies(), BAD, &guest::idle()?)?;
    let (bad, idle) = (folders.start(program)?, calm.start(program)?);
    let answer = bad.connect()?.post("/mutate?timeout=10s", &bodies.bad)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    ensure!(answer.contains("POL00"), "it wasn't stopped: {answer}");
    let rate = capacity(&bad, bodies)? / 2.0;
    let (without, with) = (others(&idle, bodies, rate)?, others(&bad, bodies, rate)?);
    let slowest = |sample: &Sample| sample.p99().context("too few answers for a p99");
    let (before, after) = (slowest(&without)?, slowest(&with)?);
    let name = format!("neighbour-{what}");
    let text = format!("p99 of others beside a policy that {what}, as a multiple of that without");
    let times = Quantity::Times(after.as_secs_f64() / before.as_secs_f64());
    Ok(Row::of(&name, &text, Quantity::Times(TIMES), times).noting(format!(
        "{rate:.0} reviews a second, half of what can be answered, every other one of which the \
         policy sees: {:.2} ms without, {:.2} ms with; the medians are {:.2} and {:.2} ms",
        millis(before),
        millis(after),
        millis(without.p50()),
        millis(with.p50()),
    )))
}

/// Answers a second, of both kinds in turn.
fn capacity(server: &Webhook, bodies: &Bodies) -> Result<f64> {
    let start = Instant::now();
    let counts = on_connections(CONNECTIONS, |_| {
        let mut client = server.connect()?;
        let mut answers = 0_u32;
        while start.elapsed() < CALIBRATION {
            client.post("/mutate?timeout=10s", bodies.of(answers))?;
            answers += 1;
        }
        Ok(answers)
    })?;
    Ok(f64::from(counts.iter().sum::<u32>()) / start.elapsed().as_secs_f64())
}

/// The others' answers, each from the time when it was due.
fn others(server: &Webhook, bodies: &Bodies, rate: f64) -> Result<Sample> {
    let whole = Duration::from_secs_f64(f64::from(2 * OTHERS) / rate).max(AT_LEAST);
    let start = Instant::now();
    let times = on_connections(CONNECTIONS, |connection| {
        // Half of the connections are the bad one's, so that nobody waits for it on the wire.
        let body = bodies.of(connection);
        let mut client = server.connect()?;
        let mut times = Vec::new();
        for turn in (connection..).step_by(CONNECTIONS as usize) {
            let due = Duration::from_secs_f64(f64::from(turn) / rate);
            if due > whole {
                break;
            }
            wait(due.saturating_sub(start.elapsed()));
            client.post("/mutate?timeout=10s", body)?;
            times.push(start.elapsed().saturating_sub(due));
        }
        Ok(match connection % 2 {
            0 => times,
            _ => Vec::new(),
        })
    })?;
    Ok(Sample::from(times.concat()))
}

impl Bodies {
    fn of(&self, number: u32) -> &[u8] {
        match number % 2 {
            0 => &self.other,
            _ => &self.bad,
        }
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
