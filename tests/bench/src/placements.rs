//! The decision of the placer: five thousand nodes, two hundred and fifty groups that wait.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use placement::View;

use crate::crowd::{self, Event};
use crate::row::Row;
use crate::sample::Sample;

const WHOLE: Duration = Duration::from_millis(50);
const EVENT: Duration = Duration::from_millis(10);
/// The groups that wait.
const GROUPS: usize = 250;
/// Events that are measured.
const EVENTS: usize = 200;

/// Measures whole decisions, and those after a single event; of each the slowest kind counts.
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
    let events = events(&mut crowded)?;
    let what = "placer, 5,000 nodes and 250 groups waiting: ";
    let whole = slowest.map(|sample| {
        Row::of_time(
            "placement",
            &format!("{what}whole decision"),
            WHOLE,
            &sample,
        )
    });
    let told: Vec<String> = events
        .iter()
        .map(|(name, sample)| format!("{name} {:.1?}", sample.p50()))
        .collect();
    let told = format!("every pool in use; the slowest of: {}", told.join(", "));
    let slowest = events.into_iter().max_by_key(|(_, sample)| sample.p50());
    let event = slowest.map(|(_, sample)| {
        let what = format!("{what}one event");
        Row::of_time("placement-event", &what, EVENT, &sample).noting(told)
    });
    let whole = whole.map(|row| row.noting(note));
    Ok(whole.into_iter().chain(event).collect())
}

/// One event taken into the view and the decision after it, as the placer does it.
fn events(view: &mut View) -> Result<[(&'static str, Sample); 4]> {
    let mut sample = |event| {
        let mut back = true;
        Sample::of_runs(EVENTS, || {
            back = !back;
            let start = Instant::now();
            crowd::happen(view, event, back)?;
            drop(std::hint::black_box(crowd::look(view)));
            Ok(start.elapsed())
        })
    };
    Ok([
        ("a node is Ready or isn't", sample(Event::Readiness)?),
        ("a node goes or comes", sample(Event::Node)?),
        ("a Pod goes or comes", sample(Event::Pod)?),
        ("a JobSet comes or goes", sample(Event::JobSet)?),
    ])
}
