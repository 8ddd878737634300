//! Which reviews a policy sees.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::request::{Operation, Request};

/// Namespaces of the cluster's own machinery, excluded unless an operator says otherwise.
const SYSTEM_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// The kubelet's annotation of mirror Pods.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A rule out of a policy's own description. An empty list or `*` means "any".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchRule {
    /// The empty string is the core group.
    pub api_groups: Vec<String>,
    /// Such as `v1`.
    pub api_versions: Vec<String>,
    /// Plurals as in Kubernetes' own webhook rules: `pods` is the Pod itself, `pods/status` one
    /// subresource, `pods/*` all of a Pod's, `*` every resource without its subresources, `*/*`
    /// everything.
    pub resources: Vec<String>,
    /// What the user does.
    pub operations: Vec<Operation>,
}

/// What a policy wants to see, less what the operator keeps from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// Any of these matches; without a rule nothing does.
    pub rules: Vec<MatchRule>,
    /// Only these namespaces; empty means all, and cluster-scoped objects too.
    pub namespaces: Vec<String>,
    /// Not these namespaces.
    pub exclude_namespaces: Vec<String>,
    /// Labels that the object must have, all of them.
    pub labels: BTreeMap<String, String>,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            namespaces: Vec::new(),
            exclude_namespaces: SYSTEM_NAMESPACES.map(str::to_owned).to_vec(),
            labels: BTreeMap::new(),
        }
    }
}

impl MatchRule {
    /// Whether the rule covers what is done to what.
    #[must_use]
    pub fn matches(&self, request: &Request) -> bool {
        let resource = &request.resource;
        covers(&self.api_groups, &resource.group)
            && covers(&self.api_versions, &resource.version)
            && self.covers_resource(&resource.resource, &request.sub_resource)
            && (self.operations.is_empty() || self.operations.contains(&request.operation))
    }

    fn covers_resource(&self, resource: &str, sub_resource: &str) -> bool {
        if self.resources.is_empty() {
            return sub_resource.is_empty();
        }
        self.resources.iter().any(|pattern| {
            let (wanted, wanted_sub) = pattern.split_once('/').unwrap_or((pattern, ""));
            let sub_matches = match wanted_sub {
                "*" => pattern == "*/*" || !sub_resource.is_empty(),
                exact => exact == sub_resource,
            };
            (wanted == "*" || wanted == resource) && sub_matches
        })
    }
}

impl Matching {
    /// Everything that `rules` cover, outside the cluster's own namespaces.
    #[must_use]
    pub fn of_rules(rules: Vec<MatchRule>) -> Self {
        Self {
            rules,
            ..Self::default()
        }
    }

    /// Whether the policy wants to see the review and may.
    #[must_use]
    pub fn matches(&self, request: &Request) -> bool {
        self.rules.iter().any(|rule| rule.matches(request))
            && self.covers_namespace(request.namespace.as_deref())
            && self.labels_match(request.subject())
            && !is_mirror(request)
    }

    /// Whether the operator lets the policy see what is in a namespace; none is that of
    /// cluster-scoped objects.
    #[must_use]
    pub fn covers_namespace(&self, namespace: Option<&str>) -> bool {
        let listed = |names: &[String]| namespace.is_some_and(|n| names.iter().any(|m| m == n));
        (self.namespaces.is_empty() || listed(&self.namespaces))
            && !listed(&self.exclude_namespaces)
    }

    fn labels_match(&self, subject: Option<&Value>) -> bool {
        let labels = subject.and_then(|object| object.pointer("/metadata/labels"));
        self.labels.iter().all(|(key, wanted)| {
            let found = labels.and_then(|labels| labels.get(key));
            found.and_then(Value::as_str) == Some(wanted)
        })
    }
}

/// Whether the object is a kubelet's image of its own Pod, which nobody can change or refuse. The
/// webhook's registration leaves them out, and offline must say the same.
fn is_mirror(request: &Request) -> bool {
    let annotations = request
        .subject()
        .and_then(|o| o.pointer("/metadata/annotations"));
    let is_pod = request.kind.group.is_empty() && request.kind.kind == "Pod";
    is_pod && annotations.is_some_and(|annotations| annotations.get(MIRROR).is_some())
}

fn covers(wanted: &[String], found: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|want| want == "*" || want == found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(namespace: &str) -> Request {
        let metadata = json!({"name": "a", "namespace": namespace, "labels": {"team": "ml"}});
        let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata});
        Request::from_manifest(object, "default").unwrap()
    }

    fn of_pods(resource: &str) -> Matching {
        Matching::of_rules(vec![MatchRule {
            api_groups: vec![String::new()],
            resources: vec![resource.to_owned()],
            operations: vec![Operation::Create],
            ..MatchRule::default()
        }])
    }

    #[test]
    fn a_rule_is_about_the_object_itself_unless_it_names_subresources() {
        let mut status = pod("default");
        status.sub_resource = "status".into();
        let matched = ["pods", "*", "pods/status", "pods/*", "*/*"].map(|resource| {
            (
                of_pods(resource).matches(&pod("default")),
                of_pods(resource).matches(&status),
            )
        });
        let expected = [
            (true, false),
            (true, false),
            (false, true),
            (false, true),
            (true, true),
        ];
        assert_eq!(matched, expected);
    }

    #[test]
    fn system_namespaces_and_excluded_ones_are_left_alone() {
        let mut matching = of_pods("pods");
        matching.exclude_namespaces.push("legacy".into());
        assert!(matching.matches(&pod("default")));
        assert!(!matching.matches(&pod("kube-system")));
        assert!(!matching.matches(&pod("legacy")));
    }

    #[test]
    fn other_groups_operations_and_labels_do_not_match() {
        let mut matching = of_pods("pods");
        let mut update = pod("default");
        update.operation = Operation::Update;
        assert!(!matching.matches(&update));
        matching.labels.insert("team".into(), "web".into());
        assert!(!matching.matches(&pod("default")));
        assert!(!Matching::default().matches(&pod("default")));
    }

    #[test]
    fn a_kubelets_mirror_pod_is_nobodys_business() {
        let mut mirror = pod("default");
        let object = mirror.object.as_mut().unwrap();
        object["metadata"]["annotations"] = json!({MIRROR: "4c9a"});
        assert!(!of_pods("pods").matches(&mirror));
    }
}
