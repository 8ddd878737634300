//! Which replica serves which certificate and which policies, as they say themselves.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cluster::{Cluster, ClusterError, Listing};

/// Labels of the Leases in which replicas say something.
const SERVES: &str = "kubectl-sax.dev/serves=true";
const LOADED: &str = "kubectl-sax.dev/replica=true";

/// What one replica says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Replica {
    /// What it calls itself: host, process, start.
    pub(super) identity: String,
    /// SHA-256 of the certificate that it serves.
    pub(super) leaf: Option<String>,
    /// The cluster's policies that it has loaded, each with its generation.
    pub(super) policies: BTreeMap<String, String>,
}

/// All replicas in a namespace, by name.
pub(super) async fn read(cluster: &Cluster, namespace: &str) -> Result<Vec<Replica>, ClusterError> {
    let leases = Listing::all("coordination.k8s.io/v1", "leases", "Lease");
    let mut found = BTreeMap::<String, Replica>::new();
    for label in [SERVES, LOADED] {
        let listing = Listing {
            namespace: Some(namespace),
            labels: Some(label),
            ..leases
        };
        let said = cluster.list(&listing, replica).await?.unwrap_or_default();
        for replica in said {
            let known = found.entry(replica.identity.clone()).or_default();
            known.identity = replica.identity;
            known.leaf = known.leaf.take().or(replica.leaf);
            known.policies.extend(replica.policies);
        }
    }
    Ok(found.into_values().collect())
}

/// For machines.
pub(super) fn as_json(replica: &Replica) -> Value {
    json!({
        "name": replica.identity, "certificate": replica.leaf, "policies": replica.policies,
    })
}

fn replica(lease: &Value) -> Replica {
    let said = |key: &str| {
        let said = lease["metadata"]["annotations"][format!("kubectl-sax.dev/{key}")].as_str();
        said.map(str::to_owned)
    };
    let loaded = said("loaded").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let policies = loaded
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let name = lease["spec"]["holderIdentity"].as_str();
    Replica {
        identity: name.unwrap_or_default().to_owned(),
        leaf: said("leaf"),
        policies: policies
            .map(|(name, said)| (name.clone(), generation(said)))
            .collect(),
    }
}

/// What is in force of a policy there.
fn generation(said: &Value) -> String {
    match (&said["generation"], said["refused"].as_str()) {
        (Value::Number(generation), None) => format!("generation {generation}"),
        (Value::Number(generation), Some(_)) => {
            format!("generation {generation}, the newest is refused")
        }
        _ => "refused".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_replica_says_is_read_and_what_it_doesnt_say_is_unknown() {
        let loaded =
            json!({"a": {"uid": "1", "generation": 3}, "b": {"uid": "2", "refused": "no"}});
        let lease = json!({
            "metadata": {"annotations": {"kubectl-sax.dev/leaf": "ab",
                "kubectl-sax.dev/loaded": loaded.to_string()}},
            "spec": {"holderIdentity": "one"},
        });
        let said = replica(&lease);
        assert_eq!(
            (said.identity.as_str(), said.leaf.as_deref()),
            ("one", Some("ab"))
        );
        assert_eq!(said.policies["a"], "generation 3");
        assert_eq!(said.policies["b"], "refused");
        assert_eq!(replica(&json!({})), Replica::default());
    }
}
