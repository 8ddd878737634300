//! What a run has changed so far: what an error or Ctrl-C leaves behind.

use std::cell::RefCell;
use std::fmt;

use crate::failure::Failure;

/// Objects as kubectl names them, by what has become of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Deleted, but perhaps not gone yet.
    pub(crate) deleting: Vec<String>,
    /// Deleted and gone.
    pub(crate) deleted: Vec<String>,
    /// Applied, those included that were like that already.
    pub(crate) applied: Vec<String>,
    /// Not applied yet, or not deleted yet.
    pub(crate) open: Vec<String>,
    /// Is the aim to delete, and not to apply?
    pub(crate) removal: bool,
}

/// The changes of a run while it goes on.
#[derive(Debug, Default)]
pub(crate) struct Ledger(RefCell<Changes>);

impl Changes {
    /// Is the cluster as it was?
    pub(crate) fn is_empty(&self) -> bool {
        self.deleting.is_empty() && self.deleted.is_empty() && self.applied.is_empty()
    }

    /// Is something begun and not finished?
    pub(crate) fn is_partial(&self) -> bool {
        !self.is_empty() && !self.open.is_empty()
    }
}

impl Ledger {
    /// Of a run that is to apply these.
    pub(crate) fn of(open: impl IntoIterator<Item = String>) -> Self {
        Self(RefCell::new(Changes {
            open: open.into_iter().collect(),
            ..Changes::default()
        }))
    }

    /// Of a run that is to delete these.
    pub(crate) fn of_removal(open: impl IntoIterator<Item = String>) -> Self {
        let ledger = Self::of(open);
        ledger.0.borrow_mut().removal = true;
        ledger
    }

    /// An object's deletion was accepted.
    pub(crate) fn deleting(&self, object: String) {
        let mut changes = self.0.borrow_mut();
        if changes.removal {
            changes.open.retain(|other| *other != object);
        }
        changes.deleting.push(object);
    }

    /// An object that was deleted is gone.
    pub(crate) fn deleted(&self, object: String) {
        let mut changes = self.0.borrow_mut();
        changes.deleting.retain(|other| *other != object);
        changes.deleted.push(object);
    }

    /// An object was applied.
    pub(crate) fn applied(&self, object: String) {
        let mut changes = self.0.borrow_mut();
        changes.open.retain(|other| *other != object);
        // It stands again.
        changes.deleted.retain(|other| *other != object);
        changes.applied.push(object);
    }

    /// The failure with what it leaves behind.
    pub(crate) fn settle(&self, failure: Failure) -> Failure {
        let changes = Box::new(self.0.borrow().clone());
        match failure {
            Failure::Interrupted => Failure::InterruptedHalfway(changes),
            Failure::Cluster(cause) if changes.is_partial() => Failure::Partial { changes, cause },
            Failure::Partial { cause, .. } => Failure::Partial { changes, cause },
            other => other,
        }
    }
}

/// One line for each kind of change; `nothing was changed` where there is none.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing was changed");
        }
        let (deleted, open) = match self.removal {
            true => ("deleted", "not deleted"),
            false => ("deleted, not made again yet", "not applied"),
        };
        let lines = [
            ("being deleted", &self.deleting),
            (deleted, &self.deleted),
            ("applied", &self.applied),
            (open, &self.open),
        ];
        let told = lines.iter().filter(|(_, objects)| !objects.is_empty());
        for (index, (what, objects)) in told.enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{what}: {}", objects.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Ledger};
    use crate::exit::Exit;

    fn interrupted(ledger: &Ledger) -> String {
        let failure = ledger.settle(Failure::Interrupted);
        assert_eq!(failure.exit(), Exit::Interrupted);
        failure.to_string()
    }

    #[test]
    fn an_interrupted_run_says_what_state_things_are_in() {
        let ledger = Ledger::of(["a".to_owned(), "b".to_owned()]);
        assert_eq!(interrupted(&ledger), "interrupted: nothing was changed");
        ledger.deleting("b".to_owned());
        assert_eq!(
            interrupted(&ledger),
            "interrupted\nbeing deleted: b\nnot applied: a, b"
        );
        ledger.deleted("b".to_owned());
        ledger.applied("a".to_owned());
        assert_eq!(
            interrupted(&ledger),
            "interrupted\ndeleted, not made again yet: b\napplied: a\nnot applied: b"
        );
        ledger.applied("b".to_owned());
        assert_eq!(interrupted(&ledger), "interrupted\napplied: a, b");
    }

    #[test]
    fn an_interrupted_removal_says_what_is_left() {
        let ledger = Ledger::of_removal(["a".to_owned(), "b".to_owned()]);
        ledger.deleting("a".to_owned());
        ledger.deleted("a".to_owned());
        assert_eq!(
            interrupted(&ledger),
            "interrupted\ndeleted: a\nnot deleted: b"
        );
    }
}
