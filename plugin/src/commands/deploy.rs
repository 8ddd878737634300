//! `deploy`: plan, scaffold, judge, apply, wait.

use super::block_on;
use super::deployment::Deployment;
use super::judging::{judge_creation, load_judge};
use super::rollout::Rollout;
use crate::changes::Ledger;
use crate::cli::{DeployArgs, DryRun, ObjectFormat, Output};
use crate::cluster::{ApplyOptions, Cluster, Outcome, Target};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render;
use crate::scaffold::{JobSet, Object};
use crate::template::Unprintable;

pub(super) fn run(args: &DeployArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = settle_dry_run(args, printer)?;
    let deployment = Deployment::of(args.name.as_deref(), &args.values, &args.connection)?;
    deployment.tell(printer)?;
    let objects = &deployment.objects;
    let judge = load_judge(&args.policies, objects)?;
    judge_creation(&judge, objects, printer)?;
    if dry_run == DryRun::Client {
        printer.data(&rehearsed(args.output.as_ref(), objects)?)?;
        return Ok(Exit::Fine);
    }
    let ledger = Ledger::of(objects.iter().map(Object::display_name));
    let deployed = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        let rollout = Rollout {
            cluster: &cluster,
            judge: &judge,
            printer,
            ledger: &ledger,
            names: &deployment.request.names,
            namespace: &deployment.request.namespace,
            objects,
            options: apply_options(args, dry_run),
            output: args.output.as_ref(),
            replace: args.replace,
            yes: args.yes,
            timeout: args.timeout,
        };
        rollout.run().await?;
        match args.wait {
            true => rollout.await_ready(&target(&deployment)).await,
            false => Ok(()),
        }
    });
    deployed.map_err(|failure| ledger.settle(failure))?;
    Ok(Exit::Fine)
}

fn settle_dry_run(args: &DeployArgs, printer: &Printer) -> Result<DryRun, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    if args.wait && dry_run != DryRun::None {
        return Err(Failure::NothingToWaitFor);
    }
    Ok(dry_run)
}

fn apply_options(args: &DeployArgs, dry_run: DryRun) -> ApplyOptions {
    ApplyOptions {
        field_manager: args.field_manager.clone(),
        force: args.force_conflicts,
        dry_run: dry_run == DryRun::Server,
    }
}

/// What a dry run on this machine prints.
fn rehearsed(
    output: Option<&Output<ObjectFormat>>,
    objects: &[Object],
) -> Result<String, Unprintable> {
    let line = |object: &Object| {
        let (name, outcome) = (object.display_name(), Outcome::Created);
        format!("{name} {outcome} (dry run)\n")
    };
    match output {
        Some(output) => render::printed(objects, output),
        None => Ok(objects.iter().map(line).collect()),
    }
}

/// All that has to run before the deployment serves.
fn target(deployment: &Deployment) -> Target {
    let Deployment {
        request,
        plan,
        objects,
        ..
    } = deployment;
    let jobset = objects.iter().find(|object| object.is::<JobSet>());
    Target {
        namespace: request.namespace.clone(),
        admin: request.names.admin.clone(),
        jobset: jobset.expect("the scaffold must have a JobSet").clone(),
        slices: plan.replicas,
        vms: plan.vms,
        http: request.names.http.clone(),
    }
}
