//! Which quota a slice's chips count against.

use tpu::Slice;

/// The service that owns the quota of GKE's TPUs. The Cloud TPU API (`tpu.googleapis.com`) has
/// quotas of its own, which don't count here.
pub(super) const SERVICE: &str = "compute.googleapis.com";

/// The quota's name in the console, by accelerator label. Sources: GKE, "Ensure sufficient TPU
/// quota"; Compute Engine, "Allocation quotas". Each counts chips in a region; node pools of a
/// reservation need none.
const NAMES: [(&str, &str); 2] = [
    ("tpu-v4-podslice", "TPU v4 PodSlice chips"),
    ("tpu-v5-lite-podslice", "TPU v5 Lite PodSlice chips"),
];

/// The quota's name; `None` where no source gives it.
pub(super) fn name(slice: &Slice) -> Option<&'static str> {
    let label = slice.accelerator().label();
    let found = NAMES.iter().find(|(accelerator, _)| *accelerator == label);
    found.map(|(_, name)| *name)
}

/// The quota of a slice such as `v5e:4x8`, with the service that owns it.
pub(crate) fn quota_of(slice: &str) -> Option<String> {
    let name = name(&Slice::parse(slice).ok()?)?;
    Some(format!("{name:?} of {SERVICE}"))
}
