//! Time as the API server writes it.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch; the caller's clock.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// Reads RFC 3339 in UTC or with an offset, such as `2026-01-02T03:04:05.678901Z`.
    /// `None` for anything else, and before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', 't'])?;
        let [year, month, day] = numbers(date, '-')?;
        let zone = rest.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = rest.split_at(zone);
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let [hour, minute, second] = numbers(clock, ':')?;
        let legal = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !legal || year > 9999 || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        let millis = (seconds - offset(zone)?) * 1000 + milliseconds(fraction)?;
        u64::try_from(millis).ok().map(Self)
    }

    /// RFC 3339 with microseconds, as a Lease's MicroTime wants it.
    #[must_use]
    pub fn to_micro_time(self) -> String {
        let (seconds, millis) = (self.0 / 1000, self.0 % 1000);
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}000Z")
    }

    /// This much later, in milliseconds.
    #[must_use]
    pub fn after(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(digits);
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

fn digits(text: &str) -> Option<i64> {
    let plain = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (digits(hours)? * 3600 + digits(minutes)? * 60))
}

fn milliseconds(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let three: String = fraction.chars().chain("000".chars()).take(3).collect();
    three.parse().ok()
}

/// Days since the epoch (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_api_server_writes_them() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-11-24T23:39:48Z", Some(1_795_563_588_000)),
            ("2024-02-29T12:00:00.250000Z", Some(1_709_208_000_250)),
            ("2024-02-29T13:00:00+01:00", Some(1_709_208_000_000)),
            ("2024-02-29", None),
            ("2024-13-01T00:00:00Z", None),
            ("", None),
            ("x", None),
            ("2024-02-29T12:00:00", None),
            ("1969-12-31T23:59:59Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Time::parse(text), expected.map(Time), "{text}");
        }
    }

    #[test]
    fn times_survive_a_round_trip() {
        for millis in [0, 1_709_208_000_250, 1_795_563_588_000, 4_102_444_799_999] {
            assert_eq!(
                Time::parse(&Time(millis).to_micro_time()),
                Some(Time(millis))
            );
        }
    }
}
