//! Handing back what we hold, when nobody asks us any more: gates are lifted, and JobSets go back
//! to JobSet's own exclusive placement.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cluster::{Cluster, MarkedJobSet};
use crate::failure::Failure;
use crate::printer::Printer;

/// API servers learn of a changed registration a little later: until then Pods are still gated.
const SETTLING: Duration = Duration::from_secs(2);
/// How often gated Pods are looked for meanwhile.
const INTERVAL: Duration = Duration::from_millis(500);

/// Hands back, or says what would be.
pub(super) struct Release<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) printer: &'a Printer,
    pub(super) dry_run: bool,
}

impl Release<'_> {
    /// Was there anything? `settling`: the registration has just been changed.
    pub(super) async fn all(&self, settling: bool) -> Result<bool, Failure> {
        let lifted = self.lift_gates(settling).await?;
        Ok(self.hand_back().await? | lifted)
    }

    /// Lifts our gate from every Pod that has it. Where the registration has just been changed,
    /// it looks again for as long as an API server may still ask us.
    async fn lift_gates(&self, settling: bool) -> Result<bool, Failure> {
        let until = Instant::now() + SETTLING;
        let mut lifted = false;
        loop {
            for pod in &self.cluster.gated_pods().await? {
                if self.cluster.lift_gate(pod, self.dry_run).await? {
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
    async fn hand_back(&self) -> Result<bool, Failure> {
        let mut taken = false;
        for jobset in self.cluster.marked_jobsets().await? {
            let MarkedJobSet {
                namespace, name, ..
            } = &jobset;
            if jobset.above && self.cluster.take_mark(&jobset, self.dry_run).await? {
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
        match self.dry_run {
            true => " (server dry run)",
            false => "",
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
