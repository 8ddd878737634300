//! Kubernetes quantities: `4`, `500m`, `16Gi`, `1e3`, `0.5`.

/// What one unit of the result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// The quantity's own: bytes, chips, Pods.
    One,
    /// Thousandths: CPU.
    Milli,
}

/// Reads a quantity and rounds up, as the scheduler does. `None` if it isn't one, or negative;
/// what doesn't fit in 64 bits is the largest number.
pub(crate) fn parse(text: &str, unit: Unit) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '+'));
    let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
    let number = number.strip_prefix('+').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.len() > 30 {
        return None;
    }
    let (multiplier, exponent) = scale(suffix)?;
    let places = i32::try_from(fraction.len()).ok()?;
    let unit = if unit == Unit::Milli { 3 } else { 0 };
    let value = digits.parse::<u128>().ok()?.saturating_mul(multiplier);
    Some(shifted(value, exponent + unit - places))
}

/// What a suffix multiplies by: a factor and a power of ten.
fn scale(suffix: &str) -> Option<(u128, i32)> {
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if let Some(at) = binary.iter().position(|unit| *unit == suffix) {
        return Some((1 << (10 * (at + 1)), 0));
    }
    let decimal = [
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("", 0),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
        ("E", 18),
    ];
    if let Some((_, exponent)) = decimal.iter().find(|(unit, _)| *unit == suffix) {
        return Some((1, *exponent));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    (-30..=30).contains(&exponent).then_some((1, exponent))
}

fn shifted(value: u128, exponent: i32) -> u64 {
    let power = 10_u128.saturating_pow(exponent.unsigned_abs());
    let value = if exponent < 0 {
        value.div_ceil(power)
    } else {
        value.saturating_mul(power)
    };
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_the_scheduler_reads_them() {
        let cases = [
            ("4", Unit::One, Some(4)),
            ("4", Unit::Milli, Some(4000)),
            ("500m", Unit::Milli, Some(500)),
            ("500m", Unit::One, Some(1)),
            ("0.5", Unit::Milli, Some(500)),
            ("1.5Gi", Unit::One, Some(1_610_612_736)),
            ("16Gi", Unit::One, Some(17_179_869_184)),
            ("1e3", Unit::One, Some(1000)),
            ("1E3", Unit::One, Some(1000)),
            ("2E", Unit::One, Some(2_000_000_000_000_000_000)),
            ("100n", Unit::Milli, Some(1)),
            ("99999999Ei", Unit::One, Some(u64::MAX)),
            ("", Unit::One, None),
            ("-1", Unit::One, None),
            ("Gi", Unit::One, None),
            ("4x", Unit::One, None),
            ("1e999", Unit::One, None),
        ];
        for (text, unit, expected) in cases {
            assert_eq!(parse(text, unit), expected, "{text} in {unit:?}");
        }
    }
}
