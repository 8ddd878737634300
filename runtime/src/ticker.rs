//! The clock behind the wall-clock deadline.

use std::thread;
use std::time::Duration;

use wasmtime::EngineWeak;

/// How exact a deadline is kept.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Advances the engine's epoch once a [`TICK`], until the engine is gone.
pub(crate) fn start(engine: EngineWeak) -> std::io::Result<()> {
    // Detached: it holds the engine weakly and ends by itself.
    thread::Builder::new()
        .name("policy-ticker".to_owned())
        .stack_size(256 << 10)
        .spawn(move || tick(&engine))
        .map(drop)
}

/// Ticks after which `time` has passed for sure.
pub(crate) fn ticks(time: Duration) -> u64 {
    let ticks = time.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a clock waits for nothing but time"
)]
fn tick(engine: &EngineWeak) {
    loop {
        thread::sleep(TICK);
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_cut_short() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(Duration::from_millis(11)), 3);
    }
}
