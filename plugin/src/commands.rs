//! One module for each verb: thin, from arguments to what is printed.

mod audit;
mod bench;
mod bundling;
mod chat;
mod completion;
mod confirming;
mod delete;
mod deleting;
mod deploy;
mod deployment;
mod diff;
mod doctor;
mod endpoint;
mod events;
mod examining;
mod exec;
mod explain;
mod generate;
mod get;
mod init;
mod judging;
mod lint;
mod logs;
mod models;
mod plan;
mod policy;
mod port_forward;
mod prompts;
mod publish;
mod report;
mod rollout;
mod scale;
mod score;
mod servers;
mod serving;
mod status;
mod topology;
mod update;
mod version;
mod wait;
mod waiting;
mod webhook;

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use placement::Time;

use crate::cli::{self, Cli, DryRun, DryRunFlag, Verb};
use crate::cluster::{Awaited, Cluster, Reading, Waited};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Progress};

/// Does what the command line says.
pub(crate) fn run(cli: Cli, printer: &Printer) -> Result<Exit, Failure> {
    match cli.verb {
        None => {
            printer.data(&cli::command().render_help().to_string())?;
            Ok(Exit::Fine)
        }
        Some(Verb::Plan(args)) => plan::run(&args, printer),
        Some(Verb::Models(verb)) => models::run(&verb, printer),
        Some(Verb::Lint(args)) => lint::run(&args, printer),
        Some(Verb::Explain(args)) => explain::run(&args, printer),
        Some(Verb::Init(args)) => init::run(&args, printer),
        Some(Verb::Deploy(args)) => deploy::run(&args, printer),
        Some(Verb::Diff(args)) => diff::run(&args, printer),
        Some(Verb::Scale(args)) => scale::run(&args, printer),
        Some(Verb::Delete(args)) => delete::run(&args, printer),
        Some(Verb::Publish(args)) => publish::run(&args, printer),
        Some(Verb::Update(args)) => update::update(&args, printer),
        Some(Verb::Unpublish(args)) => update::unpublish(&args, printer),
        Some(Verb::Get(verb)) => get::run(&verb, printer),
        Some(Verb::Wait(args)) => wait::run(&args, printer),
        Some(Verb::Generate(args)) => generate::run(&args, printer),
        Some(Verb::Chat(args)) => chat::run(&args, printer),
        Some(Verb::Score(args)) => score::score(&args, printer),
        Some(Verb::Embed(args)) => score::embed(&args, printer),
        Some(Verb::Bench(args)) => bench::run(&args, printer),
        Some(Verb::Doctor(args)) => doctor::run(&args, printer),
        Some(Verb::Status(args)) => status::run(&args, printer),
        Some(Verb::Report(args)) => report::run(&args, printer),
        Some(Verb::Audit(args)) => audit::run(&args, printer),
        Some(Verb::Logs(args)) => logs::run(&args, printer),
        Some(Verb::Events(args)) => events::run(&args, printer),
        Some(Verb::Endpoint(args)) => endpoint::run(&args, printer),
        Some(Verb::PortForward(args)) => port_forward::run(&args, printer),
        Some(Verb::Exec(args)) => exec::run(&args, printer),
        Some(Verb::Topology(args)) => topology::run(&args, printer),
        Some(Verb::Policy(verb)) => policy::run(&verb, printer),
        Some(Verb::Webhook(verb)) => webhook::run(&verb, printer),
        Some(Verb::Completion(args)) => completion::run(&args, printer),
        Some(Verb::Man(args)) => completion::man(&args),
        Some(Verb::Version(args)) => version::run(&args, printer),
    }
}

/// Runs what talks to the cluster; Ctrl-C ends it.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        tokio::select! {
            done = work => done,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                Err(Failure::Interrupted)
            }
        }
    });
    // A question that nobody answers must not keep the process.
    runtime.shutdown_background();
    done
}

/// The mode that the flag means; kubectl's old spelling is told about.
fn dry_run(flag: &DryRunFlag, printer: &Printer) -> Result<DryRun, Failure> {
    if flag.dry_run == DryRun::Bare {
        printer.warning("--dry-run without a value means --dry-run=client; write that")?;
        return Ok(DryRun::Client);
    }
    Ok(flag.dry_run)
}

/// Waits for conditions, and shows how they stand.
async fn await_all(
    cluster: &Cluster,
    awaited: &[Awaited],
    limit: Duration,
    printer: &Printer,
) -> Result<(), Failure> {
    let mut progress = Progress::new(printer);
    let waited = cluster
        .wait_conditions(awaited, limit, |stages| {
            progress.show(stages.iter().map(|stage| (stage.to_string(), stage.done)));
        })
        .await;
    progress.finish()?;
    match waited? {
        Waited::Reached => Ok(()),
        Waited::TimedOut(stages) => Err(Failure::TimedOut { limit, stages }),
        Waited::Refused(object, message) => Err(Failure::Refused {
            object: object.display_name(),
            message,
        }),
    }
}

/// This machine's clock; before 1970 it is 1970.
fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Objects of the cluster that we can't read may be what somebody looks for.
fn tell_unreadable(reading: &Reading, printer: &Printer) -> Result<(), Failure> {
    for reason in &reading.unreadable {
        printer.warning(&format!("left out: {reason}"))?;
    }
    Ok(())
}
