//! Measurements as a table with bars.

use std::fmt::Write as _;

use serde::Serialize;

use super::table::{Cell, Table};
use crate::measure::{Bar, Percentile, Times, seconds_text};
use crate::printer::{Printer, Tone};

/// The eighths of a character's width.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// How wide the longest bar is, where the terminal is wide enough.
const WIDTH: usize = 50;
/// What stands beside a bar.
const BESIDE: usize = 30;

/// How fast a model answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    /// Which.
    pub(crate) model: String,
    /// Callers side by side.
    pub(crate) concurrency: u16,
    /// How long it took in all.
    pub(crate) seconds: f64,
    /// Prompts that were answered.
    pub(crate) answered: usize,
    /// Prompts that were not.
    pub(crate) failed: usize,
    /// Answers in a second.
    pub(crate) answers_per_second: f64,
    /// Seconds to a whole answer; `null` where there was none.
    pub(crate) shortest: Option<f64>,
    /// The mean of them.
    pub(crate) mean: Option<f64>,
    /// The longest.
    pub(crate) longest: Option<f64>,
    /// Their percentiles.
    pub(crate) percentiles: Vec<Percentile>,
    /// How they are spread.
    pub(crate) histogram: Vec<Bar>,
    /// The first error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// All of them, for pictures.
    #[serde(skip)]
    pub(crate) times: Times,
}

impl Measured {
    /// Of these times.
    pub(crate) fn of(
        model: String,
        concurrency: u16,
        seconds: f64,
        times: Times,
        failed: usize,
        error: Option<String>,
    ) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
        let answers_per_second = times.count() as f64 / seconds.max(f64::MIN_POSITIVE);
        Self {
            model,
            concurrency,
            seconds,
            answered: times.count(),
            failed,
            answers_per_second,
            shortest: times.shortest(),
            mean: times.mean(),
            longest: times.longest(),
            percentiles: times.percentiles(),
            histogram: times.histogram(),
            error,
            times,
        }
    }
}

/// What was counted, the times, and below them bars.
pub(crate) fn bench_text(measured: &Measured, printer: &Printer) -> String {
    let mut counts = Table::new(["ANSWERS", "FAILED", "RATE", "MEAN"]);
    let told = |seconds: Option<f64>| Cell::from(seconds.map(seconds_text).unwrap_or_default());
    counts.row([
        Cell::from(measured.answered.to_string()),
        match measured.failed {
            0 => Cell::from("0"),
            failed => Cell::toned(failed.to_string(), Tone::Bad, printer),
        },
        Cell::from(format!("{:.1}/s", measured.answers_per_second)),
        told(measured.mean),
    ]);
    let mut text = counts.text(printer);
    if let Some(error) = &measured.error {
        let _ = writeln!(text, "first error: {error}");
    }
    if measured.histogram.is_empty() {
        return text;
    }
    let mut times = Table::new(["MIN", "P50", "P90", "P95", "P99", "P99.9", "MAX"]);
    let percentiles = measured.percentiles.iter().map(|one| Some(one.seconds));
    let ends = ([measured.shortest], [measured.longest]);
    times.row(
        ends.0
            .into_iter()
            .chain(percentiles)
            .chain(ends.1)
            .map(told),
    );
    text + "\n" + &times.text(printer) + "\n" + &bars(&measured.histogram, printer)
}

fn bars(bars: &[Bar], printer: &Printer) -> String {
    let width = printer.width().unwrap_or(WIDTH + BESIDE);
    let width = width.saturating_sub(BESIDE).clamp(8, WIDTH);
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let mut text = String::new();
    for bar in bars {
        let range = format!("{} –", seconds_text(bar.from));
        let range = format!("{range:>10} {:<9}", seconds_text(bar.to));
        let drawn = printer.out(&drawn(bar.count, most, width), Tone::Good);
        let _ = writeln!(
            text,
            "{range} {drawn}{}{}",
            if bar.count == 0 { "" } else { " " },
            bar.count
        );
    }
    text
}

/// A bar to an eighth of a character; what isn't nothing can be seen.
fn drawn(count: usize, most: usize, width: usize) -> String {
    let eighths = (count * width * 8 / most).max(usize::from(count > 0));
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Measured, bench_text, drawn};
    use crate::measure::Times;
    use crate::printer::{ColorChoice, Printer};

    #[test]
    fn bars_are_as_long_as_their_counts() {
        assert_eq!(drawn(0, 10, 10), "");
        assert_eq!(drawn(10, 10, 10), "██████████");
        assert_eq!(drawn(5, 10, 5), "██▌");
        assert_eq!(drawn(1, 100_000, 10), "▏");
    }

    #[test]
    fn percentiles_stand_above_the_bars() {
        let times = Times::of([10, 20, 20, 40].map(Duration::from_millis));
        let measured = Measured::of("/sax/test/m".to_owned(), 2, 0.5, times, 1, None);
        let text = bench_text(&measured, &Printer::new(ColorChoice::Never));
        insta::assert_snapshot!(text);
    }
}
