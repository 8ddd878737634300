//! Carrying out a decision. Nothing is added to it and nothing is retried: after the first write
//! of a group that fails, the rest of that group's is dropped, and the cluster is looked at again.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::stream;
use kube::api::Preconditions;
use placement::{Action, Claim, Fence, GroupRef, Holder, PodRef, Release};
use serde_json::Value;

use super::api::{ApiError, ApiServer};
use super::election::Leadership;
use super::kinds::{Item, What};

/// Groups that are written for at one time: each has one request under way, on a connection of
/// its own.
const SIDE_BY_SIDE: usize = 32;

/// What came of a decision.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Pods as they are now.
    pub(crate) pods: Vec<Item>,
    /// What the watch of Leases has to show before the next decision.
    pub(crate) expected: Vec<Expected>,
    /// Groups all of whose releases went well.
    pub(crate) released: Vec<Released>,
    /// Whether something didn't.
    pub(crate) trouble: Trouble,
}

/// A Lease as it will be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// In this version or a later one.
    Version {
        /// The Lease's name.
        lease: String,
        /// Its version.
        version: u64,
    },
    /// No longer in this version.
    Gone {
        /// The Lease's name.
        lease: String,
        /// The version that was deleted.
        version: u64,
    },
}

/// A group that was let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Released {
    /// Which.
    pub(crate) group: GroupRef,
    /// Its domain, where it has one.
    pub(crate) domain: Option<placement::Domain>,
}

/// What went wrong, the worst of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// We had looked at something older than what is there: the watch will tell.
    Stale,
    /// The API server had no answer, or refused: it is asked again later.
    Failed,
}

/// Carries out `actions`, groups side by side, each group's in their order.
pub(crate) async fn carry_out(
    api: &ApiServer,
    leadership: &Leadership,
    actions: Vec<Action>,
) -> Outcome {
    let lanes = lanes(actions);
    let lanes = lanes
        .into_iter()
        .map(|actions| lane(api, leadership, actions));
    let mut outcomes = stream::iter(lanes).buffer_unordered(SIDE_BY_SIDE);
    let mut outcome = Outcome::default();
    while let Some(next) = outcomes.next().await {
        outcome.merge(next);
    }
    outcome
}

impl Outcome {
    fn merge(&mut self, other: Outcome) {
        self.pods.extend(other.pods);
        self.expected.extend(other.expected);
        self.released.extend(other.released);
        self.trouble = self.trouble.max(other.trouble);
    }

    fn took(&mut self, what: What, answer: Value) {
        if what == What::Pods {
            self.pods.push(Item::read(what, answer));
        } else {
            let item = Item::read(what, answer);
            self.expected.push(Expected::Version {
                lease: item.key,
                version: item.version,
            });
        }
    }
}

/// The actions of each group, in their order.
fn lanes(actions: Vec<Action>) -> Vec<Vec<Action>> {
    let mut lanes: Vec<Vec<Action>> = Vec::new();
    let mut index = HashMap::new();
    for action in actions {
        let lane = *index.entry(key(&action)).or_insert_with(|| {
            lanes.push(Vec::new());
            lanes.len() - 1
        });
        lanes[lane].push(action);
    }
    lanes
}

/// What must not be done side by side has one key.
fn key(action: &Action) -> String {
    let of_group = |group: &GroupRef| format!("{}/{}", group.root, group.name);
    match action {
        Action::Claim(claim) | Action::Keep(claim) | Action::Unclaim(claim) => {
            match &claim.holder {
                Holder::Group(group) | Holder::Loose(group) => of_group(group),
                Holder::Pods(_) | Holder::Wandering(_) => claim.lease_name(),
            }
        }
        Action::Fence(fence) => of_group(&fence.group),
        Action::Release(release) => of_group(&release.group),
        Action::Restart { group, .. } => of_group(group),
    }
}

/// One group's actions, until one fails or this replica leads no longer.
async fn lane(api: &ApiServer, leadership: &Leadership, actions: Vec<Action>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut released = None;
    for action in actions {
        if !leadership.holds() {
            outcome.trouble = Trouble::Stale;
            return outcome;
        }
        if let Err(error) = act(api, &action, &mut outcome).await {
            outcome.trouble = judge(api, &action, &error);
            return outcome;
        }
        api.metrics.acted(label(&action), "done");
        if let Action::Release(release) = action {
            released = Some(Released {
                group: release.group,
                domain: release.selector,
            });
        }
    }
    outcome.released.extend(released);
    outcome
}

async fn act(api: &ApiServer, action: &Action, outcome: &mut Outcome) -> Result<(), ApiError> {
    match action {
        Action::Claim(claim) => {
            let lease = claim.to_lease(&api.namespace);
            outcome.took(What::Leases, api.create_lease(&lease).await?);
        }
        Action::Keep(claim) => {
            let lease = claim.to_lease(&api.namespace);
            let answer = api.replace_lease(&claim.lease_name(), &lease).await?;
            outcome.took(What::Leases, answer);
        }
        Action::Unclaim(claim) => unclaim(api, claim, outcome).await?,
        Action::Fence(fence) => {
            outcome.took(What::Pods, patch(api, &fence.pod, fence.patch()).await?);
        }
        Action::Release(release) => {
            outcome.took(What::Pods, patch(api, &release.pod, release.patch()).await?);
        }
        Action::Restart { pod, .. } => {
            let answer = api.delete_pod(&pod.namespace, &pod.name, &pod.uid).await?;
            // Where nothing keeps it, the answer is a Status: it is gone, as the watch will tell.
            if answer["kind"] == "Pod" {
                outcome.took(What::Pods, answer);
            }
        }
    }
    Ok(())
}

async fn patch(api: &ApiServer, pod: &PodRef, patch: Value) -> Result<Value, ApiError> {
    api.patch_pod(&pod.namespace, &pod.name, patch).await
}

async fn unclaim(api: &ApiServer, claim: &Claim, outcome: &mut Outcome) -> Result<(), ApiError> {
    let lease = claim.lease_name();
    let Some(seen) = &claim.lease else {
        return Ok(());
    };
    let preconditions = Preconditions {
        uid: Some(seen.uid.clone()),
        resource_version: Some(seen.resource_version.clone()),
    };
    api.delete_lease(&lease, preconditions).await?;
    outcome.expected.push(Expected::Gone {
        lease,
        version: seen.resource_version.parse().unwrap_or(0),
    });
    Ok(())
}

/// Says and counts what went wrong.
fn judge(api: &ApiServer, action: &Action, error: &ApiError) -> Trouble {
    let (about, action) = (about(action), label(action));
    if error.is_stale() {
        api.metrics.acted(action, "stale");
        tracing::info!(action, about, %error, "the cluster has changed meanwhile; looking again");
        return Trouble::Stale;
    }
    api.metrics.acted(action, "failed");
    tracing::warn!(action, about, %error, "a write failed; it is tried again");
    Trouble::Failed
}

fn about(action: &Action) -> String {
    match action {
        Action::Claim(claim) | Action::Keep(claim) | Action::Unclaim(claim) => {
            claim.domain.to_string()
        }
        Action::Fence(Fence { pod, .. })
        | Action::Release(Release { pod, .. })
        | Action::Restart { pod, .. } => format!("{}/{}", pod.namespace, pod.name),
    }
}

/// The action as a label.
fn label(action: &Action) -> &'static str {
    match action {
        Action::Claim(_) => "claim",
        Action::Keep(_) => "keep",
        Action::Unclaim(_) => "unclaim",
        Action::Fence(_) => "fence",
        Action::Release(_) => "release",
        Action::Restart { .. } => "restart",
    }
}

#[cfg(test)]
#[path = "act_tests.rs"]
mod tests;
