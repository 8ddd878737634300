//! `policy uninstall`: the policy first, so that nobody judges by it any more, then its components.

use serde_json::json;

use crate::cli::{DryRun, UninstallPolicyArgs};
use crate::cluster::{Cluster, WASM_POLICIES};
use crate::commands::{block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::registration::Manifests;
use crate::scaffold::Object;
use crate::shipment::{ShipmentError, selector_of};

pub(super) fn run(args: &UninstallPolicyArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    if dry_run == DryRun::Client {
        for name in &args.names {
            printer.data(&format!(
                "{} deleted (dry run)\n",
                named(name).display_name()
            ))?;
        }
        return Ok(Exit::Fine);
    }
    block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        cluster.require_wasm_policies().await?;
        for name in &args.names {
            remove(args, &cluster, name, dry_run == DryRun::Server, printer).await?;
        }
        Ok(())
    })?;
    Ok(Exit::Fine)
}

async fn remove(
    args: &UninstallPolicyArgs,
    cluster: &Cluster,
    name: &str,
    dry_run: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    let suffix = if dry_run { " (server dry run)" } else { "" };
    let policy = named(name);
    let found = cluster.delete(&policy, dry_run).await?;
    if !found && !args.ignore_not_found {
        return Err(Failure::Shipment(ShipmentError::NotThere {
            name: name.to_owned(),
            known: cluster.names(&WASM_POLICIES).await?,
        }));
    }
    if found {
        printer.data(&format!("{} deleted{suffix}\n", policy.display_name()))?;
    }
    let manifests = Manifests::embedded();
    let (namespace, _) = manifests.service_account().unwrap_or_default();
    for map in cluster.config_maps(namespace, &selector_of(name)).await? {
        if cluster.delete(&map, dry_run).await? {
            printer.data(&format!("{} deleted{suffix}\n", map.display_name()))?;
        }
    }
    Ok(())
}

fn named(name: &str) -> Object {
    Object::from_value(json!({
        "apiVersion": WASM_POLICIES.api_version,
        "kind": WASM_POLICIES.kind,
        "metadata": {"name": name},
    }))
}
