//! How much of a slice's memory the weights must leave free.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A share of the memory, in percent: at most 99.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Headroom(u8);

/// Why a text is no share of a slice's memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole percentage from 0% to 99%, such as 10%")]
pub(crate) struct HeadroomError;

impl Headroom {
    /// Is nothing asked for?
    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What it leaves of so much memory for the weights, in bytes.
    pub(super) fn leaves(self, bytes: u64) -> u64 {
        let kept = u128::from(bytes) * u128::from(100 - self.0) / 100;
        u64::try_from(kept).unwrap_or(bytes)
    }
}

impl FromStr for Headroom {
    type Err = HeadroomError;

    fn from_str(text: &str) -> Result<Self, HeadroomError> {
        let digits = text.strip_suffix('%').unwrap_or(text);
        // A sign is no digit, whatever the parser of numbers thinks.
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let percent = digits.parse().ok().filter(|percent| *percent < 100);
        percent.filter(|_| plain).map(Self).ok_or(HeadroomError)
    }
}

/// `10%`
impl fmt::Display for Headroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl Serialize for Headroom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Headroom;

    #[test]
    fn a_headroom_is_a_whole_percentage_under_a_hundred() {
        for (text, shown, left) in [("10%", "10%", 90), ("0", "0%", 100), ("99", "99%", 1)] {
            let headroom: Headroom = text.parse().expect("must be one");
            assert_eq!(
                (headroom.to_string().as_str(), headroom.leaves(100)),
                (shown, left)
            );
        }
        for text in [
            "",
            "%",
            "100",
            "-1",
            "+1",
            "1.5%",
            "10 %",
            "ten",
            "1000000000000",
        ] {
            assert!(text.parse::<Headroom>().is_err(), "{text}");
        }
    }
}
