//! A claim: one domain, one holder, one Lease.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::keys::{CLAIM_ANNOTATION, CLAIM_LABEL};
use crate::read::{self, ReadError};
use crate::reference::{Domain, GroupRef};
use crate::time::Time;

/// The Lease of the turn ([`Holder::Loose`] or [`Holder::Wandering`]), of which there is only one.
const LOOSE_LEASE: &str = "release-without-domain";
/// Characters of the domain that a Lease's name repeats, for whoever reads `kubectl get leases`.
const READABLE: usize = 120;

/// Domains by topology key.
pub type Excluded = BTreeMap<String, BTreeSet<String>>;

/// Who may use a domain. Its Lease is created, never overwritten by another holder, and deleted
/// when it ends; the Lease's name follows from the domain, so there can't be two of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// What is claimed. Of the turn to go without a domain only the key counts.
    pub domain: Domain,
    /// Who holds it.
    pub holder: Holder,
    /// Since when its group has had no Pods, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_since: Option<Time>,
    /// Of the turn: what its Pods are kept off, by topology key. Whoever claims anything else
    /// doesn't use it before the turn has ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub excluded: Excluded,
    /// Its Lease as it was seen: `None` in [`Action::Claim`](crate::Action), which creates it.
    #[serde(skip)]
    pub lease: Option<LeaseVersion>,
}

/// A Lease as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseVersion {
    /// Its uid: precondition of every update and deletion.
    pub uid: String,
    /// Its version: precondition of every update and deletion.
    pub resource_version: String,
    /// When it was made.
    pub created: Time,
}

/// Who holds a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// A group, alone.
    Group(GroupRef),
    /// Plain TPU Pods, which share it. Each is written down before it is released.
    Pods(Vec<HeldPod>),
    /// No domain in particular: the one group that goes without (`whenNoDomain: release`).
    Loose(GroupRef),
    /// The same turn, of plain TPU Pods: they share it.
    Wandering(Vec<HeldPod>),
}

/// A plain TPU Pod that may be released into a shared domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HeldPod {
    /// Its uid.
    pub uid: String,
    /// Which entry of this claim it is, counted from 1; a Pod that comes again gets a new one.
    pub serial: u64,
}

impl Claim {
    /// Reads a `coordination.k8s.io/v1` Lease.
    ///
    /// # Errors
    /// When it isn't an object with metadata, or doesn't carry a claim in our annotation.
    pub fn read(lease: &Value) -> Result<Self, ReadError> {
        let meta = read::meta(lease)?;
        let text = read::annotation(lease, CLAIM_ANNOTATION).ok_or_else(|| ReadError::Missing {
            path: format!("/metadata/annotations/{CLAIM_ANNOTATION}"),
        })?;
        let claim: Self = serde_json::from_str(text).map_err(|error| ReadError::Claim {
            name: meta.name.clone(),
            error: error.to_string(),
        })?;
        let lease = LeaseVersion {
            uid: meta.uid,
            resource_version: meta.resource_version,
            created: meta.created,
        };
        Ok(Self {
            lease: Some(lease),
            ..claim
        })
    }

    /// The Lease to create, or to put in the place of the one that was seen: then it carries
    /// that one's uid and version, which make the API server refuse if anybody was faster.
    #[must_use]
    pub fn to_lease(&self, namespace: &str) -> Value {
        let text = serde_json::to_string(self).unwrap_or_default();
        let mut lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self.lease_name(),
                "namespace": namespace,
                "labels": {CLAIM_LABEL: "true"},
                "annotations": {CLAIM_ANNOTATION: text},
            },
            "spec": {"holderIdentity": self.holder_identity()},
        });
        if let Some(seen) = &self.lease {
            lease["metadata"]["uid"] = json!(seen.uid);
            lease["metadata"]["resourceVersion"] = json!(seen.resource_version);
        }
        lease
    }

    /// The Lease's name: a legal object name that follows from the domain alone. (If two domains
    /// ever shared one, the second would be taken for claimed, which is safe.)
    #[must_use]
    pub fn lease_name(&self) -> String {
        if self.is_turn() {
            return LOOSE_LEASE.to_owned();
        }
        let text = self.domain.to_string();
        let legal = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let readable: String = text.chars().take(READABLE).map(legal).collect();
        format!(
            "{}-{:016x}",
            readable.trim_matches('-'),
            fnv(text.as_bytes())
        )
    }

    /// The group that holds it alone.
    #[must_use]
    pub fn group(&self) -> Option<&GroupRef> {
        match &self.holder {
            Holder::Group(group) => Some(group),
            Holder::Pods(_) | Holder::Loose(_) | Holder::Wandering(_) => None,
        }
    }

    /// Whether it is the turn to go without a domain.
    #[must_use]
    pub fn is_turn(&self) -> bool {
        matches!(self.holder, Holder::Loose(_) | Holder::Wandering(_))
    }

    /// Whether the Pods of this turn are kept off a domain.
    pub(crate) fn excludes(&self, domain: &Domain) -> bool {
        let values = self.excluded.get(&domain.key);
        values.is_some_and(|values| values.contains(&domain.value))
    }

    fn holder_identity(&self) -> String {
        match &self.holder {
            Holder::Group(group) | Holder::Loose(group) => {
                format!("{}/{}/{}", group.root, group.namespace, group.name)
            }
            Holder::Pods(pods) | Holder::Wandering(pods) => {
                format!("{} plain TPU Pods", pods.len())
            }
        }
    }
}

/// FNV-1a, 64 bits: the same on every replica and in every version.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
