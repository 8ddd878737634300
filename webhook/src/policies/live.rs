//! The policy set in force, swapped whole.

use std::sync::{Arc, PoisonError, RwLock};

/// The policy set in force. Whoever looks gets the whole of one set and keeps it for as long as
/// it needs it: no review is judged by parts of two.
#[derive(Debug)]
pub(crate) struct Live<P>(RwLock<Arc<P>>);

impl<P> Live<P> {
    /// The first set.
    pub(crate) fn new(policies: P) -> Self {
        Live(RwLock::new(Arc::new(policies)))
    }

    /// The set in force now.
    pub(crate) fn now(&self) -> Arc<P> {
        // Nothing panics while it holds the lock; and half a swap doesn't exist.
        let policies = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&policies)
    }

    /// Puts another set in force, from the next review on.
    pub(crate) fn swap(&self, policies: P) {
        let next = Arc::new(policies);
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let last = std::mem::replace(&mut *place, next);
        drop(place);
        // Whatever the last set held is freed here, and nobody waits for it.
        drop(last);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn who_looks_sees_one_whole_set_and_never_an_older_one_again() {
        let live = Live::new([0; 2]);
        thread::scope(|scope| {
            scope.spawn(|| (1..=1000).for_each(|version| live.swap([version; 2])));
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut last = 0;
                    while last < 1000 {
                        let [one, other] = *live.now();
                        assert_eq!(one, other);
                        assert!(last <= one);
                        last = one;
                    }
                });
            }
        });
    }
}
