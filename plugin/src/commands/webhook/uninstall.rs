//! `webhook uninstall`: exactly what install made, and nothing held back. The registration goes
//! first, so that no Pod is gated any more; then the gates are lifted and the JobSets handed back,
//! for nobody else would; then the rest goes, and is waited for.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::wait_gone;
use crate::cli::{DryRun, UninstallArgs};
use crate::cluster::{Cluster, MarkedJobSet, is_leaving};
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
        let mut released = self.lift_gates(&cluster, settling).await?;
        released |= self.hand_back(&cluster).await?;
        for object in manifests.remainder() {
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

    /// Hands JobSets back to JobSet's own exclusive placement: our mark would keep it away.
    async fn hand_back(&self, cluster: &Cluster) -> Result<bool, Failure> {
        let mut taken = false;
        for jobset in cluster.marked_jobsets().await? {
            let MarkedJobSet {
                namespace, name, ..
            } = &jobset;
            if jobset.above && cluster.take_mark(&jobset, self.dry_run).await? {
                let suffix = self.suffix();
                let line = format!(
                    "jobset.jobset.x-k8s.io/{name} handed back to JobSet in namespace {namespace}{suffix}\n"
                );
                self.printer.data(&line)?;
                taken = true;
            }
            if jobset.below {
                self.printer.warning(&in_templates(namespace, name))?;
            }
        }
        Ok(taken)
    }

    fn suffix(&self) -> &'static str {
        if self.dry_run {
            " (server dry run)"
        } else {
            ""
        }
    }
}

fn in_templates(namespace: &str, name: &str) -> String {
    format!(
        "jobset.jobset.x-k8s.io/{name} in namespace {namespace} keeps our mark {}={} in its \
         templates, which can't change: JobSet doesn't place what they make from now on. Delete \
         it and apply it again",
        placement::NODE_SELECTOR_STRATEGY,
        placement::MARK
    )
}

/// The Secret is made at installation, so the manifests don't hold it.
fn with_secret(manifests: Manifests) -> Manifests {
    match manifests.deployment() {
        Some(_) => manifests.with_certificates(&Certificates::default()),
        None => manifests,
    }
}
