//! Deleting objects: exactly what was looked at, after somebody has said yes.

use std::time::Duration;

use super::confirming::confirm_or;
use crate::changes::Ledger;
use crate::cluster::{Cluster, Deletion};
use crate::failure::Failure;
use crate::printer::{Printer, Progress};
use crate::scaffold::Object;

/// How often an object may change under our eyes, as a running JobSet's status does.
const ATTEMPTS: usize = 5;

/// How objects are deleted.
pub(super) struct Deleting<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) printer: &'a Printer,
    pub(super) ledger: &'a Ledger,
    /// Is the server only asked?
    pub(super) dry_run: bool,
    /// Are they to be made again?
    pub(super) again: bool,
    /// Are other things the data?
    pub(super) quiet: bool,
    /// How long to wait until one of them is gone.
    pub(super) timeout: Duration,
}

impl Deleting<'_> {
    /// Deletes what was looked at. A status that changed meanwhile is looked at again; another
    /// generation, owner or object is not what the user was asked about.
    pub(super) async fn delete(&self, stored: &Object) -> Result<(), Failure> {
        let mut looked_at = stored.clone();
        for _ in 0..ATTEMPTS {
            let deletion = self.cluster.delete_exactly(&looked_at, self.dry_run);
            if deletion.await? == Deletion::Accepted {
                return self.tell(stored);
            }
            match self.cluster.get(stored).await? {
                None => return Ok(()),
                Some(now) if is_same(&now, stored) => looked_at = now,
                Some(_) => break,
            }
        }
        Err(Failure::ChangedMeanwhile {
            object: stored.display_name(),
        })
    }

    /// Waits until it is gone with all its Pods.
    pub(super) async fn wait_gone(&self, stored: &Object) -> Result<(), Failure> {
        let name = stored.display_name();
        let mut progress = Progress::new(self.printer);
        let waiting = self.cluster.wait_gone(stored, self.timeout, |pods| {
            let left = counted(pods, "Pod");
            progress.show([(format!("{name} is being deleted, {left} left"), false)]);
        });
        let waited = waiting.await;
        if let Ok(true) = waited {
            progress.show([(format!("{name} is gone"), true)]);
        }
        progress.finish()?;
        match waited? {
            true => {
                self.ledger.deleted(name);
                Ok(())
            }
            false => Err(Failure::StillThere {
                object: name,
                limit: self.timeout,
                again: self.again,
            }),
        }
    }

    fn tell(&self, stored: &Object) -> Result<(), Failure> {
        let name = stored.display_name();
        let line = match self.dry_run {
            true => format!("{name} deleted (server dry run)"),
            false => format!("{name} deleted"),
        };
        if !self.dry_run {
            self.ledger.deleting(name);
        }
        match self.quiet {
            true => Ok(self.printer.note(&line)?),
            false => Ok(self.printer.data(&format!("{line}\n"))?),
        }
    }
}

/// Asks, unless the answer was given before.
pub(super) async fn confirm(
    printer: &Printer,
    yes: bool,
    question: &str,
    objects: &[&Object],
) -> Result<(), Failure> {
    let nobody = || Failure::NobodyToAsk {
        objects: objects.iter().map(|object| object.display_name()).collect(),
    };
    confirm_or(printer, yes, question, nobody).await
}

/// `1 Pod`, `16 Pods`
pub(super) fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// The same object with the same spec and labels?
fn is_same(now: &Object, stored: &Object) -> bool {
    ["/metadata/uid", "/metadata/generation", "/metadata/labels"]
        .iter()
        .all(|pointer| now.value.pointer(pointer) == stored.value.pointer(pointer))
}
