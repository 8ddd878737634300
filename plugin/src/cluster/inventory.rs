//! Reads from the cluster what placement decides on: the only module that knows which lists that
//! takes.

use serde_json::Value;

use super::{Cluster, ClusterError, Listing};
use crate::explanation::{PLACER, Told};
use crate::inventory::{Holder, Inventory, Kind, Seen};

/// All but the nodes, claims first: no claim may look empty because its Pods aren't known yet.
const LISTS: [(Kind, Listing<'static>); 6] = [
    (Kind::Claim, CLAIMS),
    (Kind::Pod, Listing::all("v1", "pods", "Pod")),
    (Kind::Job, Listing::all("batch/v1", "jobs", "Job")),
    (
        Kind::JobSet,
        Listing::all("jobset.x-k8s.io/v1alpha2", "jobsets", "JobSet"),
    ),
    (
        Kind::Owner,
        Listing::all("apps/v1", "statefulsets", "StatefulSet"),
    ),
    (
        Kind::Owner,
        Listing::all(
            "leaderworkerset.x-k8s.io/v1",
            "leaderworkersets",
            "LeaderWorkerSet",
        ),
    ),
];
const CLAIMS: Listing<'static> = Listing {
    namespace: Some(placement::NAMESPACE),
    labels: Some(placement::CLAIM_LABEL),
    ..Listing::all("coordination.k8s.io/v1", "leases", "Lease")
};

/// What was read.
#[derive(Default)]
pub(crate) struct Reading {
    /// What the cluster holds.
    pub(crate) inventory: Inventory,
    /// Objects that make no sense to us, each with the reason: nothing else is known of them.
    pub(crate) unreadable: Vec<String>,
}

impl Cluster {
    /// Reads all that placement decides on. A node selector leaves out the other nodes.
    ///
    /// # Errors
    /// Names every list that isn't allowed.
    pub(crate) async fn read(&self, nodes: Option<&str>) -> Result<Reading, ClusterError> {
        let nodes = Listing {
            labels: nodes,
            ..Listing::all("v1", "nodes", "Node")
        };
        let mut reading = Reading::default();
        let mut missing = Vec::new();
        for (kind, listing) in LISTS.into_iter().chain([(Kind::Node, nodes)]) {
            match self.list(&listing, |object| read(kind, object)).await {
                Ok(found) => found
                    .into_iter()
                    .flatten()
                    .for_each(|seen| reading.put(seen)),
                Err(ClusterError::NotAllowed(permissions)) => missing.extend(permissions),
                Err(error) => return Err(error),
            }
        }
        match missing.is_empty() {
            true => Ok(reading),
            false => Err(ClusterError::NotAllowed(missing)),
        }
    }
}

impl Cluster {
    /// What the placer wrote about a group, oldest first. Events are forgotten after an hour.
    pub(crate) async fn placer_events(&self, holder: &Holder) -> Result<Vec<Told>, ClusterError> {
        let fields = format!(
            "involvedObject.kind={},involvedObject.name={}",
            holder.kind, holder.name
        );
        let events = Listing {
            namespace: Some(&holder.namespace),
            fields: Some(&fields),
            ..Listing::all("v1", "events", "Event")
        };
        let read = |event: &Value| serde_json::from_value::<Told>(event.clone()).ok();
        let found = self.list(&events, read).await?.unwrap_or_default();
        let of_placer = |event: &Told| event.reporting_component == PLACER;
        let mut told: Vec<_> = found.into_iter().flatten().filter(of_placer).collect();
        told.sort_by(|a, b| a.last().cmp(b.last()));
        Ok(told)
    }
}

impl Reading {
    fn put(&mut self, seen: Result<Seen, String>) {
        match seen {
            Ok(seen) => self.inventory.put(seen),
            Err(reason) => self.unreadable.push(reason),
        }
    }
}

fn read(kind: Kind, object: &Value) -> Result<Seen, String> {
    kind.read(object).map_err(|error| {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let name = text("/metadata/name").unwrap_or_default();
        let place = text("/metadata/namespace").map(|name| format!(" in {name}"));
        format!("{kind:?} {name}{}: {error}", place.unwrap_or_default())
    })
}
