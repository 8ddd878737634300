//! Ages as kubectl shows them: two units at most, fewer the older a thing is.

use placement::Time;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// Since a time of the API server's; empty where there is none.
pub(crate) fn age(since: &str, now: Time) -> String {
    match Time::parse(since) {
        Some(since) => human(now.0.saturating_sub(since.0) / 1000),
        None => String::new(),
    }
}

/// The rules of `k8s.io/apimachinery/pkg/util/duration.HumanDuration`.
fn human(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two(seconds, (MINUTE, 'm'), (1, 's')),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => two(seconds, (HOUR, 'h'), (MINUTE, 'm')),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => two(seconds, (DAY, 'd'), (HOUR, 'h')),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => two(seconds, (YEAR, 'y'), (DAY, 'd')),
        _ => format!("{}y", seconds / YEAR),
    }
}

fn two(seconds: u64, large: (u64, char), small: (u64, char)) -> String {
    let first = format!("{}{}", seconds / large.0, large.1);
    match seconds % large.0 / small.0 {
        0 => first,
        rest => format!("{first}{rest}{}", small.1),
    }
}

#[cfg(test)]
mod tests {
    use placement::Time;

    use super::{age, human};

    #[test]
    fn ages_are_kubectls() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_100, "3h5m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (180_000, "2d2h"),
            (700_000, "8d"),
            (100_000_000, "3y62d"),
        ] {
            assert_eq!(human(seconds), text, "{seconds}");
        }
        assert_eq!(age("1970-01-01T00:00:10Z", Time(70_000)), "60s");
        assert_eq!(age("", Time(70_000)), "");
    }
}
