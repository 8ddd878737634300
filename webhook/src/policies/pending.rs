//! When what is loaded is put in force. Pure: the time is a parameter.
//!
//! Policies are loaded one by one, and two WasmPolicies that one `kubectl apply` changes come one
//! after the other. So a set waits a moment for what comes with it, and is put in force as one. That
//! is no promise, as no webhook can know what belongs together; it makes the moment in which
//! reviews see half of such a change as good as never there.

use std::time::{Duration, Instant};

/// What comes within this time is put in force together.
const QUIET: Duration = Duration::from_millis(100);
/// Whatever comes still, what is loaded doesn't wait for longer.
const LONGEST: Duration = Duration::from_millis(400);

/// Since when something is loaded that isn't in force.
#[derive(Debug, Default)]
pub(super) struct Pending(Option<Instant>);

impl Pending {
    /// Something else is loaded now.
    pub(super) fn begin(&mut self, now: Instant) {
        self.0.get_or_insert(now);
    }

    /// All that is loaded is in force.
    pub(super) fn end(&mut self) {
        self.0 = None;
    }

    /// Whether something waits.
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// When to look again, where something waits.
    pub(super) fn next(&self, is_loading: bool) -> Option<Instant> {
        let wait = if is_loading { LONGEST } else { QUIET };
        self.0.map(|since| since + wait)
    }

    /// Whether it is time; more is being loaded or not.
    pub(super) fn is_due(&self, is_loading: bool, now: Instant) -> bool {
        self.next(is_loading).is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_together_is_put_in_force_together_and_nothing_waits_for_long() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        assert!(!pending.is_due(false, after(1000)));
        pending.begin(start);
        // The second is being loaded, and comes later than a quiet time.
        assert!(!pending.is_due(true, after(150)));
        pending.begin(after(150));
        assert!(pending.is_due(false, after(151)));
        pending.end();
        assert!(!pending.is_there());
        // One alone.
        pending.begin(start);
        assert!(!pending.is_due(false, after(99)));
        assert!(pending.is_due(false, after(100)));
        // A stream that never ends.
        assert!(!pending.is_due(true, after(399)));
        assert!(pending.is_due(true, after(400)));
    }
}
