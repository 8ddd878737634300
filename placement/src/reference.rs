//! What decisions name: objects, domains and groups.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An object that Events can be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// Such as `batch/v1`.
    pub api_version: String,
    /// Such as `Job`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// A Pod as it was seen. Whoever touches it must hold the API server to both uid and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The version that was decided on.
    pub resource_version: String,
}

/// The nodes that share one value of a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Domain {
    /// The topology key: a node label.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// The Pods that must land together on one domain. Two values are the same group when `root` and
/// `name` are equal: a Job that JobSet makes anew after a restart is the same group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupRef {
    /// Uid of the root owner: a JobSet, a Job without one, a StatefulSet, a LeaderWorkerSet, or
    /// the Pod itself.
    pub root: String,
    /// Name of the Job, the StatefulSet, the Pod; `NAME-INDEX` for a LeaderWorkerSet's replica.
    pub name: String,
    /// `Job`, `StatefulSet`, `LeaderWorkerSet` or `Pod`.
    pub kind: String,
    /// Where its Pods live.
    pub namespace: String,
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}
