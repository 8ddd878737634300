//! Times of answers: percentiles and how they are spread. Pure.

use std::time::Duration;

use serde::Serialize;

/// What percentiles are told.
const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 50.0),
    ("p90", 90.0),
    ("p95", 95.0),
    ("p99", 99.0),
    ("p99.9", 99.9),
];
/// How many bars a histogram has at most.
const BARS: usize = 20;
/// From this factor on between the longest and the shortest, bars have equal factors.
const WIDE: f64 = 8.0;

/// Times of whole answers, in seconds and in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Times(Vec<f64>);

/// One percentile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Percentile {
    /// Such as `p99`.
    pub(crate) name: &'static str,
    /// Seconds.
    pub(crate) seconds: f64,
}

/// One bar of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Bar {
    /// Seconds, inclusive.
    pub(crate) from: f64,
    /// Seconds, exclusive but for the last bar.
    pub(crate) to: f64,
    /// How many times fall into it.
    pub(crate) count: usize,
}

impl Times {
    /// In order.
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut seconds: Vec<_> = times.into_iter().map(|time| time.as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        Self(seconds)
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The shortest; `None` of none.
    pub(crate) fn shortest(&self) -> Option<f64> {
        self.0.first().copied()
    }

    /// The longest; `None` of none.
    pub(crate) fn longest(&self) -> Option<f64> {
        self.0.last().copied()
    }

    /// The mean; `None` of none.
    pub(crate) fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
        let count = self.0.len() as f64;
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / count)
    }

    /// The least time that so many percent of all don't exceed (the nearest rank): always one that
    /// was measured. `None` of none.
    pub(crate) fn percentile(&self, percent: f64) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank is between 0 and the count"
        )]
        let rank = (percent / 100.0 * self.0.len() as f64).ceil().max(1.0) as usize;
        self.0.get(rank.min(self.0.len()).checked_sub(1)?).copied()
    }

    /// The percentiles that are told.
    pub(crate) fn percentiles(&self) -> Vec<Percentile> {
        let told = PERCENTILES.into_iter().filter_map(|(name, percent)| {
            let seconds = self.percentile(percent)?;
            Some(Percentile { name, seconds })
        });
        told.collect()
    }

    /// Are the longest so much longer that steps of equal factors show more than equal steps?
    pub(crate) fn is_wide(&self) -> bool {
        let ends = self.shortest().zip(self.longest());
        ends.is_some_and(|(shortest, longest)| shortest > 0.0 && longest > shortest * WIDE)
    }

    /// Bars from the shortest to the longest, of equal width or of equal factors; fewer where
    /// there are few times.
    pub(crate) fn histogram(&self) -> Vec<Bar> {
        let (Some(shortest), Some(longest)) = (self.shortest(), self.longest()) else {
            return Vec::new();
        };
        let bars = match longest > shortest {
            true => self.0.len().clamp(1, BARS),
            false => 1,
        };
        #[expect(clippy::cast_precision_loss, reason = "at most twenty")]
        let part = |index: usize| index as f64 / bars as f64;
        let at = |index: usize| match (index, self.is_wide()) {
            (0, _) => shortest,
            (index, true) => shortest * (longest / shortest).powf(part(index)),
            (index, false) => shortest + (longest - shortest) * part(index),
        };
        let mut found: Vec<_> = (0..bars)
            .map(|index| Bar {
                from: at(index),
                to: if index + 1 == bars {
                    longest
                } else {
                    at(index + 1)
                },
                count: 0,
            })
            .collect();
        for time in &self.0 {
            let after = found.partition_point(|bar| bar.from <= *time);
            found[after.saturating_sub(1)].count += 1;
        }
        found
    }

    /// The part of all times that each one doesn't exceed, for a curve.
    pub(crate) fn curve(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
        let part = |index: usize| (index + 1) as f64 / self.0.len() as f64;
        let times = self.0.iter().enumerate();
        times.map(move |(index, time)| (*time, part(index)))
    }
}

/// Seconds for people: `1.25 s`, `12.3 ms`, `450 µs`.
pub(crate) fn seconds_text(seconds: f64) -> String {
    let (number, unit) = match seconds {
        _ if seconds >= 1.0 => (seconds, "s"),
        _ if seconds >= 0.001 => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "µs"),
    };
    match number {
        _ if number >= 100.0 => format!("{number:.0} {unit}"),
        _ if number >= 10.0 => format!("{number:.1} {unit}"),
        _ => format!("{number:.2} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Times, seconds_text};

    fn times(milliseconds: &[u64]) -> Times {
        Times::of(milliseconds.iter().map(|time| Duration::from_millis(*time)))
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let times = times(&hundred);
        for (percent, milliseconds) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (50.0, 50.0),
            (99.0, 99.0),
            (99.9, 100.0),
            (100.0, 100.0),
        ] {
            let found = times.percentile(percent).expect("there must be one") * 1e3;
            assert!((found - milliseconds).abs() < 1e-9, "{percent}: {found}");
        }
    }

    #[test]
    fn one_time_is_every_percentile_and_none_has_none() {
        let one = times(&[7]);
        assert!(one.percentiles().iter().all(|one| one.seconds == 0.007));
        assert_eq!(one.histogram().len(), 1);
        let none = times(&[]);
        assert!(none.percentiles().is_empty() && none.histogram().is_empty());
        assert_eq!((none.mean(), none.longest()), (None, None));
    }

    #[test]
    fn times_are_told_in_a_unit_that_fits() {
        for (seconds, text) in [
            (12.345, "12.3 s"),
            (1.0, "1.00 s"),
            (0.123, "123 ms"),
            (0.0045, "4.50 ms"),
            (0.000_45, "450 µs"),
            (0.0, "0.00 µs"),
        ] {
            assert_eq!(seconds_text(seconds), text);
        }
    }

    proptest! {
        #[test]
        fn every_time_stands_in_one_bar_and_percentiles_grow(
            milliseconds in proptest::collection::vec(0u64..100_000, 1..200)
        ) {
            let times = times(&milliseconds);
            let counted: usize = times.histogram().iter().map(|bar| bar.count).sum();
            prop_assert_eq!(counted, milliseconds.len());
            let percentiles = times.percentiles();
            prop_assert!(percentiles.is_sorted_by(|a, b| a.seconds <= b.seconds));
            let curve: Vec<_> = times.curve().collect();
            prop_assert!(curve.is_sorted_by(|a, b| a.0 <= b.0 && a.1 < b.1));
            prop_assert_eq!(curve.last().map(|last| last.1), Some(1.0));
        }
    }
}
