//! A topology: the shape of a slice in chips, such as `4x8` or `2x2x4`.

use std::fmt;
use std::str::FromStr;

/// The longest excerpt of the input that an error repeats, in characters.
const EXCERPT: usize = 40;

/// Two or three dimensions in chips, none of them zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topology {
    dims: [u32; 3],
    len: u8,
}

/// Why a text is not a topology. Texts in it are excerpts of at most 40 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopologyError {
    /// Nothing at all.
    Empty,
    /// A blank somewhere, as in `4 x8`.
    Space {
        /// The whole text.
        text: String,
    },
    /// A plus or minus sign before a number.
    Sign {
        /// The dimension with the sign.
        part: String,
    },
    /// A dimension that is not a decimal number, as in `4xb`, `4X8` or `4x`.
    NotANumber {
        /// The dimension, maybe empty.
        part: String,
        /// The whole text.
        text: String,
    },
    /// A dimension such as `04`: GKE compares labels as text.
    LeadingZero {
        /// The dimension.
        part: String,
    },
    /// A dimension of zero chips.
    Zero {
        /// The whole text.
        text: String,
    },
    /// A dimension above `u32::MAX`.
    TooLarge {
        /// The dimension.
        part: String,
    },
    /// One dimension, or more than three.
    DimensionCount {
        /// How many there are.
        found: usize,
    },
}

impl Topology {
    /// Reads `AxB` or `AxBxC` exactly as GKE writes it: lower-case `x`, decimal, nothing else.
    ///
    /// # Errors
    /// Says which dimension is wrong and how.
    pub fn parse(text: &str) -> Result<Self, TopologyError> {
        if text.is_empty() {
            return Err(TopologyError::Empty);
        }
        if text.contains(char::is_whitespace) {
            return Err(TopologyError::Space {
                text: excerpt(text),
            });
        }
        let found = text.split('x').count();
        let mut dims = [0; 3];
        for (index, part) in text.split('x').enumerate() {
            let dim = parse_dimension(part, text)?;
            // A fourth dimension has no place to go; the count below refuses it.
            if let Some(place) = dims.get_mut(index) {
                *place = dim;
            }
        }
        Self::new(
            dims.get(..found)
                .ok_or(TopologyError::DimensionCount { found })?,
        )
    }

    /// A topology from its dimensions.
    ///
    /// # Errors
    /// [`TopologyError::DimensionCount`] unless there are two or three,
    /// [`TopologyError::Zero`] when one is zero.
    pub fn new(dims: &[u32]) -> Result<Self, TopologyError> {
        let topology = match *dims {
            [a, b] => Self {
                dims: [a, b, 0],
                len: 2,
            },
            [a, b, c] => Self {
                dims: [a, b, c],
                len: 3,
            },
            _ => return Err(TopologyError::DimensionCount { found: dims.len() }),
        };
        if dims.contains(&0) {
            return Err(TopologyError::Zero {
                text: topology.to_string(),
            });
        }
        Ok(topology)
    }

    /// What the author of an unreadable topology most likely meant: `4X8`, ` 4x8`, `4*8`, `04x8`
    /// and `4×8` all mean `4x8`. `None` when the guess would be wild.
    #[must_use]
    pub fn guess(text: &str) -> Option<Self> {
        // No topology comes near this length; a guess must not cost time on a huge string.
        if text.len() > EXCERPT {
            return None;
        }
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
            .map(|c| {
                if matches!(c, 'X' | '*' | '×' | ',' | '-' | 'х') {
                    'x'
                } else {
                    c
                }
            })
            .collect();
        let parts = plain
            .split('x')
            .map(|part| match part.trim_start_matches('0') {
                "" => part,
                digits => digits,
            });
        Self::parse(&parts.collect::<Vec<_>>().join("x")).ok()
    }

    /// The dimensions in chips: two or three.
    #[must_use]
    pub fn dims(&self) -> &[u32] {
        &self.dims[..usize::from(self.len)]
    }

    /// The product of the dimensions; `u64::MAX` where it is larger than that.
    #[must_use]
    pub fn chips(&self) -> u64 {
        self.dims().iter().fold(1, |product: u64, dim| {
            product.saturating_mul(u64::from(*dim))
        })
    }

    /// How many VMs of `chips_per_vm` chips make it up; `None` if they don't divide it evenly.
    /// Plain arithmetic: [`crate::Slice::vms`] also knows which VMs exist.
    #[must_use]
    pub fn vms(&self, chips_per_vm: u32) -> Option<u64> {
        let chips = self.chips();
        let per_vm = u64::from(chips_per_vm);
        (chips != u64::MAX && chips.checked_rem(per_vm)? == 0).then(|| chips / per_vm)
    }

    /// The same dimensions in nondecreasing order.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut sorted = *self;
        sorted.dims[..usize::from(self.len)].sort_unstable();
        sorted
    }

    /// Two dimensions, for the catalogue, whose numbers are never zero.
    pub(crate) const fn flat(a: u32, b: u32) -> Self {
        Self {
            dims: [a, b, 0],
            len: 2,
        }
    }

    /// Three dimensions, for the catalogue, whose numbers are never zero.
    pub(crate) const fn solid(a: u32, b: u32, c: u32) -> Self {
        Self {
            dims: [a, b, c],
            len: 3,
        }
    }
}

impl FromStr for Topology {
    type Err = TopologyError;

    fn from_str(text: &str) -> Result<Self, TopologyError> {
        Self::parse(text)
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, dim) in self.dims().iter().enumerate() {
            if index > 0 {
                f.write_str("x")?;
            }
            write!(f, "{dim}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topology({self})")
    }
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the topology is empty"),
            Self::Space { text } => write!(f, "topology {text:?} contains a space"),
            Self::Sign { part } => write!(f, "dimension {part:?} has a sign"),
            Self::NotANumber { part, text } => {
                write!(
                    f,
                    "topology {text:?} is not of the form AxB or AxBxC: {part:?} is not a number"
                )
            }
            Self::LeadingZero { part } => write!(f, "dimension {part:?} has a leading zero"),
            Self::Zero { text } => write!(f, "topology {text:?} has a dimension of zero"),
            Self::TooLarge { part } => write!(f, "dimension {part:?} is above {}", u32::MAX),
            Self::DimensionCount { found } => {
                write!(f, "a topology has 2 or 3 dimensions, this one has {found}")
            }
        }
    }
}

impl std::error::Error for TopologyError {}

/// The text itself, or its first characters and an ellipsis: errors stay short on any input.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn parse_dimension(part: &str, text: &str) -> Result<u32, TopologyError> {
    if part.starts_with(['+', '-']) {
        return Err(TopologyError::Sign {
            part: excerpt(part),
        });
    }
    if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TopologyError::NotANumber {
            part: excerpt(part),
            text: excerpt(text),
        });
    }
    if part.bytes().all(|byte| byte == b'0') {
        return Err(TopologyError::Zero {
            text: excerpt(text),
        });
    }
    if part.starts_with('0') {
        return Err(TopologyError::LeadingZero {
            part: excerpt(part),
        });
    }
    // Only digits are left, so the one way to fail is a number that is too large.
    part.parse().map_err(|_| TopologyError::TooLarge {
        part: excerpt(part),
    })
}
