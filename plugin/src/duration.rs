//! Durations as kubectl writes them: Go's `1h30m`, `20m`, `1.5s`, `500ms`, and plain seconds.

use std::time::Duration;

/// Units, longest name first where one begins another.
const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
/// The longest that is accepted: a year.
const LIMIT_SECONDS: f64 = 31_536_000.0;

/// Reads a duration.
///
/// # Errors
/// Says what a duration looks like.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().or_else(|| seconds(text));
    match seconds {
        Some(seconds) if (0.0..=LIMIT_SECONDS).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        Some(_) => Err("must be between 0 and a year".to_owned()),
        None => Err("must be a duration such as 90s, 20m or 1h30m".to_owned()),
    }
}

/// `20m`, `1h30m`: without a fraction of a second.
pub(crate) fn display(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let unit = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        total += number.parse::<f64>().ok()? * unit.1;
        rest = tail.get(unit.0.len()..)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{display, parse_duration};

    #[test]
    fn durations_are_read_as_kubectl_reads_them() {
        for (text, milliseconds) in [
            ("90s", 90_000),
            ("20m", 1_200_000),
            ("1h30m", 5_400_000),
            ("1.5s", 1_500),
            ("500ms", 500),
            ("0", 0),
            ("7", 7_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in ["", "x", "5x", "m", "-1s", "1e99s", "NaN", "9999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_without_zero_parts() {
        assert_eq!(display(Duration::from_secs(1200)), "20m");
        assert_eq!(display(Duration::from_secs(5430)), "1h30m30s");
        assert_eq!(display(Duration::ZERO), "0s");
    }
}
