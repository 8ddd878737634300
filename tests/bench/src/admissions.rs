//! The whole admission: the bytes of a review in, the bytes of the answer out.

use std::time::Duration;

use admission::{Phase, parse_review, respond};
use anyhow::{Result, ensure};
use runtime::{Engine, EngineOptions, Loaded, load_builtin};

use crate::fuel;
use crate::row::Row;
use crate::sample::Sample;
use crate::subject::{completed_pod, jobset_review, pod_review};

const BUDGET: Duration = Duration::from_micros(350);

/// Measures the admission of the tutorial's JobSet.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let engine = Engine::new(&EngineOptions::default())?;
    let policies = load_builtin(&engine)?;
    let jobset = jobset_review()?;
    check(&policies, &jobset)?;
    let sample = admissions(&policies, &jobset)?;
    let parse = Sample::of(|| Ok(parse_review(&jobset)?))?;
    let pod = pod_review(&completed_pod(&policies)?);
    let of_pod = admissions(&policies, &pod)?;
    let microseconds = |sample: &Sample| sample.p50().as_secs_f64() * 1e6;
    let what = "whole admission of the tutorial's JobSet, both passes";
    let row = Row::of_time("admission-jobset", what, BUDGET, &sample);
    Ok(vec![row.noting(format!(
        "{} policies, {} bytes as kubectl apply sends them; reading the review {:.1} µs of it; \
         a complete 2 KB Pod, one pass: {:.1} µs; fuel: {}",
        policies.set.0.len(),
        jobset.len(),
        microseconds(&parse),
        microseconds(&of_pod),
        fuel::shown(&fuel::of_admission(&policies, &jobset)?),
    ))])
}

fn admissions(policies: &Loaded, body: &[u8]) -> Result<Sample> {
    Sample::of(|| {
        let request = parse_review(body)?;
        let decision = policies.admit(&request, Phase::Mutate);
        Ok(respond(&request.uid, &decision, Phase::Mutate))
    })
}

/// A JobSet that is refused or left as it is would be measured after one pass.
fn check(policies: &Loaded, body: &[u8]) -> Result<()> {
    let decision = policies.admit(&parse_review(body)?, Phase::Mutate);
    ensure!(decision.allowed, "the tutorial's JobSet is refused");
    ensure!(
        decision.passes == 2,
        "nothing is completed in the tutorial's JobSet"
    );
    Ok(())
}
