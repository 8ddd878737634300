//! The objects whose Pods the built-in policies look after.

use sdk::{Description, MatchRule};

/// Adds a match rule for each kind of object that makes Pods; Pods themselves are up to the policy.
#[must_use]
pub fn matching_controllers(description: Description) -> Description {
    let kinds: [(&str, &[&str]); 4] = [
        ("batch", &["jobs"]),
        ("jobset.x-k8s.io", &["jobsets"]),
        ("apps", &["deployments", "statefulsets"]),
        ("leaderworkerset.x-k8s.io", &["leaderworkersets"]),
    ];
    kinds
        .into_iter()
        .fold(description, |description, (group, resources)| {
            let resources = resources.iter().copied();
            description.matching(MatchRule::creates_and_updates([group], resources))
        })
}
