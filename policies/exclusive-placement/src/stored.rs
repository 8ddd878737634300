//! The object as it is stored, on an update.

use sdk::{Node, Operation, Review, Severity};

/// The object as it is stored; nothing on a creation.
pub(crate) struct Stored<'a>(Option<Node<'a>>);

impl<'a> Stored<'a> {
    pub(crate) fn of(review: &'a Review) -> Self {
        let old = review.old_object();
        Self(old.filter(|_| review.operation == Operation::Update))
    }

    pub(crate) fn is_update(&self) -> bool {
        self.0.is_some()
    }

    /// The text that stands at `path`.
    pub(crate) fn text(&self, path: &str) -> Option<&'a str> {
        self.0.as_ref()?.find(path)?.text()
    }

    /// The severity of what can't work: what all of `places` said before is only told, so that an
    /// object from before our installation can still be changed elsewhere.
    pub(crate) fn severity(&self, places: &[&Node<'_>]) -> Severity {
        let is_kept = |old: &Node<'_>| {
            let mut places = places.iter();
            places.all(|node| match old.find(node.path()) {
                Some(was) => was.is_same(node),
                None => !node.is_present(),
            })
        };
        match self.0.as_ref().is_some_and(is_kept) {
            true => Severity::Warn,
            false => Severity::Deny,
        }
    }
}
