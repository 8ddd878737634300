//! Who holds chips: the group of a Pod, or the Pod itself.

use std::fmt;

use placement::GroupRef;
use serde::Serialize;

use super::pod::PodSeen;

/// Labels of a LeaderWorkerSet's Pods.
const LWS_NAME: &str = "leaderworkerset.sigs.k8s.io/name";
const LWS_GROUP_INDEX: &str = "leaderworkerset.sigs.k8s.io/group-index";

/// The object behind Pods that belong together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    /// Its namespace.
    pub(crate) namespace: String,
    /// Such as `Job`.
    pub(crate) kind: String,
    /// Its name; a LeaderWorkerSet's replica is called as its leader.
    pub(crate) name: String,
}

impl Holder {
    /// Who a Pod belongs to.
    pub(crate) fn of(pod: &PodSeen) -> Self {
        let metadata = &pod.metadata;
        let (kind, name) = match (of_lws(pod), metadata.controller()) {
            (Some(name), _) => ("LeaderWorkerSet", name),
            (None, Some(owner)) => (owner.kind.as_str(), owner.name.clone()),
            (None, None) => ("Pod", metadata.name.clone()),
        };
        Self {
            namespace: metadata.namespace.clone(),
            kind: kind.to_owned(),
            name,
        }
    }

    /// The way kubectl takes it: `job/sax-model-server-0`.
    pub(crate) fn display_name(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// Placement's name for it.
impl From<&GroupRef> for Holder {
    fn from(group: &GroupRef) -> Self {
        Self {
            namespace: group.namespace.clone(),
            kind: group.kind.clone(),
            name: group.name.clone(),
        }
    }
}

/// `job/sax-model-server-0 in default`
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.display_name(), self.namespace)
    }
}

fn of_lws(pod: &PodSeen) -> Option<String> {
    let name = pod.metadata.label(LWS_NAME)?;
    let index = pod.metadata.label(LWS_GROUP_INDEX)?;
    Some(format!("{name}-{index}"))
}
