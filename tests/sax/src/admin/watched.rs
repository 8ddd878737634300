//! A set of addresses whose changes can be asked for, as WatchLoc does.

use saxml::sax::WatchResult;
use saxml::sax::watch_result::{Mutation, mutation::Kind};

/// The changes of a set since it was empty.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    changes: Vec<Mutation>,
}

impl Watched {
    pub(crate) fn add(&mut self, address: &str) {
        self.changes.push(Mutation {
            kind: Some(Kind::Addition(address.to_owned())),
        });
    }

    pub(crate) fn remove(&mut self, address: &str) {
        self.changes.push(Mutation {
            kind: Some(Kind::Deletion(address.to_owned())),
        });
    }

    /// What changed after the first `seqno` changes; `None` while nothing did.
    pub(crate) fn after(&self, seqno: i32) -> Option<WatchResult> {
        // A number from the future is from another admin server.
        let seen = usize::try_from(seqno).unwrap_or_default();
        let seen = if seen > self.changes.len() { 0 } else { seen };
        let new = &self.changes[seen..];
        (!new.is_empty()).then(|| WatchResult {
            next_seqno: i32::try_from(self.changes.len()).unwrap_or(i32::MAX),
            has_fullset: false,
            values: Vec::new(),
            changelog: new.to_vec(),
        })
    }

    /// What who waits gets when the model is unpublished.
    pub(crate) fn closed() -> WatchResult {
        WatchResult {
            has_fullset: true,
            ..WatchResult::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Watched;

    #[test]
    fn each_change_is_told_once_to_who_sends_the_number_back() {
        let mut set = Watched::default();
        assert_eq!(set.after(0), None);
        set.add("a");
        set.remove("a");
        let first = set.after(0).expect("must have changed");
        assert_eq!((first.next_seqno, first.changelog.len()), (2, 2));
        assert_eq!(set.after(first.next_seqno), None);
        set.add("b");
        let second = set.after(first.next_seqno).expect("must have changed");
        assert_eq!(second.changelog.len(), 1);
        assert_eq!(set.after(99).expect("starts anew").changelog.len(), 3);
    }
}
