//! `delete`: what carries a deployment's labels, and what is billed after that.

mod billed;
mod models;

use std::sync::Arc;

use super::block_on;
use super::deleting::{Deleting, confirm};
use crate::changes::Ledger;
use crate::cli::{DeleteArgs, DeleteFormat, DryRun};
use crate::cluster::{Cluster, is_leaving, offline_namespace};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::scaffold::Object;
use billed::Billed;
use models::Models;

pub(super) fn run(args: &DeleteArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    let namespace = offline_namespace(&args.connection)?;
    block_on(async {
        let cluster = Arc::new(Cluster::connect(&args.connection).await?);
        let found = cluster.objects_of(&namespace, &args.name).await?;
        if found.is_empty() {
            return missing(args, &cluster, namespace).await;
        }
        let billed = Billed::of(&cluster, &found).await?;
        let models = match args.unpublish && dry_run != DryRun::Client {
            true => Models::find(&cluster, &namespace, &args.name, printer).await?,
            false => None,
        };
        delete(args, dry_run, &cluster, &found, models, printer).await?;
        if dry_run == DryRun::None {
            printer.note(&billed.to_string())?;
        }
        Ok(Exit::Fine)
    })
}

async fn missing(args: &DeleteArgs, cluster: &Cluster, namespace: String) -> Result<Exit, Failure> {
    if args.ignore_not_found {
        return Ok(Exit::Fine);
    }
    let known = cluster.instances(&namespace).await?;
    Err(Failure::no_deployment(&args.name, namespace, known))
}

async fn delete(
    args: &DeleteArgs,
    dry_run: DryRun,
    cluster: &Cluster,
    found: &[Object],
    models: Option<Models>,
    printer: &Printer,
) -> Result<(), Failure> {
    if dry_run == DryRun::Client {
        let lines = found.iter().map(|object| match args.output {
            Some(DeleteFormat::Name) => format!("{}\n", object.display_name()),
            None => format!("{} deleted (dry run)\n", object.display_name()),
        });
        return Ok(printer.data(&lines.collect::<String>())?);
    }
    let staying: Vec<&Object> = found.iter().filter(|object| !is_leaving(object)).collect();
    if dry_run == DryRun::None && !staying.is_empty() {
        let question = question(args, &staying, models.as_ref());
        confirm(printer, args.yes, &question, &staying).await?;
    }
    match models {
        Some(models) if dry_run == DryRun::None => models.unpublish(printer).await?,
        Some(models) => printer.note(&format!("would be unpublished first: {}", models.names()))?,
        None => {}
    }
    let ledger = Ledger::of_removal(staying.iter().map(|object| object.display_name()));
    let deleting = Deleting {
        cluster,
        printer,
        ledger: &ledger,
        dry_run: dry_run == DryRun::Server,
        again: false,
        quiet: args.output.is_some(),
        timeout: args.timeout,
    };
    let deleted = carry_out(args, &deleting, found, &staying).await;
    deleted.map_err(|failure| ledger.settle(failure))
}

/// First all are told to go, then all are waited for.
async fn carry_out(
    args: &DeleteArgs,
    deleting: &Deleting<'_>,
    found: &[Object],
    staying: &[&Object],
) -> Result<(), Failure> {
    for object in staying {
        deleting.delete(object).await?;
        if args.output == Some(DeleteFormat::Name) {
            deleting
                .printer
                .data(&format!("{}\n", object.display_name()))?;
        }
    }
    let waits = args.wait && !deleting.dry_run;
    for object in found.iter().filter(|_| waits) {
        deleting.wait_gone(object).await?;
    }
    Ok(())
}

fn question(args: &DeleteArgs, objects: &[&Object], models: Option<&Models>) -> String {
    let names: Vec<_> = objects.iter().map(|object| object.display_name()).collect();
    let models = models.map(|models| format!(", and unpublish {}", models.names()));
    let models = models.unwrap_or_default();
    format!(
        "Delete deployment {}: {}{models}?",
        args.name,
        names.join(", ")
    )
}
