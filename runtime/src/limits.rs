//! What one call of a policy may use.

use std::time::Duration;

const MIB: u64 = 1 << 20;

/// What one call of a policy may use. Breaking a limit is the policy's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Units of fuel, about one an instruction, beside [`FUEL_PER_BYTE`] for the objects.
    /// Deterministic: the same review always ends the same way.
    pub fuel: u64,
    /// Bytes of linear memory.
    pub memory_bytes: u64,
    /// Bytes that the policy may hand over, in its verdict or in one host call, beside
    /// four times the bytes of the objects.
    pub output_bytes: u64,
    /// Calls of the host, log lines included.
    pub host_calls: u32,
    /// Wall-clock time: the backstop, far above what full fuel takes.
    pub deadline: Duration,
}

/// A limit that no policy may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit {name} is {found}, expected 1 to {most}")]
pub struct LimitError {
    /// As the field of the `WasmPolicy` is called.
    pub name: &'static str,
    /// What was asked for.
    pub found: u64,
    /// The most that can be had.
    pub most: u64,
}

/// Units of fuel that each byte of the objects under review adds: twice what the built-in policies
/// take where they do most to a byte. Those are JobSets of many terse Jobs, each of which is
/// completed; an object that is only read takes a tenth of it.
pub const FUEL_PER_BYTE: u64 = 1000;

/// Bytes of answer that each byte of the objects under review adds: a patch names each place that it
/// completes by its whole path, so that it can be longer than a terse object.
pub(crate) const OUTPUT_PER_BYTE: u64 = 4;

/// The most memory that one policy can be given, and what a pooled slot reserves (address space
/// only).
pub(crate) const MOST_MEMORY: u64 = 512 * MIB;

impl Default for Limits {
    /// Enough for the largest review that the API server sends (two objects of 3 MiB), parsed
    /// into values, with room to spare.
    fn default() -> Self {
        Self {
            fuel: 200_000_000,
            memory_bytes: 128 * MIB,
            output_bytes: MIB,
            host_calls: 256,
            deadline: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// Checks that a sandbox can keep these limits.
    ///
    /// # Errors
    /// A limit is zero or beyond what the sandbox can hold.
    pub fn check(&self) -> Result<(), LimitError> {
        let millis = u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX);
        for (name, found, most) in [
            ("fuel", self.fuel, 100_000_000_000),
            ("memoryBytes", self.memory_bytes, MOST_MEMORY),
            ("outputBytes", self.output_bytes, 64 * MIB),
            ("hostCalls", u64::from(self.host_calls), 100_000),
            ("deadlineMilliseconds", millis, 30_000),
        ] {
            if found == 0 || found > most {
                return Err(LimitError { name, found, most });
            }
        }
        Ok(())
    }

    /// These limits for a review of objects of so many bytes.
    pub(crate) fn for_objects(self, bytes: usize) -> Self {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let fuel = bytes.saturating_mul(FUEL_PER_BYTE);
        let output = bytes.saturating_mul(OUTPUT_PER_BYTE);
        Self {
            fuel: self.fuel.saturating_add(fuel),
            output_bytes: self.output_bytes.saturating_add(output),
            ..self
        }
    }

    /// The deadline in milliseconds, as messages name it.
    pub(crate) fn deadline_millis(&self) -> u64 {
        u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limits_can_be_kept() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn a_limit_of_nothing_or_of_everything_is_named() {
        let none = Limits {
            fuel: 0,
            ..Limits::default()
        };
        assert_eq!(none.check().unwrap_err().name, "fuel");
        let all = Limits {
            memory_bytes: u64::MAX,
            ..Limits::default()
        };
        assert_eq!(all.check().unwrap_err().name, "memoryBytes");
    }
}
