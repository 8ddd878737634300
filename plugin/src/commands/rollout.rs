//! Objects on their way to the cluster: what `deploy` and `scale` have in common.

mod replacing;
mod security;

use std::time::Duration;

use super::deleting::Deleting;
use super::judging::judge_update;
use crate::changes::Ledger;
use crate::cli::{ObjectFormat, Output};
use crate::cluster::{ApplyOptions, Cluster, Outcome, Target, Waiting, apply_all, wait};
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::{Printer, Progress};
use crate::render;
use crate::scaffold::{Names, Object};

/// All that objects on their way to the cluster need.
pub(super) struct Rollout<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) judge: &'a Judge,
    pub(super) printer: &'a Printer,
    pub(super) ledger: &'a Ledger,
    /// The deployment whose objects these are, and whose alone may be deleted.
    pub(super) names: &'a Names,
    pub(super) namespace: &'a str,
    pub(super) objects: &'a [Object],
    pub(super) options: ApplyOptions,
    /// How the objects are printed; `None` for a line each.
    pub(super) output: Option<&'a Output<ObjectFormat>>,
    /// May what can't be changed be deleted?
    pub(super) replace: bool,
    /// Was that confirmed before?
    pub(super) yes: bool,
    /// How long to wait for each thing.
    pub(super) timeout: Duration,
}

impl Rollout<'_> {
    /// Applies the objects, after deleting what can't become what is wanted where that is asked
    /// for.
    pub(super) async fn run(&self) -> Result<(), Failure> {
        self.cluster.require_jobset().await?;
        security::check(self).await?;
        let replaced = match self.replace {
            true => replacing::replace(self).await?,
            false => {
                judge_update(self.judge, self.cluster, self.objects, self.printer).await?;
                Vec::new()
            }
        };
        self.apply(&replaced).await
    }

    /// Waits until all of the deployment runs.
    pub(super) async fn await_ready(&self, target: &Target) -> Result<(), Failure> {
        let mut progress = Progress::new(self.printer);
        let waiting = wait(self.cluster, target, self.timeout, |stages| {
            progress.show(stages.iter().map(|stage| (stage.to_string(), stage.done)));
        })
        .await;
        progress.finish()?;
        match waiting? {
            Waiting::Ready => Ok(()),
            Waiting::TimedOut(stages) => Err(Failure::TimedOut {
                limit: self.timeout,
                stages,
            }),
            Waiting::Ended(message) => Err(Failure::Failed {
                object: target.jobset.display_name(),
                namespace: target.namespace.clone(),
                message,
            }),
        }
    }

    /// How it deletes.
    fn deleting(&self) -> Deleting<'_> {
        Deleting {
            cluster: self.cluster,
            printer: self.printer,
            ledger: self.ledger,
            dry_run: self.options.dry_run,
            again: true,
            quiet: self.output.is_some(),
            timeout: self.timeout,
        }
    }

    /// Applies all objects. On a dry run those that would be replaced are still there: the server
    /// has been asked about them as new objects.
    async fn apply(&self, replaced: &[String]) -> Result<(), Failure> {
        let is_stored = |object: &&Object| replaced.contains(&object.display_name());
        let (kept, objects): (Vec<_>, Vec<_>) = match self.options.dry_run {
            true => self.objects.iter().partition(is_stored),
            false => (Vec::new(), self.objects.iter().collect()),
        };
        let objects: Vec<Object> = objects.into_iter().cloned().collect();
        let mut told = Ok(());
        let mut applied = apply_all(self.cluster, &objects, &self.options, |object, outcome| {
            if !self.options.dry_run {
                self.ledger.applied(object.display_name());
            }
            if self.output.is_none() && told.is_ok() {
                told = self.tell(object, outcome);
            }
        })
        .await?;
        told?;
        for object in kept {
            if self.output.is_none() {
                self.tell(object, Outcome::Created)?;
            }
            applied.push(object.clone());
        }
        match self.output {
            Some(format) => Ok(self.printer.data(&render::printed(&applied, format)?)?),
            None => Ok(()),
        }
    }

    fn tell(&self, object: &Object, outcome: Outcome) -> Result<(), Failure> {
        let suffix = if self.options.dry_run {
            " (server dry run)"
        } else {
            ""
        };
        let line = format!("{} {outcome}{suffix}\n", object.display_name());
        Ok(self.printer.data(&line)?)
    }
}
