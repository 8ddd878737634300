//! `webhook uninstall`: exactly what install made, the registration first.

use crate::cli::{DryRun, UninstallArgs};
use crate::cluster::Cluster;
use crate::commands::{block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::registration::{Certificates, Manifests, is_ours};

pub(super) fn run(args: &UninstallArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    let manifests = with_secret(Manifests::embedded());
    if dry_run == DryRun::Client {
        for object in manifests.removal() {
            printer.data(&format!("{} deleted (dry run)\n", object.display_name()))?;
        }
        return Ok(Exit::Fine);
    }
    let removed = block_on(remove(args, &manifests, dry_run == DryRun::Server, printer))?;
    if !removed {
        printer.note("nothing of ours is installed")?;
    }
    Ok(Exit::Fine)
}

async fn remove(
    args: &UninstallArgs,
    manifests: &Manifests,
    dry_run: bool,
    printer: &Printer,
) -> Result<bool, Failure> {
    let cluster = Cluster::connect(&args.connection).await?;
    let suffix = if dry_run { " (server dry run)" } else { "" };
    let mut removed = false;
    for object in manifests.removal() {
        let name = object.display_name();
        match cluster.get(object).await? {
            None => continue,
            Some(found) if !is_ours(&found) => {
                printer.warning(&format!("{name} isn't ours, it stays"))?;
            }
            Some(_) => {
                if cluster.delete(object, dry_run).await? {
                    printer.data(&format!("{name} deleted{suffix}\n"))?;
                    removed = true;
                }
            }
        }
    }
    Ok(removed)
}

/// The Secret is made at installation, so the manifests don't hold it.
fn with_secret(manifests: Manifests) -> Manifests {
    match manifests.deployment() {
        Some(_) => manifests.with_certificates(&Certificates::default()),
        None => manifests,
    }
}
