//! How long something takes, asked often enough.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Fewer than this say nothing about one in a hundred.
const ENOUGH_FOR_P99: usize = 100;
/// Caches fill, pages become resident and the processor speeds up.
const WARM_UP: Duration = Duration::from_millis(300);
/// How long one thing is measured.
const MEASURING: Duration = Duration::from_millis(2_000);

/// Measured times, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    /// Measures a short call many times, after a warm-up.
    pub(crate) fn of<T>(mut call: impl FnMut() -> Result<T>) -> Result<Self> {
        let start = Instant::now();
        while start.elapsed() < WARM_UP {
            std::hint::black_box(call()?);
        }
        let mut times = Vec::new();
        let start = Instant::now();
        while start.elapsed() < MEASURING {
            times.push(time(&mut call)?);
        }
        Ok(Self::from(times))
    }

    /// Measures a long call so many times, with no warm-up.
    pub(crate) fn of_runs(runs: usize, mut call: impl FnMut() -> Result<Duration>) -> Result<Self> {
        let times: Result<Vec<Duration>> = (0..runs).map(|_| call()).collect();
        Ok(Self::from(times?))
    }

    /// The median.
    pub(crate) fn p50(&self) -> Duration {
        self.quantile(50)
    }

    /// What one in a hundred exceeds, if there are enough to say.
    pub(crate) fn p99(&self) -> Option<Duration> {
        (self.0.len() >= ENOUGH_FOR_P99).then(|| self.quantile(99))
    }

    /// How many times it was measured.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    fn quantile(&self, percent: usize) -> Duration {
        let index = self.0.len().saturating_sub(1) * percent / 100;
        self.0.get(index).copied().unwrap_or_default()
    }
}

impl From<Vec<Duration>> for Sample {
    fn from(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }
}

/// How long one call takes, the end of what it returns included.
pub(crate) fn time<T>(call: &mut impl FnMut() -> Result<T>) -> Result<Duration> {
    let start = Instant::now();
    drop(std::hint::black_box(call()?));
    Ok(start.elapsed())
}

/// How long a program takes, which must succeed and shows nothing.
pub(crate) fn time_program(command: &mut Command) -> Result<Duration> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    time(&mut || {
        let status = command.status().context("start a program")?;
        ensure!(status.success(), "{command:?} ended with {status}");
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_times() {
        let sample = Sample::from(
            (1..=200)
                .rev()
                .map(Duration::from_micros)
                .collect::<Vec<_>>(),
        );
        assert_eq!(sample.p50(), Duration::from_micros(100));
        assert_eq!(sample.p99(), Some(Duration::from_micros(198)));
    }

    #[test]
    fn few_times_say_nothing_about_one_in_a_hundred() {
        assert_eq!(Sample::from(vec![Duration::ZERO; 99]).p99(), None);
    }
}
