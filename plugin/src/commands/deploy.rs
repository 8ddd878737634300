//! `deploy`: plan, scaffold, judge, apply, wait.

mod judging;

use tpu::sax::CellName;

use super::block_on;
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
use judging::{can_become, judge_creation, judge_update, load_judge};

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
    block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        cluster.require_jobset().await?;
        if args.replace {
            replace(args, &cluster, &judge, dry_run, &objects, printer).await?;
        } else {
            judge_update(&judge, &cluster, &objects, printer).await?;
        }
        apply(args, &cluster, dry_run, &objects, printer).await?;
        match args.wait {
            true => await_ready(args, &cluster, &plan, &request, &objects, printer).await,
            false => Ok(()),
        }
    })?;
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

fn settle_dry_run(args: &DeployArgs, printer: &Printer) -> Result<DryRun, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    if args.wait && dry_run != DryRun::None {
        return Err(Failure::Flag {
            flag: "--wait",
            message: "a dry run starts nothing that could be waited for".to_owned(),
        });
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

/// Deletes the objects that can't become what is wanted, and waits until they are gone. On a
/// server's dry run it says so and leaves them.
async fn replace(
    args: &DeployArgs,
    cluster: &Cluster,
    judge: &Judge,
    dry_run: DryRun,
    objects: &[Object],
    printer: &Printer,
) -> Result<(), Failure> {
    for object in objects {
        if can_become(judge, cluster, object).await? {
            continue;
        }
        if dry_run == DryRun::Server {
            return Err(Failure::Flag {
                flag: "--replace",
                message: format!(
                    "{} would be deleted and made again, which a dry run can't show",
                    object.display_name()
                ),
            });
        }
        printer.data(&format!("{} deleted\n", object.display_name()))?;
        if !cluster.delete_and_wait(object, args.timeout).await? {
            return Err(Failure::StillThere {
                object: object.display_name(),
                limit: args.timeout,
            });
        }
    }
    Ok(())
}

async fn apply(
    args: &DeployArgs,
    cluster: &Cluster,
    dry_run: DryRun,
    objects: &[Object],
    printer: &Printer,
) -> Result<(), Failure> {
    let options = ApplyOptions {
        field_manager: args.field_manager.clone(),
        force: args.force_conflicts,
        dry_run: dry_run == DryRun::Server,
    };
    let quiet = args.output.is_some();
    let mut written = Ok(());
    let applied = apply_all(cluster, objects, &options, |object, outcome| {
        if !quiet && written.is_ok() {
            written = print_outcome(object, outcome, options.dry_run, printer);
        }
    })
    .await?;
    written?;
    match quiet {
        true => print(args, &applied, "", printer),
        false => Ok(()),
    }
}

fn print_outcome(
    object: &Object,
    outcome: Outcome,
    dry_run: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    let suffix = if dry_run { " (server dry run)" } else { "" };
    let line = format!("{} {outcome}{suffix}\n", object.display_name());
    Ok(printer.data(&line)?)
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

async fn await_ready(
    args: &DeployArgs,
    cluster: &Cluster,
    plan: &Plan,
    request: &Request,
    objects: &[Object],
    printer: &Printer,
) -> Result<(), Failure> {
    let jobset = objects.iter().find(|object| object.is::<JobSet>());
    let target = Target {
        namespace: request.namespace.clone(),
        admin: request.names.admin.clone(),
        jobset: jobset.expect("the scaffold must have a JobSet").clone(),
        slices: plan.replicas,
        vms: plan.vms,
        http: request.names.http.clone(),
    };
    let mut progress = Progress::new(printer);
    let waiting = wait(cluster, &target, args.timeout, |stages| {
        progress.show(stages.iter().map(|stage| (stage.to_string(), stage.done)));
    })
    .await;
    progress.finish()?;
    match waiting? {
        Waiting::Ready => Ok(()),
        Waiting::TimedOut(stages) => Err(Failure::TimedOut {
            limit: args.timeout,
            stages,
        }),
        Waiting::Failed(message) => Err(Failure::Failed {
            object: target.jobset.display_name(),
            message,
        }),
    }
}
