//! How soon twenty exclusive groups of eight Pods run on a real control plane: three ways, taking
//! turns in one run, so that whatever else the machine does hits all three.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use xtask::progress::say;

use crate::bed::Bed;
use crate::row::Row;
use crate::sample::Sample;

/// Each round runs every way once, and begins with another one than the round before.
const ROUNDS: usize = 7;

/// Ours may take this much of the time without exclusiveness.
const SHARE: f64 = 1.1;

/// How the same JobSet is kept together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Not at all, and without our webhook.
    Free,
    /// By JobSet's own exclusive placement, without our webhook.
    JobSet,
    /// By our placer.
    Ours,
}

impl Way {
    const ALL: [Self; 3] = [Self::Free, Self::JobSet, Self::Ours];

    /// Whether each Job is to stand on a pool of its own.
    pub(crate) fn is_exclusive(self) -> bool {
        self != Self::Free
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Free => "without exclusiveness",
            Self::JobSet => "JobSet's own",
            Self::Ours => "ours",
        })
    }
}

/// What one way took in each round, and the Pod creations that were refused on the way.
#[derive(Default)]
struct Taken {
    times: Vec<Duration>,
    refused: u64,
}

/// Runs all three ways, `ROUNDS` times each.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let bed = Bed::start()?;
    let mut taken: [Taken; 3] = Default::default();
    for round in 0..ROUNDS {
        for turn in 0..Way::ALL.len() {
            let index = (round + turn) % Way::ALL.len();
            let run = bed.run(Way::ALL[index], round)?;
            say(&format!(
                "round {} of {ROUNDS}: {}: {:.2} s, {} creations refused",
                round + 1,
                Way::ALL[index],
                run.took.as_secs_f64(),
                run.refused
            ));
            taken[index].times.push(run.took);
            taken[index].refused += run.refused;
        }
    }
    bed.end()?;
    Ok(rows(taken))
}

fn rows(taken: [Taken; 3]) -> Vec<Row> {
    let note = Way::ALL
        .iter()
        .zip(&taken)
        .map(|(way, taken)| format!("{way} {}", spread(taken)))
        .collect::<Vec<_>>()
        .join("; ");
    let [free, jobset, ours] = taken.map(|taken| Sample::from(taken.times));
    let what = |than| format!("20 exclusive groups of 8 Pods, apply to Running, {than}");
    vec![
        Row::of_time(
            "groups-free",
            &what("at most 1.1 of the same without exclusiveness"),
            free.p50().mul_f64(SHARE),
            &ours,
        )
        .noting(note),
        Row::of_time(
            "groups-jobset",
            &what("faster than JobSet's own"),
            jobset.p50(),
            &ours,
        ),
    ]
}

/// `4.61 s (4.40-5.02), 34 creations refused`
fn spread(taken: &Taken) -> String {
    let seconds = |time: Option<&Duration>| time.map_or(0.0, Duration::as_secs_f64);
    format!(
        "{:.2} s ({:.2}-{:.2}), {} creations refused",
        Sample::from(taken.times.clone()).p50().as_secs_f64(),
        seconds(taken.times.iter().min()),
        seconds(taken.times.iter().max()),
        taken.refused
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_held_against_the_medians_of_the_two_other_ways() {
        let taken = |seconds: [u64; 3]| Taken {
            times: seconds.map(Duration::from_secs).to_vec(),
            refused: 2,
        };
        let rows = rows([taken([9, 10, 90]), taken([11, 12, 13]), taken([10, 11, 12])]);
        assert!(
            rows[0].is_kept() && rows[1].is_kept(),
            "11 s of 11 s and 12 s"
        );
        assert!(
            rows[0]
                .note
                .contains("ours 11.00 s (10.00-12.00), 2 creations refused")
        );
    }
}
