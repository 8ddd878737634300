//! `webhook install`: the server first, its registration when it answers.

use std::fs;

use super::wait_gone;
use crate::cli::{DryRun, InstallArgs};
use crate::cluster::{ApplyOptions, Awaited, Cluster, apply_all, is_leaving, wait_available};
use crate::commands::{await_all, block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Progress};
use crate::registration::{Address, Manifests, text_of};
use crate::render;
use crate::scaffold::Object;

/// Who owns the fields of what is installed.
const FIELD_MANAGER: &str = "kubectl-sax";

pub(super) fn run(args: &InstallArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    let elsewhere = match &args.url {
        Some(url) => Some(at_url(args, url)?),
        None => None,
    };
    if dry_run == DryRun::Client {
        let manifests = match elsewhere {
            Some(manifests) => manifests,
            None => in_cluster(args),
        };
        let all: Vec<_> = manifests
            .server
            .into_iter()
            .chain(manifests.registrations)
            .collect();
        printer.data(&shown(args, &all, "created (dry run)"))?;
        return Ok(Exit::Fine);
    }
    block_on(install(args, elsewhere, dry_run, printer))?;
    if let Some(url) = &args.url {
        printer.note(&needed_elsewhere(url))?;
    }
    Ok(Exit::Fine)
}

/// What we can't do from here.
fn needed_elsewhere(url: &str) -> String {
    let manifests = Manifests::embedded();
    let (namespace, name) = manifests.service_account().unwrap_or_default();
    format!(
        "the webhook at {url} places groups only with --kubeconfig FILE, whose user needs the \
         rights of ServiceAccount {namespace}/{name}; `kubectl create token {name} -n {namespace}` \
         makes a token that has them"
    )
}

async fn install(
    args: &InstallArgs,
    elsewhere: Option<Manifests>,
    dry_run: DryRun,
    printer: &Printer,
) -> Result<(), Failure> {
    let cluster = Cluster::connect(&args.connection).await?;
    let is_inside = elsewhere.is_none();
    let mut manifests = elsewhere.unwrap_or_else(|| in_cluster(args));
    let options = ApplyOptions {
        field_manager: FIELD_MANAGER.to_owned(),
        force: args.force_conflicts,
        dry_run: dry_run == DryRun::Server,
    };
    await_room(args, &cluster, &manifests, &options, printer).await?;
    apply(args, &cluster, &manifests.server, &options, printer).await?;
    if !options.dry_run {
        await_kinds(args, &cluster, &manifests, printer).await?;
    }
    if let (Some(deployment), false) = (manifests.deployment(), options.dry_run) {
        let mut progress = Progress::new(printer);
        let waited = wait_available(&cluster, deployment, args.timeout, |stage| {
            progress.show([(stage.to_string(), stage.done)]);
        })
        .await;
        progress.finish()?;
        if let Some(stage) = waited? {
            return Err(Failure::TimedOut {
                limit: args.timeout,
                stages: vec![stage],
            });
        }
    }
    if is_inside {
        let trusted = trusted(&cluster, &manifests).await?;
        manifests = manifests.reached_at(&Address::Service, trusted.as_deref());
    }
    apply(args, &cluster, &manifests.registrations, &options, printer).await
}

/// Whom to trust, as the webhook wrote down before it was ready; `None` in a dry run before the
/// first installation.
async fn trusted(cluster: &Cluster, manifests: &Manifests) -> Result<Option<String>, Failure> {
    let secret = cluster.get(&manifests.secret()).await?;
    let trusted = secret.map(|secret| text_of(&secret, "ca.crt"));
    Ok(trusted.filter(|pem| !pem.is_empty()))
}

/// The API server takes a moment to serve a new kind, and nobody can apply a policy before.
async fn await_kinds(
    args: &InstallArgs,
    cluster: &Cluster,
    manifests: &Manifests,
    printer: &Printer,
) -> Result<(), Failure> {
    let kinds = manifests.server.iter();
    let kinds = kinds.filter(|object| object.kind == "CustomResourceDefinition");
    let awaited: Vec<Awaited> = kinds
        .map(|object| Awaited {
            object: object.clone(),
            condition: "Established",
            needs: Some("NamesAccepted"),
        })
        .collect();
    await_all(cluster, &awaited, args.timeout, printer).await
}

/// What is applied to an object that is being deleted, or into such a namespace, would go with
/// it: an uninstall that wasn't waited for has to end first.
async fn await_room(
    args: &InstallArgs,
    cluster: &Cluster,
    manifests: &Manifests,
    options: &ApplyOptions,
    printer: &Printer,
) -> Result<(), Failure> {
    let all = manifests.server.iter().chain(&manifests.registrations);
    let mut leaving = Vec::new();
    for object in all.filter(|object| object.namespace.is_none()) {
        let stored = cluster.get(object).await?;
        leaving.extend(stored.filter(is_leaving));
    }
    if !options.dry_run {
        return wait_gone(cluster, leaving, args.timeout, printer).await;
    }
    for object in leaving {
        let name = object.display_name();
        printer.warning(&format!(
            "{name} is being deleted: an install waits until it is gone"
        ))?;
    }
    Ok(())
}

async fn apply(
    args: &InstallArgs,
    cluster: &Cluster,
    objects: &[Object],
    options: &ApplyOptions,
    printer: &Printer,
) -> Result<(), Failure> {
    let mut lines = String::new();
    let suffix = if options.dry_run {
        " (server dry run)"
    } else {
        ""
    };
    let applied = apply_all(cluster, objects, options, |object, outcome| {
        lines += &format!("{} {outcome}{suffix}\n", object.display_name());
    })
    .await;
    match args.output {
        None => printer.data(&lines)?,
        Some(format) => {
            if let Ok(objects) = &applied {
                printer.data(&render::objects(objects, format))?;
            }
        }
    }
    applied?;
    Ok(())
}

fn shown(args: &InstallArgs, objects: &[Object], word: &str) -> String {
    let line = |object: &Object| format!("{} {word}\n", object.display_name());
    match args.output {
        Some(format) => render::objects(objects, format),
        None => objects.iter().map(line).collect(),
    }
}

/// The registrations, and what the placer of a webhook that runs elsewhere needs inside.
fn at_url(args: &InstallArgs, url: &str) -> Result<Manifests, Failure> {
    let address = Address::url(url)?;
    let path = args.ca_file.clone().unwrap_or_default();
    let pem = fs::read_to_string(&path).map_err(|cause| Failure::Read {
        flag: "--ca-file",
        path: path.clone(),
        cause,
    })?;
    if crate::registration::days_left(pem.as_bytes()).is_none() {
        return Err(Failure::NoCertificate { path });
    }
    Ok(Manifests::embedded()
        .for_elsewhere()
        .reached_at(&address, Some(&pem)))
}

/// Whom to trust says the webhook itself, when it runs.
fn in_cluster(args: &InstallArgs) -> Manifests {
    let manifests = Manifests::embedded();
    match &args.image {
        Some(image) => manifests.with_image(image),
        None => manifests,
    }
}
