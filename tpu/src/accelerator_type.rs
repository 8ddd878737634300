//! Accelerator-type strings such as `v5litepod-32`: what people write when they mean a topology.

use crate::accelerator::Accelerator;
use crate::topology::Topology;

/// A parsed accelerator type. The suffix counts TensorCores on v4, v5p and tpu7x (two a chip) but
/// chips on v5e and v6e, and doesn't determine the shape of large 3D slices: never accepted in
/// place of a topology, but enough to suggest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceleratorType {
    /// The accelerator, of its two labels the one of pod slices.
    pub accelerator: &'static Accelerator,
    /// Chips of the slice.
    pub chips: u64,
}

impl AcceleratorType {
    /// Reads `v4-8`, `v5litepod-32`, `v5p-8`, `v6e-16`, `tpu7x-128`; `None` for all else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, suffix) = text.rsplit_once('-')?;
        if !suffix.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let count: u64 = suffix.parse().ok()?;
        Accelerator::all().iter().find_map(|accelerator| {
            let (own, per_chip) = accelerator.type_prefix?;
            let per_chip = u64::from(per_chip);
            (own == prefix && count > 0 && count.is_multiple_of(per_chip)).then(|| Self {
                accelerator,
                chips: count / per_chip,
            })
        })
    }

    /// The topology, if exactly one has that many chips.
    #[must_use]
    pub fn topology(&self) -> Option<Topology> {
        match *crate::topologies_with_chips(self.accelerator, self.chips) {
            [only] => Some(only),
            _ => None,
        }
    }
}
