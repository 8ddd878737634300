//! How long one review may take: the API server says so in `?timeout=`.

use std::time::{Duration, Instant};

/// What the API server uses when a webhook configuration names no timeout.
const DEFAULT: Duration = Duration::from_secs(10);

/// The longest `timeoutSeconds` that the API server allows in a webhook configuration.
const LONGEST: Duration = Duration::from_secs(30);

/// Kept for the way back: encoding, TLS, the network. A tenth of the whole, within these.
const SMALLEST_MARGIN: Duration = Duration::from_millis(50);
const LARGEST_MARGIN: Duration = Duration::from_millis(500);

/// The points in time that divide a review's life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// When the review arrived.
    arrived: Instant,
    /// Waiting for a free worker ends here, and the client is asked to come again: what is left
    /// is enough for its second try.
    pub(crate) start_by: Instant,
    /// Policies get no time after this; their on-error decides.
    pub(crate) evaluate_until: Instant,
    /// The answer is on its way by now, whatever a policy does.
    pub(crate) answer_by: Instant,
}

impl Budget {
    /// The budget of a review that arrived at `arrived` with this query string.
    pub(crate) fn new(arrived: Instant, query: Option<&str>) -> Budget {
        let total = timeout(query).unwrap_or(DEFAULT).min(LONGEST);
        let margin = (total / 10).clamp(SMALLEST_MARGIN.min(total), LARGEST_MARGIN);
        let usable = total - margin;
        Budget {
            arrived,
            start_by: arrived + usable / 2,
            evaluate_until: arrived + usable,
            answer_by: arrived + usable + margin / 2,
        }
    }

    /// The same review with no time left for any policy.
    pub(crate) fn over(self) -> Budget {
        Budget {
            evaluate_until: self.arrived,
            ..self
        }
    }

    /// The time that all policies had together, in milliseconds.
    pub(crate) fn usable_milliseconds(&self) -> u64 {
        let usable = self.answer_by.saturating_duration_since(self.arrived);
        u64::try_from(usable.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Reads a duration of the command line, written as Go does.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = go_duration(text).filter(|_| !text.is_empty());
    parsed.ok_or_else(|| format!("{text:?} is no duration; write it as 60s, 2m or 1m30s"))
}

/// The value of `timeout` in a query string; None where it is absent, zero or no duration.
fn timeout(query: Option<&str>) -> Option<Duration> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| *key == "timeout")?;
    go_duration(value).filter(|timeout| !timeout.is_zero())
}

/// Reads Go's duration text as far as client-go writes it: "10s", "1m30s", "1.5s", "500ms".
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        let tail = rest.get(digits..)?;
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let unit = seconds_in(tail.get(..end)?)?;
        sum = sum.checked_add(Duration::try_from_secs_f64(number * unit).ok()?)?;
        rest = tail.get(end..)?;
    }
    Some(sum)
}

fn seconds_in(unit: &str) -> Option<f64> {
    match unit {
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usable(query: Option<&str>) -> Duration {
        let arrived = Instant::now();
        Budget::new(arrived, query).evaluate_until - arrived
    }

    #[test]
    fn the_answer_leaves_before_the_api_server_gives_up() {
        for (query, total) in [
            ("timeout=1s", 1.0),
            ("timeout=5s", 5.0),
            ("timeout=30s", 30.0),
        ] {
            let arrived = Instant::now();
            let budget = Budget::new(arrived, Some(query));
            assert!(budget.start_by < budget.evaluate_until, "{query}");
            assert!(budget.evaluate_until < budget.answer_by, "{query}");
            assert!(
                budget.answer_by < arrived + Duration::from_secs_f64(total),
                "{query}"
            );
        }
    }

    #[test]
    fn a_tenth_is_kept_within_bounds() {
        assert_eq!(usable(Some("timeout=1s")), Duration::from_millis(900));
        assert_eq!(usable(Some("timeout=30s")), Duration::from_millis(29_500));
        assert_eq!(usable(Some("timeout=100ms")), Duration::from_millis(50));
        assert_eq!(usable(Some("timeout=20ms")), Duration::ZERO);
    }

    #[test]
    fn go_durations_are_read_as_client_go_writes_them() {
        assert_eq!(go_duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(go_duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(go_duration("250ms"), Some(Duration::from_millis(250)));
    }

    #[test]
    fn a_timeout_that_is_none_falls_back_to_the_default() {
        let fallback = usable(None);
        for query in [
            "",
            "timeout=",
            "timeout=5",
            "timeout=-1s",
            "timeout=0s",
            "timeout=s",
            "timeout=1e9999s",
            "timeout=9999999999999999999999h",
            "timeout=ünf",
            "time=1s",
            "timeout",
        ] {
            assert_eq!(usable(Some(query)), fallback, "{query}");
        }
    }

    #[test]
    fn no_timeout_is_longer_than_the_api_servers_longest() {
        assert_eq!(usable(Some("timeout=10h")), Duration::from_millis(29_500));
    }
}
