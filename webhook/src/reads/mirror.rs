//! What is known of the cluster.

use std::sync::{Arc, PoisonError, RwLock};

use runtime::Objects;

/// What is known of the cluster. Whoever looks gets one state and keeps it: a review is judged by
/// one, and nobody who changes something waits for it.
#[derive(Debug)]
pub(crate) struct Mirror(RwLock<Arc<Objects>>);

impl Mirror {
    /// Of a cluster of which nothing is known yet.
    pub(crate) fn new() -> Mirror {
        Mirror(RwLock::new(Arc::new(Objects::of_a_cluster())))
    }

    /// The state now.
    pub(crate) fn now(&self) -> Arc<Objects> {
        // Nothing panics while it holds the lock.
        let objects = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&objects)
    }

    /// Changes it, in place where nobody looks at it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Objects)) {
        let mut objects = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut objects));
    }
}

#[cfg(test)]
mod tests {
    use runtime::Grant;

    use super::*;

    #[test]
    fn who_looks_keeps_what_it_saw() {
        let grant = Grant {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
        };
        let mirror = Mirror::new();
        let put = |name| {
            mirror.change(|objects| {
                objects.change(&grant, |all| all.put("a", name, b"{}".as_slice().into()));
            });
        };
        put("x");
        let seen = mirror.now();
        put("y");
        let count = |objects: &Objects| objects.of(&grant).map(|all| all.objects());
        assert_eq!((count(&seen), count(&mirror.now())), (Some(1), Some(2)));
    }
}
