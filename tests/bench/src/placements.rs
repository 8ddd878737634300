//! The decision of the placer: five thousand nodes, two hundred and fifty groups that wait.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::crowd;
use crate::row::Row;
use crate::sample::Sample;

const WHOLE: Duration = Duration::from_millis(50);
const EVENT: Duration = Duration::from_millis(10);
/// The groups that wait.
const GROUPS: usize = 250;
/// Events that are measured.
const EVENTS: usize = 200;

/// Measures whole decisions, of which the slowest kind counts, and one after a single event.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let [waiting, claimed] = [crowd::waiting()?, crowd::claimed()?];
    let mut crowded = crowd::crowded()?;
    ensure!(
        crowd::look(&waiting).actions.len() == GROUPS,
        "not every group gets a domain"
    );
    ensure!(
        crowd::look(&claimed).actions.len() > GROUPS,
        "the groups are not released"
    );
    let last = crowd::look(&crowded).groups.into_iter().last();
    ensure!(
        last.is_some_and(|one| !one.rejected.is_empty()),
        "no group waits"
    );
    let claim = Sample::of(|| Ok(crowd::look(&waiting)))?;
    let release = Sample::of(|| Ok(crowd::look(&claimed)))?;
    let wait = Sample::of(|| Ok(crowd::look(&crowded)))?;
    let note = format!(
        "the slowest of: 250 domains found {:.1?}, 4,000 Pods released {:.1?}, none feasible of \
         312 and every reason told {:.1?}",
        claim.p50(),
        release.p50(),
        wait.p50(),
    );
    let kinds = [claim, release, wait];
    let slowest = kinds.into_iter().max_by_key(Sample::p50);
    let mut ready = true;
    let event = Sample::of_runs(EVENTS, || {
        ready = !ready;
        let start = Instant::now();
        crowd::heartbeat(&mut crowded, ready)?;
        drop(std::hint::black_box(crowd::look(&crowded)));
        Ok(start.elapsed())
    })?;
    let what = "placer, 5,000 nodes and 250 groups waiting: ";
    let whole = slowest.map(|sample| {
        Row::of_time(
            "placement",
            &format!("{what}whole decision"),
            WHOLE,
            &sample,
        )
    });
    let event = Row::of_time(
        "placement-event",
        &format!("{what}one event"),
        EVENT,
        &event,
    )
    .noting("a node becomes NotReady or Ready while every pool is in use".to_owned());
    Ok(whole
        .map(|row| row.noting(note))
        .into_iter()
        .chain([event])
        .collect())
}
