//! One row of the table: a budget and what was measured.

use std::fmt;
use std::time::Duration;

use crate::sample::Sample;

/// Bytes of what the budgets call a megabyte.
pub(crate) const MEGABYTE: u64 = 1_000_000;

/// A time, a size or a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quantity {
    /// In microseconds.
    Microseconds(f64),
    /// In bytes.
    Bytes(u64),
    /// Of something that was measured in the same run.
    Times(f64),
}

/// One budget, and how it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Short and stable.
    pub(crate) name: String,
    /// What is measured.
    pub(crate) what: String,
    /// The most it may be.
    pub(crate) budget: Quantity,
    /// The median, where there is more than one sample.
    pub(crate) measured: Quantity,
    /// One in a hundred was slower.
    pub(crate) p99: Option<Quantity>,
    /// How it was measured, and figures that explain it.
    pub(crate) note: String,
}

impl Row {
    /// A row about a time.
    pub(crate) fn of_time(name: &str, what: &str, budget: Duration, sample: &Sample) -> Self {
        Self {
            name: name.to_owned(),
            what: what.to_owned(),
            budget: budget.into(),
            measured: sample.p50().into(),
            p99: sample.p99().map(Into::into),
            note: String::new(),
        }
    }

    /// A row about a size.
    pub(crate) fn of_size(name: &str, what: &str, budget: u64, measured: u64) -> Self {
        Self::of(
            name,
            what,
            Quantity::Bytes(budget),
            Quantity::Bytes(measured),
        )
    }

    /// A row of one figure.
    pub(crate) fn of(name: &str, what: &str, budget: Quantity, measured: Quantity) -> Self {
        Self {
            name: name.to_owned(),
            what: what.to_owned(),
            budget,
            measured,
            p99: None,
            note: String::new(),
        }
    }

    /// The same row with a note.
    pub(crate) fn noting(self, note: String) -> Self {
        Self { note, ..self }
    }

    /// What was measured, as a part of the budget.
    pub(crate) fn share(&self) -> f64 {
        self.measured.amount() / self.budget.amount()
    }

    /// Whether the budget is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.share() <= 1.0
    }
}

impl Quantity {
    /// In its own unit.
    pub(crate) fn amount(self) -> f64 {
        match self {
            Self::Microseconds(amount) | Self::Times(amount) => amount,
            Self::Bytes(bytes) => as_float(bytes),
        }
    }
}

impl From<Duration> for Quantity {
    fn from(duration: Duration) -> Self {
        Self::Microseconds(duration.as_secs_f64() * 1e6)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::Microseconds(us) if us < 1e3 => format!("{us:.1} µs"),
            Self::Microseconds(us) if us < 1e6 => format!("{:.1} ms", us / 1e3),
            Self::Microseconds(us) => format!("{:.2} s", us / 1e6),
            Self::Bytes(bytes) => format!("{:.1} MB", as_float(bytes) / as_float(MEGABYTE)),
            Self::Times(times) => format!("{times:.2} x"),
        };
        f.pad(&text)
    }
}

/// Sizes here are far below where a float gets coarse.
fn as_float(bytes: u64) -> f64 {
    u32::try_from(bytes / 1_000).map_or(f64::INFINITY, f64::from) * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_up_to_its_last_byte() {
        let row = |measured| Row::of_size("a", "b", 80 * MEGABYTE, measured);
        assert!(row(80 * MEGABYTE).is_kept());
        assert!(!row(81 * MEGABYTE).is_kept());
    }

    #[test]
    fn quantities_are_written_in_the_unit_that_fits() {
        let time = |us| Quantity::Microseconds(us).to_string();
        assert_eq!(time(14.96), "15.0 µs");
        assert_eq!(time(150_000.0), "150.0 ms");
        assert_eq!(time(1_500_000.0), "1.50 s");
        assert_eq!(Quantity::Bytes(80 * MEGABYTE).to_string(), "80.0 MB");
    }
}
