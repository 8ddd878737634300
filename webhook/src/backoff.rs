//! Waiting longer after each failure, within a bound.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_millis(100);
/// After any number of them: a cluster that is well again isn't kept waiting for long.
const LONGEST: Duration = Duration::from_secs(3);

/// How long to wait after the next failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    wait: Duration,
    first: Duration,
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff::between(FIRST, LONGEST)
    }
}

impl Backoff {
    /// `first` after the first failure, twice as long after each further one, `longest` at last.
    pub(crate) fn between(first: Duration, longest: Duration) -> Self {
        Backoff {
            wait: first,
            first,
            longest,
        }
    }

    /// One more failure: how long to wait.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.wait;
        self.wait = (wait * 2).min(self.longest);
        wait
    }

    /// A success.
    pub(crate) fn reset(&mut self) {
        self.wait = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..8).map(|_| backoff.next()).collect();
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((waits[0], waits[7]), (FIRST, LONGEST));
        backoff.reset();
        assert_eq!(backoff.next(), FIRST);
    }
}
