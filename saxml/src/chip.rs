//! Chips and topologies by the names that the flags `--platform_chip` and `--platform_topology`
//! give them (`saxml/server/proto_util.py`). Anything else becomes UNKNOWN there without a word.

use crate::{ChipTopology, ChipType};

const TPU: &str = "CHIP_TYPE_TPU_";
const GPU: &str = "CHIP_TYPE_GPU_";
const CPU: &str = "cpu";
const TOPOLOGY: &str = "CHIP_TOPOLOGY_";

/// It is in the enum, but the flag's table lacks it.
const NO_FLAG: ChipType = ChipType::TpuV6e;

impl ChipType {
    /// What a value of `--platform_chip` stands for, in any case; `None` where Saxml doesn't know
    /// it.
    #[must_use]
    pub fn from_flag(value: &str) -> Option<Self> {
        let upper = value.to_ascii_uppercase();
        let tpu = upper.strip_prefix("TPU").map(|rest| format!("{TPU}{rest}"));
        let chip = match tpu {
            Some(name) => Self::from_str_name(&name),
            None if value.eq_ignore_ascii_case(CPU) => Some(Self::Cpu),
            None => Self::from_str_name(&format!("{GPU}{upper}")),
        };
        chip.filter(|chip| *chip != NO_FLAG)
    }

    /// The value of `--platform_chip` that stands for it; `None` where there is none.
    #[must_use]
    pub fn flag(self) -> Option<String> {
        let name = self.as_str_name();
        let tpu = name.strip_prefix(TPU).map(|rest| format!("tpu{rest}"));
        let gpu = name.strip_prefix(GPU).map(str::to_owned);
        let cpu = (self == Self::Cpu).then(|| CPU.to_owned());
        let flag = tpu.or(gpu).or(cpu).filter(|_| self != NO_FLAG)?;
        Some(flag.to_ascii_lowercase())
    }
}

impl ChipTopology {
    /// What a value of `--platform_topology` stands for, in exactly this case; `None` where Saxml
    /// doesn't know it. Suffixes for twisted tori don't count.
    #[must_use]
    pub fn from_flag(value: &str) -> Option<Self> {
        let plain = value.strip_suffix("_twisted").unwrap_or(value);
        let plain = plain.strip_suffix("_untwisted").unwrap_or(plain);
        let is_plain = plain
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'x');
        is_plain
            .then(|| format!("{TOPOLOGY}{}", plain.to_ascii_uppercase()))
            .and_then(|name| Self::from_str_name(&name))
    }

    /// The value of `--platform_topology` that stands for it, such as `4x8`; `None` for the
    /// unknown one.
    #[must_use]
    pub fn flag(self) -> Option<String> {
        let known = self != Self::Unknown;
        let name = self.as_str_name().strip_prefix(TOPOLOGY);
        name.filter(|_| known).map(str::to_ascii_lowercase)
    }
}

#[cfg(test)]
mod tests {
    use crate::{ChipTopology, ChipType};

    #[test]
    fn every_value_of_the_chip_flag_is_known_and_comes_back() {
        for flag in tpu::sax::PLATFORM_CHIPS {
            let chip = ChipType::from_flag(flag).unwrap_or_else(|| panic!("{flag}"));
            assert_eq!(chip.flag().as_deref(), Some(flag));
            assert_eq!(ChipType::from_flag(&flag.to_uppercase()), Some(chip));
        }
    }

    #[test]
    fn every_value_of_the_topology_flag_is_known_and_comes_back() {
        for flag in tpu::sax::PLATFORM_TOPOLOGIES {
            let topology = ChipTopology::from_flag(flag).unwrap_or_else(|| panic!("{flag}"));
            assert_eq!(topology.flag().as_deref(), Some(flag));
            let twisted = ChipTopology::from_flag(&format!("{flag}_twisted"));
            assert_eq!(twisted, Some(topology));
        }
    }

    #[test]
    fn what_saxml_cannot_name_is_unknown() {
        for flag in ["v5e", "tpuv5p", "tpuv6e", "tpu7x", "unknown", "", "tpu_v4"] {
            assert_eq!(ChipType::from_flag(flag), None, "{flag}");
        }
        for flag in ["4X8", "unknown", "UNKNOWN", "", "8x4", "x"] {
            assert_eq!(ChipTopology::from_flag(flag), None, "{flag}");
        }
        assert_eq!(ChipType::TpuV6e.flag(), None);
        assert_eq!(ChipType::Unknown.flag(), None);
        assert_eq!(ChipTopology::Unknown.flag(), None);
    }
}
