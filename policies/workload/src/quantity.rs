//! Quantities of extended resources: whole numbers, written as numbers or strings.

use sdk::Node;

/// What stands where a quantity of chips belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A whole number of chips.
    Whole(u64),
    /// A quantity that is no whole number of chips from 0 to 2^63, such as `500m` or `-1`.
    Malformed,
}

impl Quantity {
    /// The quantity at `node`; none where it is absent. Anything but a string or a number is
    /// noted as a wrong type.
    pub fn read(node: &Node<'_>) -> Option<Self> {
        let chips = if node.is_number() {
            node.value()?.as_u64()
        } else if node.is_text() {
            parse(node.text()?)
        } else {
            node.wrong_type("a quantity: a number or a string");
            return None;
        };
        Some(chips.map_or(Self::Malformed, Self::Whole))
    }

    /// The number of chips, where it is one.
    pub fn whole(self) -> Option<u64> {
        match self {
            Self::Whole(chips) => Some(chips),
            Self::Malformed => None,
        }
    }
}

/// Kubernetes' decimal quantities that are whole numbers: `4`, `4.0`, `4000m`, `4k`, `4e0`, `1Ki`.
fn parse(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '+')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if !fraction.bytes().all(|digit| digit == b'0') {
        return None;
    }
    let whole: u64 = whole.strip_prefix('+').unwrap_or(whole).parse().ok()?;
    scale(whole, suffix)
}

fn scale(whole: u64, suffix: &str) -> Option<u64> {
    let power = |base: u64, exponent| base.checked_pow(exponent);
    let factor = match suffix {
        "" => 1,
        "m" => return whole.is_multiple_of(1000).then_some(whole / 1000),
        "k" => power(1000, 1)?,
        "M" => power(1000, 2)?,
        "G" => power(1000, 3)?,
        "Ki" => power(1024, 1)?,
        "Mi" => power(1024, 2)?,
        "Gi" => power(1024, 3)?,
        _ => power(10, suffix.strip_prefix(['e', 'E'])?.parse().ok()?)?,
    };
    whole.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_quantities_are_read_in_every_notation() {
        for text in ["4", "4.0", "4000m", "+4", "4e0"] {
            assert_eq!(parse(text), Some(4), "{text}");
        }
        assert_eq!(parse("1Ki"), Some(1024));
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in [
            "",
            "500m",
            "-4",
            "four",
            "4.5",
            "4Zi",
            "99999999999999999999",
            "1e99",
            "é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
