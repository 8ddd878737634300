//! A Pod, as far as placement looks.

use serde_json::Value;

use crate::constraint::Constraints;
use crate::keys;
use crate::read::{self, Controller, ReadError};
use crate::reference::PodRef;
use crate::resources::Resources;
use crate::time::Time;

/// A Pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Which Pod, in which version.
    pub reference: PodRef,
    /// When it was made.
    pub created: Time,
    /// Whether it is being deleted. It holds what it has until it is gone.
    pub deleting: bool,
    /// Whether it has Succeeded or Failed: it holds nothing any more.
    pub finished: bool,
    /// Where it is bound.
    pub node: Option<String>,
    /// Its scheduling gates.
    pub gates: Vec<String>,
    /// Who controls it.
    pub controller: Option<Controller>,
    /// The topology key of which it wants a domain to itself: our annotation. `None` too where
    /// the author chose a strategy of JobSet's by a `node-selector` annotation of their own.
    pub exclusive: Option<String>,
    /// JobSet's uid, by JobSet's label.
    pub jobset_uid: Option<String>,
    /// Which replica of which LeaderWorkerSet it belongs to.
    pub leader_worker: Option<LeaderWorker>,
    /// Its completion index, ordinal or worker index.
    pub index: Option<u32>,
    /// The claim under which it may not be released any more.
    pub fence: Option<String>,
    /// `spec.priority`.
    pub priority: i32,
    /// What it asks for.
    pub requests: Resources,
    /// Where it may run.
    pub constraints: Constraints,
    /// Whether a container carries a non-empty `MEGASCALE_NUM_SLICES`.
    pub multislice: bool,
}

/// The replica of a LeaderWorkerSet that a Pod belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderWorker {
    /// The LeaderWorkerSet's name.
    pub name: String,
    /// Which replica.
    pub group_index: String,
    /// Pods in it.
    pub size: Option<u32>,
}

impl Pod {
    /// Reads a `v1` Pod.
    ///
    /// # Errors
    /// When it has no name or uid, or a field that placement needs has a wrong type.
    pub fn read(object: &Value) -> Result<Self, ReadError> {
        let meta = read::meta(object)?;
        let phase = read::text(object, "/status/phase")?.unwrap_or_default();
        let jobset_uid = read::label(object, keys::JOBSET_UID);
        Ok(Self {
            created: meta.created,
            deleting: meta.deleting,
            finished: matches!(phase, "Succeeded" | "Failed"),
            node: read::text(object, "/spec/nodeName")?
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            gates: gates(object)?,
            exclusive: exclusive(object),
            jobset_uid: jobset_uid
                .or(read::annotation(object, keys::JOBSET_UID))
                .map(str::to_owned),
            leader_worker: leader_worker(object),
            index: index(object, &meta.name),
            fence: read::annotation(object, keys::FENCE).map(str::to_owned),
            priority: read::integer(object, "/spec/priority")?.unwrap_or(0),
            requests: Resources::of_pod(object)?,
            constraints: Constraints::read(object)?,
            multislice: multislice(read::list(object, "/spec/containers")?)?,
            controller: meta.controller,
            reference: PodRef {
                namespace: meta.namespace,
                name: meta.name,
                uid: meta.uid,
                resource_version: meta.resource_version,
            },
        })
    }

    /// Whether it waits at our gate.
    #[must_use]
    pub fn gated(&self) -> bool {
        self.node.is_none() && self.gates.iter().any(|gate| gate == keys::GATE)
    }

    /// Whether the scheduler may bind it now.
    #[must_use]
    pub fn loose(&self) -> bool {
        self.node.is_none() && self.gates.is_empty() && !self.deleting && !self.finished
    }

    /// Whether it waits at our gate without wanting a domain to itself.
    pub(crate) fn waits_plainly(&self) -> bool {
        self.gated() && !self.deleting && !self.finished && self.exclusive.is_none()
    }

    /// Whether it asks for TPU chips.
    #[must_use]
    pub fn wants_tpu(&self) -> bool {
        self.requests.chips > 0
    }

    /// `NAMESPACE/NAME`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.reference.namespace, self.reference.name)
    }
}

fn gates(pod: &Value) -> Result<Vec<String>, ReadError> {
    let gates = read::list(pod, "/spec/schedulingGates")?;
    gates
        .iter()
        .map(|gate| read::text_or(gate, "/name", ""))
        .collect()
}

fn exclusive(pod: &Value) -> Option<String> {
    let strategy = read::annotation(pod, keys::NODE_SELECTOR_STRATEGY);
    let ours = strategy.is_none_or(|value| value == keys::MARK);
    let key = read::annotation(pod, keys::EXCLUSIVE_TOPOLOGY).filter(|key| !key.is_empty());
    key.filter(|_| ours).map(str::to_owned)
}

fn leader_worker(pod: &Value) -> Option<LeaderWorker> {
    Some(LeaderWorker {
        name: read::label(pod, keys::LWS_NAME)?.to_owned(),
        group_index: read::label(pod, keys::LWS_GROUP_INDEX)?.to_owned(),
        size: read::annotation(pod, keys::LWS_SIZE).and_then(|size| size.parse().ok()),
    })
}

fn index(pod: &Value, name: &str) -> Option<u32> {
    let labelled = [
        keys::LWS_WORKER_INDEX,
        keys::COMPLETION_INDEX,
        keys::POD_INDEX,
    ];
    let label = labelled.iter().find_map(|key| read::label(pod, key));
    let text = label.or_else(|| read::annotation(pod, keys::COMPLETION_INDEX));
    let text = text.or_else(|| name.rsplit_once('-').map(|(_, ordinal)| ordinal));
    text?.parse().ok()
}

/// Whether a container says that its slice computes together with others; a value from
/// elsewhere counts as one.
pub(crate) fn multislice(containers: &[Value]) -> Result<bool, ReadError> {
    for container in containers {
        for variable in read::list(container, "/env")? {
            if read::text(variable, "/name")? == Some(keys::NUM_SLICES) {
                let value = read::text(variable, "/value")?.unwrap_or_default();
                if !value.is_empty() || read::present(variable, "/valueFrom").is_some() {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}
