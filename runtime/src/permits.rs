//! Bounds how many calls run at once: the pool answers exhaustion with an error, not by waiting.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// So many permits, each for one call.
#[derive(Debug)]
pub(crate) struct Permits {
    free: Mutex<u32>,
    returned: Condvar,
}

/// The right to run one call; returned when dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a>(&'a Permits);

impl Permits {
    pub(crate) fn new(count: u32) -> Self {
        Self {
            free: Mutex::new(count),
            returned: Condvar::new(),
        }
    }

    /// Waits for a permit; none if there is none by `deadline`.
    pub(crate) fn take(&self, deadline: Instant) -> Option<Permit<'_>> {
        let mut free = self.lock();
        while *free == 0 {
            let left = deadline.checked_duration_since(Instant::now())?;
            (free, _) = self
                .returned
                .wait_timeout(free, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Some(Permit(self))
    }

    /// A count can't be half written, so a panic elsewhere leaves it usable.
    fn lock(&self) -> MutexGuard<'_, u32> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_returned_permit_can_be_taken_again() {
        let permits = Permits::new(1);
        let soon = || Instant::now() + Duration::from_millis(5);
        let first = permits.take(soon());
        assert!(first.is_some());
        assert!(permits.take(soon()).is_none());
        drop(first);
        assert!(permits.take(soon()).is_some());
    }
}
