//! Objects that a denial would hurt more than help.

use serde_json::Value;

use crate::kind::text;

/// The controllers whose objects are judged at the controller, by group and kind.
const CONTROLLERS: [(&str, &str); 6] = [
    ("jobset.x-k8s.io", "JobSet"),
    ("batch", "Job"),
    ("apps", "StatefulSet"),
    ("apps", "ReplicaSet"),
    ("apps", "Deployment"),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"),
];

/// Whether the object must not be denied: a controller made it (its denial is a silent wait, and
/// the controller's own review has spoken), or it is being deleted (a denied update would keep
/// its finalizers for ever).
pub(crate) fn is_spared(object: &Value) -> bool {
    is_controlled(object) || text(object, &["metadata", "deletionTimestamp"]).is_some()
}

fn is_controlled(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences");
    let owners = owners.and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| {
        owner.get("controller").and_then(Value::as_bool) == Some(true) && is_of_ours(owner)
    })
}

fn is_of_ours(owner: &Value) -> bool {
    let api_version = text(owner, &["apiVersion"]).unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = text(owner, &["kind"]).unwrap_or_default();
    CONTROLLERS.contains(&(group, kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owned_by(api_version: &str, kind: &str, controller: bool) -> Value {
        let owner = json!({"apiVersion": api_version, "kind": kind, "controller": controller});
        json!({"metadata": {"ownerReferences": [owner]}})
    }

    #[test]
    fn what_a_matched_kind_controls_is_spared() {
        assert!(is_spared(&owned_by("batch/v1", "Job", true)));
        assert!(is_spared(&owned_by(
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            true
        )));
    }

    #[test]
    fn mere_owners_and_other_controllers_do_not_spare() {
        assert!(!is_spared(&owned_by("batch/v1", "Job", false)));
        assert!(!is_spared(&owned_by("v1", "ReplicationController", true)));
        assert!(!is_spared(&owned_by("example.com/v1", "Job", true)));
        assert!(!is_spared(&json!({})));
    }

    #[test]
    fn what_is_being_deleted_is_spared() {
        assert!(is_spared(
            &json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
        ));
    }
}
