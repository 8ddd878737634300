//! How a group's slice is divided into VMs: the numbers that everything else must agree with.

use std::fmt;

use tpu::Slice;

/// A slice on VMs of a known size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hosts {
    pub(crate) slice: Slice,
    pub(crate) chips_per_vm: u32,
    pub(crate) vms: u32,
}

impl Hosts {
    /// The slice on VMs of `chips_per_vm` chips; none where no machine type is such a VM.
    pub(crate) fn new(slice: Slice, chips_per_vm: u32) -> Option<Self> {
        let vms = slice.vms(chips_per_vm)?;
        Some(Self {
            slice,
            chips_per_vm,
            vms,
        })
    }

    /// Whether several VMs must run together.
    pub(crate) fn is_multi(&self) -> bool {
        self.vms > 1
    }
}

/// `8 VMs = 32 chips / 4 (tpu-v5-lite-podslice 4x8 on ct5lp-hightpu-4t)`
impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            slice,
            chips_per_vm,
            vms,
        } = self;
        let (plural, chips) = (if *vms == 1 { "" } else { "s" }, slice.chips());
        let (accelerator, topology) = (slice.accelerator(), slice.topology());
        write!(
            f,
            "{vms} VM{plural} = {chips} chips / {chips_per_vm} ({accelerator} {topology}"
        )?;
        match slice.machine(*chips_per_vm) {
            Some(machine) => write!(f, " on {})", machine.name),
            None => f.write_str(")"),
        }
    }
}
