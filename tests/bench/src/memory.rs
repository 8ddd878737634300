//! How much memory the webhook keeps.

use std::path::Path;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use runtime::{Engine, EngineOptions, Limits, load_builtin};

use crate::guest;
use crate::policy_set::write_ten;
use crate::row::{MEGABYTE, Row};
use crate::subject::{completed_pod, jobset_review, pod_review};
use crate::webhook::{Folders, Webhook};

const BUDGET: u64 = 80 * MEGABYTE;
/// Reviews before a look at the memory.
const REVIEWS: usize = 1_000;
/// The API server keeps several connections.
const CONNECTIONS: usize = 4;
/// Calls of the policy that wants everything.
const HOGS: usize = 50;

/// Measures resident memory in use and under attack.
pub(crate) fn measure(program: &Path) -> Result<Vec<Row>> {
    let bodies = bodies()?;
    Ok(vec![in_use(program, &bodies)?, attacked(program, &bodies)?])
}

/// A complete Pod, and a JobSet that is completed: most of what a cluster sends is the former.
fn bodies() -> Result<Vec<Vec<u8>>> {
    let policies = load_builtin(&Engine::new(&EngineOptions::default())?)?;
    Ok(vec![
        pod_review(&completed_pod(&policies)?),
        jobset_review()?,
    ])
}

fn in_use(program: &Path, bodies: &[Vec<u8>]) -> Result<Row> {
    let folders = Folders::new()?;
    write_ten(&folders.policies(), &[])?;
    // A start that compiles holds the compiler's memory too; pods restart with a cache.
    let cold = load(&folders.start(program)?, bodies)?;
    let webhook = folders.start(program)?;
    let idle = webhook.memory("VmRSS")?;
    let resident = load(&webhook, bodies)?;
    let what = "resident memory, ten policies";
    Ok(Row::of_size("memory", what, BUDGET, resident.max(cold)).noting(format!(
        "after {REVIEWS} reviews over {CONNECTIONS} connections, started cold {} MB, warm {} MB; \
         before the first review {} MB",
        cold / MEGABYTE,
        resident / MEGABYTE,
        idle / MEGABYTE
    )))
}

/// Sends the reviews and returns what is resident then.
fn load(webhook: &Webhook, bodies: &[Vec<u8>]) -> Result<u64> {
    thread::scope(|scope| {
        let send = || -> Result<()> {
            let mut client = webhook.connect()?;
            for body in bodies.iter().cycle().take(REVIEWS / CONNECTIONS) {
                client.post("/mutate?timeout=10s", body)?;
            }
            Ok(())
        };
        let senders: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(send)).collect();
        senders.into_iter().try_for_each(|sender| {
            let sent = sender.join();
            sent.map_err(|_| anyhow!("a connection's thread panicked"))?
        })
    })?;
    webhook.memory("VmRSS")
}

fn attacked(program: &Path, bodies: &[Vec<u8>]) -> Result<Row> {
    let folders = Folders::new()?;
    write_ten(&folders.policies(), &[("hog", guest::hog()?)])?;
    drop(folders.start(program)?);
    let webhook = folders.start(program)?;
    let mut client = webhook.connect()?;
    for body in bodies.iter().cycle().take(HOGS) {
        let answer = client.post("/mutate?timeout=10s", body)?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(
            answer.contains("POL001"),
            "the hog was not stopped: {answer}"
        );
    }
    let limit = Limits::default().memory_bytes;
    let what = "the same, peak with a policy that wants everything";
    let peak = webhook.memory("VmHWM")?;
    let row = Row::of_size("memory-hog", what, BUDGET + limit, peak);
    Ok(row.noting(format!(
        "{HOGS} reviews one after the other; the policy's limit is {} MB; resident afterwards {} MB",
        limit / MEGABYTE,
        webhook.memory("VmRSS")? / MEGABYTE
    )))
}
