//! `webhook`.

mod install;
mod pause;
mod release;
mod replicas;
mod rotate;
pub(in crate::commands) mod status;
mod uninstall;

use std::time::Duration;

use crate::cli::WebhookVerb;
use crate::cluster::{Cluster, Stage};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Progress};
use crate::scaffold::Object;

pub(super) fn run(verb: &WebhookVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        WebhookVerb::Install(args) => install::run(args, printer),
        WebhookVerb::Uninstall(args) => uninstall::run(args, printer),
        WebhookVerb::Status(args) => status::run(args, printer),
        WebhookVerb::RotateCerts(args) => rotate::run(args, printer),
        WebhookVerb::Pause(args) => pause::run(args, printer),
    }
}

/// Waits until objects that are being deleted are gone, and says what holds each back.
async fn wait_gone(
    cluster: &Cluster,
    leaving: Vec<Object>,
    limit: Duration,
    printer: &Printer,
) -> Result<(), Failure> {
    let mut progress = Progress::new(printer);
    let waited = cluster
        .wait_all_gone(leaving, limit, |stages| {
            progress.show(stages.iter().map(line));
        })
        .await;
    progress.finish()?;
    let stages = waited?;
    match stages.is_empty() {
        true => Ok(()),
        false => Err(Failure::TimedOut { limit, stages }),
    }
}

fn line(stage: &Stage) -> (String, bool) {
    match stage.done {
        true => (stage.to_string(), true),
        false => (format!("waiting for {stage}"), false),
    }
}
