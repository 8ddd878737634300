//! `deploy`: plan, scaffold, judge, apply, wait.

mod judging;
mod replacing;
mod security;

use tpu::sax::CellName;

use super::block_on;
use crate::changes::Ledger;
use crate::cli::{DeployArgs, DryRun};
use crate::cluster::{
    ApplyOptions, Cluster, Outcome, Target, Waiting, apply_all, offline_namespace, wait,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::plan::{Plan, Wish, plan};
use crate::printer::{Printer, Progress};
use crate::render;
use crate::scaffold::{Images, JobSet, Names, Object, Request, RequestError, objects};
use judging::{judge_creation, judge_update, load_judge};

pub(super) fn run(args: &DeployArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = settle_dry_run(args, printer)?;
    let (request, plan) = prepare(args)?;
    printer.note(&plan.to_string())?;
    for note in &plan.notes {
        printer.warning(note)?;
    }
    if let Some(warning) = identity_warning(&request, &plan) {
        printer.warning(&warning)?;
    }
    let objects = objects(&request, &plan);
    let judge = load_judge(args, &objects)?;
    judge_creation(&judge, &objects, printer)?;
    if dry_run == DryRun::Client {
        print(args, &objects, " (dry run)", printer)?;
        return Ok(Exit::Fine);
    }
    let ledger = Ledger::of(objects.iter().map(Object::display_name));
    let deployed = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        let run = Run {
            args,
            cluster: &cluster,
            judge: &judge,
            request: &request,
            objects: &objects,
            options: apply_options(args, dry_run),
            ledger: &ledger,
            printer,
        };
        deploy(&run, &plan).await
    });
    deployed.map_err(|failure| ledger.settle(failure))?;
    Ok(Exit::Fine)
}

/// Who the Pods are to Google, where that isn't the account that was asked for.
fn identity_warning(request: &Request, plan: &Plan) -> Option<String> {
    match &request.google_service_account {
        None => Some(
            "without --google-service-account the Pods act as their node's service account, \
             which must be able to write to the bucket"
                .to_owned(),
        ),
        Some(account) if plan.is_multi_host() => Some(format!(
            "the model servers are on their nodes' network, where Pods act as their node's \
             service account and not as {account}: it must be able to read the bucket too"
        )),
        Some(_) => None,
    }
}

/// All that a deployment on its way to the cluster needs.
struct Run<'a> {
    args: &'a DeployArgs,
    cluster: &'a Cluster,
    judge: &'a Judge,
    request: &'a Request,
    objects: &'a [Object],
    options: ApplyOptions,
    ledger: &'a Ledger,
    printer: &'a Printer,
}

impl Run<'_> {
    /// A line for the user: data, unless the objects themselves are the data.
    fn say(&self, line: &str) -> Result<(), Failure> {
        match self.args.output {
            None => Ok(self.printer.data(&format!("{line}\n"))?),
            Some(_) => Ok(self.printer.note(line)?),
        }
    }
}

async fn deploy(run: &Run<'_>, plan: &Plan) -> Result<(), Failure> {
    run.cluster.require_jobset().await?;
    security::check(run).await?;
    let replaced = match run.args.replace {
        true => replacing::replace(run).await?,
        false => {
            judge_update(run).await?;
            Vec::new()
        }
    };
    apply(run, &replaced).await?;
    match run.args.wait {
        true => await_ready(run, plan).await,
        false => Ok(()),
    }
}

fn settle_dry_run(args: &DeployArgs, printer: &Printer) -> Result<DryRun, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    if args.wait && dry_run != DryRun::None {
        return Err(Failure::NothingToWaitFor);
    }
    Ok(dry_run)
}

/// From flags to a checked request and its plan.
fn prepare(args: &DeployArgs) -> Result<(Request, Plan), Failure> {
    let published = Images::of(args.image_version.as_deref());
    let images = Images {
        admin: args.admin_image.clone().unwrap_or(published.admin),
        model: args.model_image.clone().unwrap_or(published.model),
        http: args.http_image.clone().unwrap_or(published.http),
    };
    let names = Names::of(&args.name).map_err(RequestError::from)?;
    let cell = CellName::parse(&args.cell).map_err(|cause| RequestError::Cell {
        value: args.cell.clone(),
        cause,
    })?;
    let plan = plan(&Wish {
        model: args.model.clone(),
        slice: args.slice.clone(),
        replicas: args.replicas,
        model_image: images.model.clone(),
        ..Wish::default()
    })?;
    let default_account = || format!("{}-sa", args.name);
    let request = Request {
        names,
        namespace: offline_namespace(&args.connection)?,
        bucket: args.bucket.clone(),
        cell,
        google_service_account: args.google_service_account.clone(),
        service_account: args.service_account.clone().unwrap_or_else(default_account),
        service_account_is_given: args.service_account.is_some(),
        expose: args.expose,
        images,
    };
    request.check(&plan)?;
    Ok((request, plan))
}

fn apply_options(args: &DeployArgs, dry_run: DryRun) -> ApplyOptions {
    ApplyOptions {
        field_manager: args.field_manager.clone(),
        force: args.force_conflicts,
        dry_run: dry_run == DryRun::Server,
    }
}

/// Applies all objects. On a dry run those that would be replaced are still there: the server has
/// been asked about them as new objects.
async fn apply(run: &Run<'_>, replaced: &[String]) -> Result<(), Failure> {
    let is_stored = |object: &&Object| replaced.contains(&object.display_name());
    let (kept, objects): (Vec<_>, Vec<_>) = match run.options.dry_run {
        true => run.objects.iter().partition(is_stored),
        false => (Vec::new(), run.objects.iter().collect()),
    };
    let objects: Vec<Object> = objects.into_iter().cloned().collect();
    let mut told = Ok(());
    let mut applied = apply_all(run.cluster, &objects, &run.options, |object, outcome| {
        if !run.options.dry_run {
            run.ledger.applied(object.display_name());
        }
        if run.args.output.is_none() && told.is_ok() {
            told = print_outcome(run, object, outcome);
        }
    })
    .await?;
    told?;
    for object in kept {
        if run.args.output.is_none() {
            print_outcome(run, object, Outcome::Created)?;
        }
        applied.push(object.clone());
    }
    match run.args.output {
        Some(_) => print(run.args, &applied, "", run.printer),
        None => Ok(()),
    }
}

fn print_outcome(run: &Run<'_>, object: &Object, outcome: Outcome) -> Result<(), Failure> {
    run.say(&outcome_line(object, outcome, run.options.dry_run))
}

fn outcome_line(object: &Object, outcome: Outcome, dry_run: bool) -> String {
    let suffix = if dry_run { " (server dry run)" } else { "" };
    format!("{} {outcome}{suffix}", object.display_name())
}

fn print(
    args: &DeployArgs,
    objects: &[Object],
    suffix: &str,
    printer: &Printer,
) -> Result<(), Failure> {
    let text = match args.output {
        Some(format) => render::objects(objects, format),
        None => objects
            .iter()
            .map(|object| format!("{} {}{suffix}\n", object.display_name(), Outcome::Created))
            .collect(),
    };
    Ok(printer.data(&text)?)
}

async fn await_ready(run: &Run<'_>, plan: &Plan) -> Result<(), Failure> {
    let jobset = run.objects.iter().find(|object| object.is::<JobSet>());
    let target = Target {
        namespace: run.request.namespace.clone(),
        admin: run.request.names.admin.clone(),
        jobset: jobset.expect("the scaffold must have a JobSet").clone(),
        slices: plan.replicas,
        vms: plan.vms,
        http: run.request.names.http.clone(),
    };
    let mut progress = Progress::new(run.printer);
    let waiting = wait(run.cluster, &target, run.args.timeout, |stages| {
        progress.show(stages.iter().map(|stage| (stage.to_string(), stage.done)));
    })
    .await;
    progress.finish()?;
    match waiting? {
        Waiting::Ready => Ok(()),
        Waiting::TimedOut(stages) => Err(Failure::TimedOut {
            limit: run.args.timeout,
            stages,
        }),
        Waiting::Ended(message) => Err(Failure::Failed {
            object: target.jobset.display_name(),
            namespace: target.namespace,
            message,
        }),
    }
}
