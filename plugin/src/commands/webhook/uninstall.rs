//! `webhook uninstall`: exactly what install made, and nothing held back. The registration goes
//! first, so that no Pod is gated any more; then the gates are lifted and the JobSets handed back,
//! for nobody else would; then the rest goes, and is waited for.

use super::release::Release;
use super::wait_gone;
use crate::cli::{DryRun, UninstallArgs};
use crate::cluster::{Cluster, is_leaving};
use crate::commands::{block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::registration::{Manifests, is_ours};
use crate::scaffold::Object;

pub(super) fn run(args: &UninstallArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    let manifests = Manifests::embedded();
    let secret = manifests.secret();
    if dry_run == DryRun::Client {
        for object in manifests
            .stopping()
            .chain(manifests.remainder())
            .chain([&secret])
        {
            printer.data(&format!("{} deleted (dry run)\n", object.display_name()))?;
        }
        return Ok(Exit::Fine);
    }
    let removal = Removal {
        dry_run: dry_run == DryRun::Server,
        printer,
        leaving: Vec::new(),
    };
    let removed = block_on(removal.run(args, &manifests))?;
    if !removed {
        printer.note("nothing of ours is installed")?;
    }
    Ok(Exit::Fine)
}

struct Removal<'a> {
    dry_run: bool,
    printer: &'a Printer,
    /// What is deleted, as it was stored.
    leaving: Vec<Object>,
}

impl Removal<'_> {
    /// Was there anything?
    async fn run(mut self, args: &UninstallArgs, manifests: &Manifests) -> Result<bool, Failure> {
        let cluster = Cluster::connect(&args.connection).await?;
        for object in manifests.stopping() {
            self.remove(&cluster, object).await?;
        }
        let settling = !self.leaving.is_empty();
        let release = Release {
            cluster: &cluster,
            printer: self.printer,
            dry_run: self.dry_run,
        };
        let released = release.all(settling).await?;
        let secret = manifests.secret();
        // A replica that is still there restores a Secret that goes; it can't in a namespace that
        // is going, so the Secret comes last.
        for object in manifests.remainder().chain([&secret]) {
            self.remove(&cluster, object).await?;
        }
        let removed = released || !self.leaving.is_empty();
        if args.wait && !self.dry_run {
            wait_gone(&cluster, self.leaving, args.timeout, self.printer).await?;
        }
        Ok(removed)
    }

    async fn remove(&mut self, cluster: &Cluster, object: &Object) -> Result<(), Failure> {
        let name = object.display_name();
        let Some(stored) = cluster.get(object).await? else {
            return Ok(());
        };
        if !is_ours(&stored) {
            self.printer
                .warning(&format!("{name} isn't ours, it stays"))?;
            return Ok(());
        }
        // By an uninstall before this one: there is nothing to ask for but its end.
        let deleted = is_leaving(&stored) || cluster.delete(object, self.dry_run).await?;
        if deleted {
            self.printer
                .data(&format!("{name} deleted{}\n", self.suffix()))?;
            self.leaving.push(stored);
        }
        Ok(())
    }

    fn suffix(&self) -> &'static str {
        if self.dry_run {
            " (server dry run)"
        } else {
            ""
        }
    }
}
