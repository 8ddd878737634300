//! Measurements as a picture: bars for how the times are spread, and a curve of the part of all
//! that each time doesn't exceed. It needs nothing from outside, and follows the reader's theme.

use svg::Document;
use svg::node::element::{Description, Line, Path, Rectangle, Style, Text, Title};

use super::bench::Measured;
use crate::measure::seconds_text;

/// The whole picture.
const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 440.0;
/// The part with the bars.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 824.0;
const TOP: f64 = 96.0;
const BOTTOM: f64 = 372.0;
/// Parts of the way from left to right, and from bottom to top.
const TICKS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// The most points of the curve.
const POINTS: usize = 400;

const STYLE: &str = "
text { font-family: system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #0f172a; }
.page { fill: #ffffff; }
.muted { fill: #475569; }
.grid { stroke: #e2e8f0; }
.bar { fill: #93c5fd; }
.curve { fill: none; stroke: #c2410c; stroke-width: 2; }
.mark { stroke: #475569; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #f1f5f9; }
  .page { fill: #0b1120; }
  .muted { fill: #a5b4c8; }
  .grid { stroke: #1e293b; }
  .bar { fill: #1d4ed8; }
  .curve { stroke: #fb923c; }
  .mark { stroke: #a5b4c8; }
}
";

/// The picture.
pub(crate) fn bench_svg(measured: &Measured) -> String {
    let summary = summary(measured);
    let title = format!("Time to an answer of {}", measured.model);
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, HEIGHT))
        .set("width", WIDTH)
        .set("height", HEIGHT)
        .set("role", "img")
        .add(Title::new(title.clone()))
        .add(Description::new().add(svg::node::Text::new(summary.clone())))
        .add(Style::new(STYLE))
        .add(rectangle(0.0, 0.0, WIDTH, HEIGHT).set("class", "page"))
        .add(text(&title, LEFT, 40.0, 20).set("font-weight", 700))
        .add(text(&summary, LEFT, 64.0, 13).set("class", "muted"));
    let scale = Scale::of(measured);
    for node in grid(&scale) {
        document = document.add(node);
    }
    for bar in bars(measured, &scale) {
        document = document.add(bar);
    }
    document = document.add(curve(measured, &scale));
    for (line, label) in marks(measured, &scale) {
        document = document.add(line).add(label);
    }
    for label in labels(&scale) {
        document = document.add(label);
    }
    format!("{document}\n")
}

/// From seconds and parts to places.
struct Scale {
    from: f64,
    to: f64,
    most: usize,
    /// By factors, as the bars?
    wide: bool,
}

impl Scale {
    fn of(measured: &Measured) -> Self {
        let from = measured.shortest.unwrap_or(0.0);
        let to = measured.longest.unwrap_or(1.0);
        let counts = measured.histogram.iter().map(|bar| bar.count);
        Self {
            from,
            to: if to > from { to } else { from + 1e-6 },
            most: counts.max().unwrap_or(0).max(1),
            wide: measured.times.is_wide(),
        }
    }

    fn x(&self, seconds: f64) -> f64 {
        let part = match self.wide {
            true => (seconds / self.from).ln() / (self.to / self.from).ln(),
            false => (seconds - self.from) / (self.to - self.from),
        };
        round(LEFT + (RIGHT - LEFT) * part)
    }

    fn seconds(&self, part: f64) -> f64 {
        match self.wide {
            true => self.from * (self.to / self.from).powf(part),
            false => self.from + (self.to - self.from) * part,
        }
    }
}

fn summary(measured: &Measured) -> String {
    let callers = match measured.concurrency {
        1 => "1 caller".to_owned(),
        callers => format!("{callers} callers"),
    };
    format!(
        "{callers}, {} answers in {}, {:.1}/s, {} failed",
        measured.answered,
        seconds_text(measured.seconds),
        measured.answers_per_second,
        measured.failed
    )
}

fn grid(_scale: &Scale) -> Vec<Line> {
    TICKS
        .iter()
        .map(|part| line(LEFT, y(*part), RIGHT, y(*part)).set("class", "grid"))
        .collect()
}

fn bars(measured: &Measured, scale: &Scale) -> Vec<Rectangle> {
    let bars = measured.histogram.iter();
    bars.map(|bar| {
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
        let part = bar.count as f64 / scale.most as f64;
        let (left, right) = (scale.x(bar.from), scale.x(bar.to));
        let width = (right - left - 1.0).max(1.0);
        let top = y(part);
        let label = format!(
            "{} to {}: {}",
            seconds_text(bar.from),
            seconds_text(bar.to),
            bar.count
        );
        rectangle(left, top, width, BOTTOM - top)
            .set("class", "bar")
            .add(Title::new(label))
    })
    .collect()
}

/// Steps: each time lifts the curve.
fn curve(measured: &Measured, scale: &Scale) -> Path {
    let stride = measured.answered.div_ceil(POINTS).max(1);
    let last = measured.answered.saturating_sub(1);
    let mut path = format!("M{LEFT} {BOTTOM}");
    for (index, (seconds, part)) in measured.times.curve().enumerate() {
        if index % stride == 0 || index == last {
            path += &format!(" H{} V{}", scale.x(seconds), y(part));
        }
    }
    Path::new().set("class", "curve").set("d", path)
}

/// Where the percentiles are; those that would cover each other are left out.
fn marks(measured: &Measured, scale: &Scale) -> Vec<(Line, Text)> {
    let mut marks = Vec::new();
    let mut free = f64::NEG_INFINITY;
    for one in &measured.percentiles {
        let x = scale.x(one.seconds);
        if x < free {
            continue;
        }
        let label = format!("{} {}", one.name, seconds_text(one.seconds));
        free = x + 90.0;
        let anchor = if x > RIGHT - 60.0 { "end" } else { "middle" };
        marks.push((
            line(x, TOP - 4.0, x, BOTTOM).set("class", "mark"),
            text(&label, x, TOP - 10.0, 11).set("text-anchor", anchor),
        ));
    }
    marks
}

fn labels(scale: &Scale) -> Vec<Text> {
    let below = TICKS.iter().map(|part| {
        let seconds = scale.seconds(*part);
        let x = scale.x(seconds);
        text(&seconds_text(seconds), x, BOTTOM + 20.0, 11).set("text-anchor", "middle")
    });
    let left = TICKS.iter().map(|part| {
        let label = format!("{:.0} %", part * 100.0);
        text(&label, LEFT - 8.0, y(*part) + 4.0, 11).set("text-anchor", "end")
    });
    let middle = f64::midpoint(LEFT, RIGHT);
    let what = "time to the whole answer; bars: how many, curve: part of all that take no longer";
    let axis = text(what, middle, BOTTOM + 44.0, 12).set("text-anchor", "middle");
    let muted = below.chain(left).chain([axis]);
    muted.map(|label| label.set("class", "muted")).collect()
}

fn y(part: f64) -> f64 {
    round(BOTTOM - (BOTTOM - TOP) * part)
}

fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Rectangle {
    Rectangle::new()
        .set("x", x)
        .set("y", y)
        .set("width", width)
        .set("height", round(height))
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64) -> Line {
    Line::new()
        .set("x1", x1)
        .set("y1", y1)
        .set("x2", x2)
        .set("y2", y2)
}

fn text(what: &str, x: f64, y: f64, size: u32) -> Text {
    Text::new(what)
        .set("x", x)
        .set("y", y)
        .set("font-size", size)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::bench_svg;
    use crate::measure::Times;
    use crate::render::Measured;

    fn measured(milliseconds: &[u64]) -> Measured {
        let times = Times::of(milliseconds.iter().map(|time| Duration::from_millis(*time)));
        Measured::of("/sax/test/<m>".to_owned(), 2, 0.5, times, 0, None)
    }

    #[test]
    fn the_picture_has_a_bar_for_each_and_nothing_unescaped() {
        let picture = bench_svg(&measured(&[10, 20, 20, 40]));
        assert_eq!(picture.matches("class=\"bar\"").count(), 4);
        assert!(picture.contains("p50 20.0 ms"), "{picture}");
        assert!(!picture.contains("<m>"), "{picture}");
    }

    #[test]
    fn one_time_and_none_are_pictures_too() {
        for times in [&[][..], &[7], &[1, 2, 5000]] {
            let picture = bench_svg(&measured(times));
            assert!(picture.starts_with("<svg"), "{picture}");
            assert!(
                !picture.contains("NaN") && !picture.contains("inf"),
                "{picture}"
            );
        }
    }
}
