//! What is to be done. Whoever carries it out adds nothing of its own.

use serde::Serialize;
use serde_json::{Value, json};

use crate::claim::{Claim, Excluded};
use crate::keys::{FENCE, GATE};
use crate::reference::{Domain, GroupRef, PodRef};

/// One write to the API server.
///
/// Actions are carried out in the order in which they stand, each after the answer to the one
/// before it; after the first that fails (conflict, already exists, not found) the rest is
/// dropped and the cluster is looked at again. Actions of different groups don't depend on each
/// other and may be sent side by side, those of one group never. Any prefix is safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Create the claim's Lease, which must not exist. No Pod is released in the same decision:
    /// only when the watch of Leases has shown the claim, and with it all that were made before.
    Claim(Claim),
    /// Put the claim in the place of its Lease, which must be the one that was seen.
    Keep(Claim),
    /// Delete the claim's Lease, which must be the one that was seen.
    Unclaim(Claim),
    /// Forbid, on the Pod itself, that it is released under a claim that is about to be given
    /// up: this changes its version, so that a placer that was paused fails.
    Fence(Fence),
    /// Pin the Pod and lift its gate, in one patch.
    Release(Release),
    /// Delete the Pod, so that its JobSet restarts (`onStranded: restart` only).
    Restart {
        /// Which Pod.
        pod: PodRef,
        /// Of which group.
        group: GroupRef,
    },
}

/// See [`Action::Fence`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fence {
    /// Which Pod.
    pub pod: PodRef,
    /// Of which group.
    pub group: GroupRef,
    /// The value of annotation [`FENCE`].
    pub claim: String,
}

/// See [`Action::Release`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Which Pod.
    pub pod: PodRef,
    /// Of which group; a plain TPU Pod is a group of its own.
    pub group: GroupRef,
    /// The one node selector that the Pod gets: the domain's label.
    pub selector: Option<Domain>,
    /// Where it must not land, if it has no selector (`whenNoDomain: release`).
    pub exclude: Option<Exclusion>,
    /// Whether the Pod carries annotation [`FENCE`], which goes with the gate.
    pub fenced: bool,
}

/// A required node affinity: no label names any of these domains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exclusion {
    /// Domains that are taken, broken or too small.
    pub domains: Excluded,
    /// The Pod's own required terms, as JSON, each of which gets the requirements: that is the one
    /// change that the API server allows to a gated Pod's affinity.
    pub terms: Vec<Value>,
}

impl Fence {
    /// The strategic merge patch, with its preconditions.
    #[must_use]
    pub fn patch(&self) -> Value {
        let mut patch = preconditions(&self.pod);
        patch["metadata"]["annotations"] = json!({FENCE: self.claim});
        patch
    }
}

impl Release {
    /// The strategic merge patch, with its preconditions.
    #[must_use]
    pub fn patch(&self) -> Value {
        let mut patch = preconditions(&self.pod);
        patch["spec"] = json!({"schedulingGates": [{"$patch": "delete", "name": GATE}]});
        if let Some(domain) = &self.selector {
            patch["spec"]["nodeSelector"] = json!({&domain.key: domain.value});
        }
        if let Some(exclusion) = &self.exclude {
            let required = json!({"nodeSelectorTerms": exclusion.terms()});
            let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": required});
            patch["spec"]["affinity"] = json!({"nodeAffinity": required});
        }
        if self.fenced {
            patch["metadata"]["annotations"] = json!({FENCE: null});
        }
        patch
    }
}

impl Exclusion {
    fn terms(&self) -> Vec<Value> {
        let not_in = |(key, values)| json!({"key": key, "operator": "NotIn", "values": values});
        let ours: Vec<Value> = self.domains.iter().map(not_in).collect();
        if self.terms.is_empty() {
            return vec![json!({"matchExpressions": ours})];
        }
        let mut terms = self.terms.clone();
        for term in &mut terms {
            match term
                .get_mut("matchExpressions")
                .and_then(Value::as_array_mut)
            {
                Some(requirements) => requirements.extend(ours.iter().cloned()),
                None => term["matchExpressions"] = json!(ours),
            }
        }
        terms
    }
}

/// The API server answers 409 if the Pod isn't exactly the one that was decided on.
fn preconditions(pod: &PodRef) -> Value {
    json!({"metadata": {"uid": pod.uid, "resourceVersion": pod.resource_version}})
}
