//! `report`: read what `doctor` and `status` read, and write it down for somebody else.

mod hardware;

use std::collections::BTreeSet;

use k8s_openapi::jiff::Timestamp;
use placement::Time;
use serde_json::Value;

use super::block_on;
use super::bundling::{self, reports};
use super::events;
use super::examining::{Besides, Examination, Material, examined};
use crate::bundle::{Entry, entries};
use crate::cli::ReportArgs;
use crate::cluster::{context_name, offline_namespace};
use crate::doctor::{Evidence, Scope};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::{ColorChoice, Printer};
use crate::redaction::redact_text;
use crate::render::{Chapter, Detail, Table, markdown, report_text, status_text};
use crate::standing::Standing;

/// How many Events are told; the zip file has all.
const EVENTS: usize = 50;

pub(super) fn run(args: &ReportArgs, printer: &Printer) -> Result<Exit, Failure> {
    let judge = Judge::load(&[])?;
    let policies = judge.versions();
    if let Some(path) = &args.file {
        bundling::refuse_existing("--file", path)?;
    }
    let besides = Besides {
        logs: args.file.is_some(),
        cells: true,
    };
    let read = examined(&args.connection, scope(args)?, judge, besides);
    let found = block_on(read)??;
    let text = written(&found, &policies, super::now());
    let text = match args.no_redact {
        true => text,
        false => redact_text(&text),
    };
    match &args.file {
        None => printer.data(&text)?,
        Some(path) => {
            let Material { evidence, logs, .. } = &found.material;
            let mut files = vec![Entry::new("report.md", text)];
            files.extend(reports(&found.report));
            files.extend(entries(evidence, logs, !args.no_redact));
            bundling::write("--file", path, &files, printer)?;
        }
    }
    Ok(Exit::Fine)
}

fn scope(args: &ReportArgs) -> Result<Scope, Failure> {
    Ok(Scope {
        context: context_name(&args.connection),
        namespace: offline_namespace(&args.connection)?,
        name: args.name.clone(),
        preflight: false,
    })
}

fn written(found: &Examination, policies: &[(String, String)], now: Time) -> String {
    let Material {
        evidence, cells, ..
    } = &found.material;
    let plain = Printer::new(ColorChoice::Never);
    let standing = Standing {
        workloads: evidence.workloads().into_iter().cloned().collect(),
        cells: cells.clone(),
    };
    let detail = Detail {
        namespaces: false,
        wide: true,
    };
    let mut chapters = vec![
        Chapter::new("Versions", versions(evidence, policies, &plain)),
        Chapter::new("Hardware", hardware::table(evidence, cells, &plain)),
        Chapter::new("State", status_text(&standing, now, detail, &plain)),
        Chapter::new("Findings", report_text(&found.report, &plain)),
        told(evidence, now, &plain),
    ];
    chapters.extend(missing(evidence));
    let title = format!("Report on {}", evidence.scope);
    markdown(&title, &preface(), &chapters)
}

fn preface() -> String {
    let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let version = env!("CARGO_PKG_VERSION");
    format!("Made by `kubectl sax report` v{version} at {time}.")
}

/// Ours, the cluster's, JobSet's, and the images of Saxml.
fn versions(evidence: &Evidence, policies: &[(String, String)], printer: &Printer) -> String {
    let mut table = Table::new(["WHAT", "VERSION"]);
    let mut add =
        |what: String, version: &str| table.row([what, version.to_owned()].map(Into::into));
    add(
        "kubectl-sax".to_owned(),
        concat!("v", env!("CARGO_PKG_VERSION")),
    );
    for (name, version) in policies {
        add(format!("policy {name}"), version);
    }
    add("Kubernetes".to_owned(), &evidence.version);
    let controller = evidence.jobset.controller.as_ref();
    let controller = controller.map(|controller| controller.image.as_str());
    add(
        "JobSet".to_owned(),
        controller.unwrap_or("no controller seen"),
    );
    let servers = evidence.servers().into_iter();
    let images: BTreeSet<_> = servers
        .map(|(_, server)| (server.role, server.image))
        .collect();
    for (role, image) in &images {
        add(format!("Saxml's {} server", role.word()), image);
    }
    table.text(printer)
}

/// The last Events about what the report is on.
fn told(evidence: &Evidence, now: Time, printer: &Printer) -> Chapter {
    let names = names(evidence);
    let about = evidence.events.iter();
    let about = about.filter(|event| events::is_about(event, &names));
    let mut about: Vec<Value> = about.cloned().collect();
    about.sort_by_key(|event| events::time(event).to_owned());
    let left_out = about.len().saturating_sub(EVENTS);
    let last = about.split_off(left_out);
    match (last.is_empty(), left_out) {
        (true, _) => {
            Chapter::new("Events", "").remarked("None: the API server keeps them for an hour.")
        }
        (false, 0) => Chapter::new("Events", events::table(&last, now, printer)),
        (false, _) => Chapter::new("Events", events::table(&last, now, printer))
            .remarked(format!("The last {EVENTS}; {left_out} are older.")),
    }
}

fn names(evidence: &Evidence) -> BTreeSet<String> {
    let objects = evidence.examined().into_iter();
    let objects = objects.map(|object| object.name.clone());
    let workloads = evidence.workloads().into_iter();
    objects
        .chain(workloads.map(|workload| workload.name.clone()))
        .collect()
}

/// What may not be read: the report knows nothing of it.
fn missing(evidence: &Evidence) -> Option<Chapter> {
    let unread: Vec<_> = evidence.unread.iter().map(ToString::to_string).collect();
    let remark = "Who made this report may not do the following, so nothing of it is in here.";
    (!unread.is_empty()).then(|| Chapter::new("Missing", unread.join("\n")).remarked(remark))
}
