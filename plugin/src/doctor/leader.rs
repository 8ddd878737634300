//! JobSet's own exclusive placement lets no follower Pod in before the leader has a node, and says
//! of the followers only that a selector isn't set. Here the leader is named, and why it waits.

use placement::GATE;
use serde_json::Value;

use super::{Evidence, Finding, Outcome};
use crate::inventory::{Holder, PodSeen};
use crate::standing::SliceStanding;

/// The Job controller's label: the leader is completion 0.
const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The longest excerpt of an Event, in characters.
const EXCERPT: usize = 160;

/// A slice whose followers aren't made, as its leader has no node.
pub(super) struct Stalled<'a> {
    /// The slice.
    pub(super) slice: &'a SliceStanding,
    leader: &'a PodSeen,
    missing: usize,
}

pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    let found = stalled(evidence);
    let findings: Vec<_> = found.iter().map(|one| finding(one, evidence)).collect();
    match findings.len() {
        0 => None,
        count => Some(Outcome::found(format!("{count} without a node"), findings)),
    }
}

/// The slices of which only the leader exists, and waits for a node. Ours wait at our gate, all
/// Pods of them.
pub(super) fn stalled(evidence: &Evidence) -> Vec<Stalled<'_>> {
    let workloads = evidence.workloads();
    let slices = workloads.into_iter().flat_map(|workload| &workload.slices);
    let of_slice = |slice| stalled_slice(slice, &evidence.inventory.pods);
    slices.filter_map(of_slice).collect()
}

fn stalled_slice<'a>(slice: &'a SliceStanding, pods: &'a [PodSeen]) -> Option<Stalled<'a>> {
    let of_it = pods
        .iter()
        .filter(|pod| Holder::of(pod) == slice.holder && !pod.is_over());
    let alive: Vec<_> = of_it.collect();
    let wanted = usize::try_from(slice.pods).ok()?;
    let is_leader = |pod: &&&PodSeen| pod.metadata.label(COMPLETION_INDEX) == Some("0");
    let leader = *alive.iter().find(is_leader)?;
    let waits = leader.node().is_none() && !leader.is_gated_by(GATE);
    let alone = alive.len() == 1 && wanted > 1;
    (slice.holder.kind == "Job" && waits && alone).then(|| Stalled {
        slice,
        leader,
        missing: wanted - 1,
    })
}

fn finding(stalled: &Stalled<'_>, evidence: &Evidence) -> Finding {
    let Stalled {
        slice,
        leader,
        missing,
    } = stalled;
    let (name, namespace) = (&leader.metadata.name, &leader.metadata.namespace);
    let trouble = leader.trouble();
    let trouble = trouble
        .as_deref()
        .unwrap_or("the scheduler hasn't said why");
    let message = format!(
        "{missing} of {} Pods aren't made, because the leader Pod {name} is Pending: {trouble}",
        slice.pods
    );
    let detail = match denial(evidence, &slice.holder.name) {
        Some(said) => {
            format!("JobSet lets followers in once it has a node; until then it says: {said}")
        }
        None => "JobSet lets followers in once it has a node".to_owned(),
    };
    Finding::problem(slice.holder.display_name(), message)
        .because(detail)
        .fixed_by(format!("kubectl describe pod {name} -n {namespace}"))
}

/// What the Job controller was told last when it made a follower.
fn denial(evidence: &Evidence, job: &str) -> Option<String> {
    let mut events = evidence.events.iter().rev();
    let event = events.find(|event| {
        let about = &event["involvedObject"];
        about["kind"] == "Job" && about["name"] == job && event["reason"] == "FailedCreate"
    })?;
    let message = event.get("message").and_then(Value::as_str)?;
    Some(message.chars().take(EXCERPT).collect())
}
