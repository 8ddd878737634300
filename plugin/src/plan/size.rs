//! How large a model is: parameters, their width, and the memory that the weights need.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use tpu::Accelerator;

/// The width of the tutorial's rule: N billion parameters need 2 x N GB.
pub(crate) const RULE: Dtype = Dtype::Bf16;
/// The most parameters that a model can have: a thousand times more than any that is known. With
/// it no product below comes near `u64::MAX`.
const MOST: u64 = 1_000_000_000_000_000;
/// Fewer parameters without a unit mean that the unit was forgotten.
const FEWEST_WITHOUT_UNIT: u64 = 1_000_000;
/// Units of the flag, by their letter.
const UNITS: [(char, u64); 4] = [
    ('K', 1_000),
    ('M', 1_000_000),
    ('B', 1_000_000_000),
    ('T', 1_000_000_000_000),
];

/// Spellings of types, ours first.
const SPELLINGS: [(&str, Dtype); 10] = [
    ("f32", Dtype::F32),
    ("bf16", Dtype::Bf16),
    ("f16", Dtype::F16),
    ("int8", Dtype::Int8),
    ("fp32", Dtype::F32),
    ("float32", Dtype::F32),
    ("bfloat16", Dtype::Bf16),
    ("fp16", Dtype::F16),
    ("float16", Dtype::F16),
    ("i8", Dtype::Int8),
];

/// A number of parameters, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Parameters(u64);

/// The type in which the weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point with 8 bits of exponent.
    Bf16,
    /// 16-bit floating point with 5 bits of exponent.
    F16,
    /// 8-bit integers.
    Int8,
}

/// A model's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// How many parameters.
    pub(crate) parameters: Parameters,
    /// What each of them is.
    pub(crate) dtype: Dtype,
}

/// Why a text is no number of parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParametersError {
    /// Not of the form `175B`.
    #[error("must be a number with K, M, B or T, such as 175B or 1.5B")]
    Form,
    /// None at all.
    #[error("a model has at least one parameter")]
    Zero,
    /// More than any model has.
    #[error("no model has more than 1000T parameters")]
    TooMany,
    /// A small number without a unit.
    #[error("{0} parameters make no model; write {0}B for {0} billion")]
    NoUnit(u64),
}

/// Why a text names no type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be f32 (4 bytes a parameter), bf16 or f16 (2), or int8 (1){}", hint(*meant))]
pub(crate) struct DtypeError {
    meant: Option<Dtype>,
}

impl Parameters {
    /// As the catalogue counts them.
    pub(crate) fn from_millions(millions: u32) -> Self {
        Self(u64::from(millions.max(1)) * 1_000_000)
    }

    /// As it was counted before.
    pub(super) fn from_count(count: u64) -> Self {
        Self(count.max(1))
    }

    /// How many.
    pub(crate) fn count(self) -> u64 {
        self.0
    }
}

impl Dtype {
    /// Bytes of one parameter.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::Bf16 | Self::F16 => 2,
            Self::Int8 => 1,
        }
    }
}

impl Size {
    /// What the weights need.
    pub(crate) fn weights(self) -> u64 {
        self.parameters.0.saturating_mul(self.dtype.bytes())
    }

    /// The fewest chips whose memory is as large as the weights, rounded up; `None` where the
    /// chip's memory isn't published.
    pub(crate) fn chips(self, accelerator: &Accelerator) -> Option<u64> {
        let chip = accelerator
            .hbm_bytes_per_chip()
            .filter(|bytes| *bytes > 0)?;
        Some(self.weights().div_ceil(chip))
    }
}

impl FromStr for Parameters {
    type Err = ParametersError;

    fn from_str(text: &str) -> Result<Self, ParametersError> {
        let (number, unit) = split_unit(text.trim())?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        digits(fraction)?;
        let worth = unit.unwrap_or(1);
        let count = digits(whole)?
            .checked_mul(worth)
            .and_then(|count| count.checked_add(parts(fraction, worth)))
            .ok_or(ParametersError::TooMany)?;
        match count {
            0 => Err(ParametersError::Zero),
            small if unit.is_none() && small < FEWEST_WITHOUT_UNIT => {
                Err(ParametersError::NoUnit(small))
            }
            large if large > MOST => Err(ParametersError::TooMany),
            count => Ok(Self(count)),
        }
    }
}

impl FromStr for Dtype {
    type Err = DtypeError;

    fn from_str(text: &str) -> Result<Self, DtypeError> {
        let known = SPELLINGS.iter().find(|(spelling, _)| *spelling == text);
        known
            .map(|(_, dtype)| *dtype)
            .ok_or_else(|| DtypeError { meant: meant(text) })
    }
}

/// `175B`, `1.5B`, `350M`.
impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = UNITS.iter().rev().find(|(_, unit)| self.0 >= *unit);
        // Trillions are written in billions, as everybody does.
        let (letter, unit) = largest.map_or((None, 1), |(letter, unit)| match letter {
            'T' => (Some('B'), 1_000_000_000),
            letter => (Some(*letter), *unit),
        });
        write!(f, "{}", thousandths(self.0, unit))?;
        letter.map_or(Ok(()), |letter| write!(f, "{letter}"))
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Dtype {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes in GB (10^9), rounded up to a tenth where there are fewer than ten.
pub(crate) fn gigabytes(bytes: u64) -> String {
    const GB: u64 = 1_000_000_000;
    if bytes >= 10 * GB {
        return format!("{} GB", bytes.div_ceil(GB));
    }
    format!(
        "{} GB",
        thousandths(bytes.div_ceil(GB / 10) * (GB / 10), GB)
    )
}

/// A number in a unit with at most three places and no zeros at the end.
fn thousandths(number: u64, unit: u64) -> String {
    let (whole, rest) = (number / unit, number % unit);
    let places = if unit < 1000 { 0 } else { rest / (unit / 1000) };
    if places == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{places:03}");
    text.trim_end_matches('0').to_owned()
}

fn split_unit(text: &str) -> Result<(&str, Option<u64>), ParametersError> {
    let Some((end, last)) = text.char_indices().next_back() else {
        return Err(ParametersError::Form);
    };
    if last.is_ascii_digit() {
        return Ok((text, None));
    }
    let unit = UNITS
        .iter()
        .find(|(letter, _)| letter.eq_ignore_ascii_case(&last));
    match unit {
        Some((_, unit)) => Ok((&text[..end], Some(*unit))),
        None => Err(ParametersError::Form),
    }
}

fn digits(text: &str) -> Result<u64, ParametersError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParametersError::Form);
    }
    text.parse().map_err(|_| ParametersError::TooMany)
}

/// What the digits behind the point are worth.
fn parts(fraction: &str, unit: u64) -> u64 {
    let mut worth = unit;
    fraction
        .chars()
        .filter_map(|c| c.to_digit(10))
        .fold(0, |sum, digit| {
            worth /= 10;
            sum + worth * u64::from(digit)
        })
}

fn meant(text: &str) -> Option<Dtype> {
    const DISTANCE: usize = 2;
    let text = text.to_ascii_lowercase();
    let near = SPELLINGS
        .iter()
        .map(|(spelling, dtype)| (strsim::levenshtein(&text, spelling), *dtype));
    let nearest = near.min_by_key(|(distance, _)| *distance);
    nearest
        .filter(|(distance, _)| *distance <= DISTANCE)
        .map(|(_, dtype)| dtype)
}

fn hint(meant: Option<Dtype>) -> String {
    meant.map_or_else(String::new, |dtype| format!("; did you mean {dtype}?"))
}
