//! The object as it is stored, on an update.

use sdk::{Node, Operation, Review, Severity};
use serde_json::Value;

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
        self.value(path).and_then(Value::as_str)
    }

    /// The severity of what can't work: what all of `places` said before is only told, so that an
    /// object from before our installation can still be changed elsewhere.
    pub(crate) fn severity(&self, places: &[&Node<'_>]) -> Severity {
        let is_same = |node: &&Node<'_>| self.value(node.path()) == node.value();
        match self.is_update() && places.iter().all(is_same) {
            true => Severity::Warn,
            false => Severity::Deny,
        }
    }

    /// What stands at `path`; null is absent.
    fn value(&self, path: &str) -> Option<&'a Value> {
        let value = self.0.as_ref()?.value()?.pointer(path)?;
        (!value.is_null()).then_some(value)
    }
}
