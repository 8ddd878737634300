//! `webhook uninstall`: exactly what install made. The registration goes first, so that no Pod is
//! gated any more; then the gates are lifted, for nobody else would; then the rest goes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cli::{DryRun, UninstallArgs};
use crate::cluster::Cluster;
use crate::commands::{block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::registration::{Certificates, Manifests, is_ours};
use crate::scaffold::Object;

/// API servers learn of a removed registration a little later: until then Pods are still gated.
const SETTLING: Duration = Duration::from_secs(2);
/// How often gated Pods are looked for meanwhile.
const INTERVAL: Duration = Duration::from_millis(500);

pub(super) fn run(args: &UninstallArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    let manifests = with_secret(Manifests::embedded());
    if dry_run == DryRun::Client {
        for object in manifests.stopping().chain(manifests.remainder()) {
            printer.data(&format!("{} deleted (dry run)\n", object.display_name()))?;
        }
        return Ok(Exit::Fine);
    }
    let removal = Removal {
        dry_run: dry_run == DryRun::Server,
        printer,
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
}

impl Removal<'_> {
    /// Was there anything?
    async fn run(&self, args: &UninstallArgs, manifests: &Manifests) -> Result<bool, Failure> {
        let cluster = Cluster::connect(&args.connection).await?;
        let mut removed = false;
        for object in manifests.stopping() {
            removed |= self.remove(&cluster, object).await?;
        }
        removed |= self.lift_gates(&cluster, removed).await?;
        for object in manifests.remainder() {
            removed |= self.remove(&cluster, object).await?;
        }
        Ok(removed)
    }

    async fn remove(&self, cluster: &Cluster, object: &Object) -> Result<bool, Failure> {
        let name = object.display_name();
        match cluster.get(object).await? {
            None => return Ok(false),
            Some(found) if !is_ours(&found) => {
                self.printer
                    .warning(&format!("{name} isn't ours, it stays"))?;
                return Ok(false);
            }
            Some(_) => {}
        }
        let deleted = cluster.delete(object, self.dry_run).await?;
        if deleted {
            self.printer
                .data(&format!("{name} deleted{}\n", self.suffix()))?;
        }
        Ok(deleted)
    }

    /// Lifts our gate from every Pod that has it. Where the registration has just been removed,
    /// it looks again for as long as an API server may still ask us.
    async fn lift_gates(&self, cluster: &Cluster, settling: bool) -> Result<bool, Failure> {
        let until = Instant::now() + SETTLING;
        let mut lifted = false;
        loop {
            let gated = cluster.gated_pods().await?;
            for pod in &gated {
                if cluster.lift_gate(pod, self.dry_run).await? {
                    let (name, namespace) = (&pod.name, &pod.namespace);
                    let suffix = self.suffix();
                    let line = format!("pod/{name} released in namespace {namespace}{suffix}\n");
                    self.printer.data(&line)?;
                    lifted = true;
                }
            }
            if self.dry_run || !settling || Instant::now() >= until {
                return Ok(lifted);
            }
            sleep(INTERVAL).await;
        }
    }

    fn suffix(&self) -> &'static str {
        if self.dry_run {
            " (server dry run)"
        } else {
            ""
        }
    }
}

/// The Secret is made at installation, so the manifests don't hold it.
fn with_secret(manifests: Manifests) -> Manifests {
    match manifests.deployment() {
        Some(_) => manifests.with_certificates(&Certificates::default()),
        None => manifests,
    }
}
