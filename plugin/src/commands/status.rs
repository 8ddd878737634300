//! `status`: read, decide as the placer would, tell.

pub(super) mod cells;

use std::sync::Arc;
use std::time::Duration;

use kube::core::SelectorExt as _;
use placement::{Settings, Time, decide};
use tokio::time::{Instant, sleep};

use super::block_on;
use crate::cli::{Output, StatusArgs, StatusFormat};
use crate::cluster::{Cluster, offline_namespace};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::{Printer, Screen};
use crate::render::{Detail, pretty_json, pretty_yaml, status_names, status_text, templated};
use crate::standing::{Phase, Standing, standing};
use crate::template::Unprintable;

/// How often to look, and how small a part of the time reading may take: a large cluster is
/// looked at less often.
const INTERVAL: Duration = Duration::from_secs(1);
const SHARE: u32 = 10;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(args: &StatusArgs, printer: &Printer) -> Result<Exit, Failure> {
    let judge = Judge::load(&[])?;
    block_on(async {
        let cluster = Arc::new(Cluster::connect(&args.connection.within(PATIENCE)).await?);
        match args.watch {
            false => once(args, &cluster, &judge, printer).await,
            true => watch(args, &cluster, &judge, printer).await,
        }
    })
}

async fn once(
    args: &StatusArgs,
    cluster: &Arc<Cluster>,
    judge: &Judge,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let now = super::now();
    let mut standing = look(args, cluster, judge, now, printer).await?;
    ask_saxml(args, cluster, &mut standing).await?;
    if standing.workloads.is_empty() && standing.cells.is_empty() {
        printer.note(&nothing(args)?)?;
        if matches!(
            args.output,
            Output::Named(StatusFormat::Text | StatusFormat::Wide)
        ) {
            return Ok(Exit::Fine);
        }
    }
    printer.data(&rendered(args, &standing, now, printer)?)?;
    Ok(exit(args, &standing))
}

/// Shows every change until Ctrl-C, or until what was asked for has ended.
async fn watch(
    args: &StatusArgs,
    cluster: &Arc<Cluster>,
    judge: &Judge,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut shown = None;
    let mut screen = Screen::new(printer);
    loop {
        let started = Instant::now();
        let now = super::now();
        let mut standing = look(args, cluster, judge, now, printer).await?;
        // That Saxml takes its time is no reason to look at the cluster less often.
        let taken = started.elapsed();
        ask_saxml(args, cluster, &mut standing).await?;
        if shown.as_ref() != Some(&standing) {
            screen.draw(&rendered(args, &standing, now, printer)?)?;
        }
        let ended = exit(args, &standing);
        if ended != Exit::Fine {
            return Ok(ended);
        }
        shown = Some(standing);
        sleep(INTERVAL.max(taken * SHARE)).await;
    }
}

async fn look(
    args: &StatusArgs,
    cluster: &Arc<Cluster>,
    judge: &Judge,
    now: Time,
    printer: &Printer,
) -> Result<Standing, Failure> {
    let reading = cluster.read(None).await?;
    super::tell_unreadable(&reading, printer)?;
    let decision = decide(
        &reading.inventory.view,
        now,
        &Settings::default(),
        judge.rank(),
    );
    let mut all = standing(&reading.inventory, &decision);
    if let Some(selector) = &args.selector {
        all.workloads
            .retain(|workload| selector.matches(&workload.labels));
    }
    chosen(args, all)
}

/// Adds what Saxml says: of the one namespace that is looked at, and where it is shown.
async fn ask_saxml(
    args: &StatusArgs,
    cluster: &Arc<Cluster>,
    standing: &mut Standing,
) -> Result<(), Failure> {
    let is_shown = args.output != Output::Named(StatusFormat::Name);
    if is_shown && !args.all_namespaces && args.selector.is_none() {
        let namespace = offline_namespace(&args.connection)?;
        standing.cells = cells::cells(cluster, &namespace).await;
    }
    Ok(())
}

/// The workloads that are asked for.
fn chosen(args: &StatusArgs, all: Standing) -> Result<Standing, Failure> {
    if args.all_namespaces {
        return Ok(all);
    }
    let namespace = offline_namespace(&args.connection)?;
    if let Some(name) = &args.name {
        let called = all.called(name, &namespace)?;
        let workloads = called.into_iter().cloned().collect();
        return Ok(Standing {
            workloads,
            ..Standing::default()
        });
    }
    let here = all.workloads.into_iter();
    let workloads = here.filter(|workload| workload.namespace == namespace);
    Ok(Standing {
        workloads: workloads.collect(),
        ..Standing::default()
    })
}

fn rendered(
    args: &StatusArgs,
    standing: &Standing,
    now: Time,
    printer: &Printer,
) -> Result<String, Unprintable> {
    let detail = Detail {
        namespaces: args.all_namespaces,
        wide: args.output == Output::Named(StatusFormat::Wide),
    };
    Ok(match &args.output {
        Output::Template(template) => templated(standing, template)?,
        Output::Named(StatusFormat::Text | StatusFormat::Wide) => {
            status_text(standing, now, detail, printer)
        }
        Output::Named(StatusFormat::Json) => pretty_json(standing),
        Output::Named(StatusFormat::Yaml) => pretty_yaml(standing),
        Output::Named(StatusFormat::Name) => status_names(standing),
    })
}

fn nothing(args: &StatusArgs) -> Result<String, Failure> {
    Ok(match args.all_namespaces {
        true => "No workloads with TPU chips found.".to_owned(),
        false => {
            let namespace = offline_namespace(&args.connection)?;
            format!("No workloads with TPU chips found in {namespace} namespace.")
        }
    })
}

/// A list is fine whatever it holds; what was named may have failed for good.
fn exit(args: &StatusArgs, standing: &Standing) -> Exit {
    let failed = standing
        .workloads
        .iter()
        .any(|workload| workload.phase == Phase::Failed);
    match args.name.is_some() && failed {
        true => Exit::Failed,
        false => Exit::Fine,
    }
}
