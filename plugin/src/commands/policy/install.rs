//! `policy install`: checked here, applied there, and waited for where that is wished.

use super::run::settings;
use crate::cli::{DryRun, InstallPolicyArgs};
use crate::cluster::{ApplyOptions, Awaited, Cluster, apply_all};
use crate::commands::{await_all, block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::{JudgeError, engine};
use crate::printer::Printer;
use crate::registration::Manifests;
use crate::render::printed;
use crate::scaffold::Object;
use crate::shipment::{Overrides, Shipment, selector_of, shipments};

/// Who owns the fields of what is installed.
const FIELD_MANAGER: &str = "kubectl-sax";
/// Where the ConfigMap of the policy that is in force is named.
const IN_FORCE: &str = "/status/inForce/spec/module/configMap/name";

pub(super) fn run(args: &InstallPolicyArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    if args.wait && dry_run != DryRun::None {
        return Err(Failure::NothingToWaitFor);
    }
    let manifests = Manifests::embedded();
    let (namespace, _) = manifests.service_account().unwrap_or_default();
    let shipments = checked(args, namespace)?;
    for shipment in shipments.iter().filter(|shipment| shipment.unchecked) {
        let name = shipment.policy.display_name();
        printer.note(&format!(
            "{name} names a component that only the cluster has: the webhook checks it"
        ))?;
    }
    if dry_run == DryRun::Client {
        let objects: Vec<Object> = objects(&shipments).cloned().collect();
        let line = |object: &Object| format!("{} created (dry run)\n", object.display_name());
        let text = match &args.output {
            Some(output) => printed(&objects, output)?,
            None => objects.iter().map(line).collect(),
        };
        printer.data(&text)?;
        return Ok(Exit::Fine);
    }
    block_on(install(args, &shipments, namespace, dry_run, printer))?;
    Ok(Exit::Fine)
}

fn checked(args: &InstallPolicyArgs, namespace: &str) -> Result<Vec<Shipment>, Failure> {
    let overrides = Overrides {
        name: args.name.clone(),
        mode: args.mode,
        settings: args.settings.as_deref().map(settings).transpose()?,
    };
    let engine = engine().map_err(JudgeError::from)?;
    Ok(shipments(&args.policies, &overrides, namespace, &engine)?)
}

/// What a policy needs stands before it.
fn objects(shipments: &[Shipment]) -> impl Iterator<Item = &Object> {
    shipments
        .iter()
        .flat_map(|shipment| shipment.module.iter().chain([&shipment.policy]))
}

async fn install(
    args: &InstallPolicyArgs,
    shipments: &[Shipment],
    namespace: &str,
    dry_run: DryRun,
    printer: &Printer,
) -> Result<(), Failure> {
    let cluster = Cluster::connect(&args.connection).await?;
    cluster.require_wasm_policies().await?;
    let options = ApplyOptions {
        field_manager: FIELD_MANAGER.to_owned(),
        force: args.force_conflicts,
        dry_run: dry_run == DryRun::Server,
    };
    let applied = apply(args, &cluster, shipments, &options, printer).await?;
    if options.dry_run {
        return Ok(());
    }
    let policies = applied.iter().filter(|object| object.kind == "WasmPolicy");
    let awaited: Vec<Awaited> = policies
        .map(|policy| Awaited {
            object: policy.clone(),
            condition: "Enforced",
            needs: Some("Accepted"),
        })
        .collect();
    if args.wait {
        await_all(&cluster, &awaited, args.timeout, printer).await?;
    } else {
        printer.note("`kubectl sax policy list` shows when the replicas judge by it")?;
    }
    for shipment in shipments {
        forget(&cluster, shipment, namespace, printer).await?;
    }
    Ok(())
}

async fn apply(
    args: &InstallPolicyArgs,
    cluster: &Cluster,
    shipments: &[Shipment],
    options: &ApplyOptions,
    printer: &Printer,
) -> Result<Vec<Object>, Failure> {
    let suffix = if options.dry_run {
        " (server dry run)"
    } else {
        ""
    };
    let all: Vec<Object> = objects(shipments).cloned().collect();
    let mut lines = String::new();
    let applied = apply_all(cluster, &all, options, |object, outcome| {
        lines += &format!("{} {outcome}{suffix}\n", object.display_name());
    })
    .await;
    match (&args.output, &applied) {
        (None, _) => printer.data(&lines)?,
        (Some(output), Ok(objects)) => printer.data(&printed(objects, output)?)?,
        (Some(_), Err(_)) => {}
    }
    Ok(applied?)
}

/// Components of earlier versions go, but for the one that is in force: a replica that starts
/// while the new one is refused needs it.
async fn forget(
    cluster: &Cluster,
    shipment: &Shipment,
    namespace: &str,
    printer: &Printer,
) -> Result<(), Failure> {
    let policy = &shipment.policy;
    let stored = cluster.get(policy).await?;
    let in_force = stored
        .as_ref()
        .and_then(|stored| stored.value.pointer(IN_FORCE)?.as_str());
    let named = shipment.module.as_ref().map(|module| module.name.as_str());
    let maps = cluster
        .config_maps(namespace, &selector_of(&policy.name))
        .await?;
    let kept = |map: &&Object| {
        let name = Some(map.name.as_str());
        name == named || name == in_force
    };
    for map in maps.iter().filter(|map| !kept(map)) {
        if cluster.delete(map, false).await? {
            printer.data(&format!("{} deleted\n", map.display_name()))?;
        }
    }
    Ok(())
}
