//! When two spellings are the same to the API.

use serde_json::Value;

/// Fields whose `false` the API's own types leave out. Other booleans tell `false` from absent.
const FALSE_IS_ABSENT: [&str; 7] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
];

/// Decimal suffixes with their powers of ten, in units of 10^-9.
const DECIMAL: [(&str, u32); 10] = [
    ("n", 0),
    ("u", 3),
    ("m", 6),
    ("", 9),
    ("k", 12),
    ("M", 15),
    ("G", 18),
    ("T", 21),
    ("P", 24),
    ("E", 27),
];

/// Binary suffixes with their powers of two.
const BINARY: [(&str, u32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];

/// Whether `value` in the field `key` is the same as no such field.
pub(super) fn is_absent(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(flag) => !flag && FALSE_IS_ABSENT.contains(&key),
        Value::String(text) => text.is_empty() && key == "value",
        Value::Number(number) => key == "hostPort" && number.as_i64() == Some(0),
    }
}

/// Whether the field at `path` holds a quantity, such as a limit.
pub(super) fn holds_quantity(path: &str) -> bool {
    let mut tokens = path.rsplit('/');
    let (key, parent) = (tokens.next(), tokens.next());
    matches!(key, Some("sizeLimit" | "divisor"))
        || matches!(parent, Some("limits" | "requests" | "overhead"))
}

/// Whether two values are the same quantity, such as 4 and "4", or "0.5" and "500m".
pub(super) fn is_same_quantity(one: &Value, other: &Value) -> bool {
    match (nanos(one), nanos(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// A quantity in units of 10^-9; none where it is no quantity, or finer or larger than that.
fn nanos(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let places = u32::try_from(fraction.len()).ok()?;
    Some(sign * scale(digits, places, suffix)?)
}

/// `digits` x 10^-`places`, scaled by a suffix.
fn scale(digits: i128, places: u32, suffix: &str) -> Option<i128> {
    let (twos, tens) = if let Some((_, power)) = BINARY.iter().find(|(known, _)| *known == suffix) {
        (*power, 9)
    } else if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        (0, *power)
    } else {
        let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
        (0, u32::try_from(exponent.checked_add(9)?).ok()?)
    };
    let scaled = digits
        .checked_mul(10_i128.checked_pow(tens)?)?
        .checked_mul(2_i128.checked_pow(twos)?)?;
    let divisor = 10_i128.checked_pow(places)?;
    (scaled % divisor == 0).then_some(scaled / divisor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spellings_of_one_quantity_are_the_same() {
        for (one, other) in [
            (json!(4), json!("4")),
            (json!("4000m"), json!(4)),
            (json!("0.5"), json!("500m")),
            (json!(0.5), json!("500m")),
            (json!("1Gi"), json!("1024Mi")),
            (json!("1.5Gi"), json!("1536Mi")),
            (json!("1e3"), json!("1k")),
            (json!("-1"), json!(-1)),
            (json!("100M"), json!("0.1G")),
        ] {
            assert!(is_same_quantity(&one, &other), "{one} {other}");
        }
    }

    #[test]
    fn other_quantities_and_other_texts_differ() {
        for (one, other) in [
            (json!(4), json!(8)),
            (json!("1G"), json!("1Gi")),
            (json!("four"), json!("four")),
            (json!(""), json!("0x")),
            (json!("1e99"), json!("1e99")),
            (json!("99999999999999999999999999999999999999999"), json!(1)),
            (json!("é"), json!("1")),
        ] {
            assert!(!is_same_quantity(&one, &other), "{one} {other}");
        }
    }

    #[test]
    fn only_what_the_api_leaves_out_counts_as_absent() {
        assert!(is_absent("env", &json!([])));
        assert!(is_absent("value", &json!("")));
        assert!(is_absent("hostNetwork", &json!(false)));
        assert!(!is_absent("automountServiceAccountToken", &json!(false)));
        assert!(!is_absent("backoffLimit", &json!(0)));
        assert!(!is_absent("example.com/label", &json!("")));
    }
}
