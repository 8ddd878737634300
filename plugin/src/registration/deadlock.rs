//! Could a registration keep a cluster from mending itself? Judged from what is registered, for
//! the requests that a cluster, and our own rollout, can't do without.
//!
//! Only webhooks with the failure policy Fail count: the others let everything pass when nobody
//! answers. Of their matchConditions nothing is assumed, so what is proved holds whatever they
//! say; only a paused webhook is known to match nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pause::is_paused_webhook;

/// A request that must pass when nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vital {
    /// What it is, for people.
    pub(crate) what: &'static str,
    group: &'static str,
    resource: &'static str,
    operations: &'static [&'static str],
    /// Where it is; none for what is cluster-scoped.
    namespace: Option<&'static str>,
    labels: &'static [(&'static str, &'static str)],
}

/// A vital request that a webhook would be asked about, and refuses when it doesn't answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Danger {
    /// The webhook's name.
    pub(crate) webhook: String,
    /// What it stands in the way of.
    pub(crate) what: &'static str,
}

const OURS: Option<&str> = Some("kubectl-sax-system");
const SYSTEM: Option<&str> = Some("kube-system");
const LEASES: Option<&str> = Some("kube-node-lease");
const ANY: &[&str] = &["CREATE", "UPDATE", "DELETE"];
const OWN_LABELS: &[(&str, &str)] = &[
    ("app.kubernetes.io/name", "sax-webhook"),
    ("app.kubernetes.io/part-of", "kubectl-sax"),
];

/// What a cluster and our own rollout need.
pub(crate) const VITAL: [Vital; 20] = [
    vital("Pods of our own", "", "pods", OURS).ours(),
    vital("bindings of our own Pods", "", "pods/binding", OURS).ours(),
    vital("our own ReplicaSets", "apps", "replicasets", OURS).ours(),
    vital("our own Deployment", "apps", "deployments", OURS).ours(),
    vital("Secrets in our namespace", "", "secrets", OURS),
    vital("ConfigMaps in our namespace", "", "configmaps", OURS),
    vital(
        "Leases in our namespace",
        "coordination.k8s.io",
        "leases",
        OURS,
    ),
    vital(
        "EndpointSlices of our Service",
        "discovery.k8s.io",
        "endpointslices",
        OURS,
    ),
    vital("Pods in kube-system", "", "pods", SYSTEM),
    vital("DaemonSets in kube-system", "apps", "daemonsets", SYSTEM),
    vital("Deployments in kube-system", "apps", "deployments", SYSTEM),
    vital(
        "Leases of leaders in kube-system",
        "coordination.k8s.io",
        "leases",
        SYSTEM,
    ),
    vital("Leases of nodes", "coordination.k8s.io", "leases", LEASES),
    vital("nodes", "", "nodes", None),
    vital("the status of nodes", "", "nodes/status", None),
    vital("namespaces", "", "namespaces", OURS),
    vital(
        "CustomResourceDefinitions",
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        None,
    ),
    vital("APIServices", "apiregistration.k8s.io", "apiservices", None),
    vital(
        "webhook registrations",
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        None,
    ),
    vital(
        "ClusterRoles",
        "rbac.authorization.k8s.io",
        "clusterroles",
        None,
    ),
];

const fn vital(
    what: &'static str,
    group: &'static str,
    resource: &'static str,
    namespace: Option<&'static str>,
) -> Vital {
    Vital {
        what,
        group,
        resource,
        operations: ANY,
        namespace,
        labels: &[],
    }
}

impl Vital {
    const fn ours(mut self) -> Self {
        self.labels = OWN_LABELS;
        self
    }

    /// Namespaces themselves are cluster-scoped, and selected by their own labels.
    fn is_cluster_scoped(&self) -> bool {
        self.namespace.is_none() || self.resource == "namespaces"
    }
}

/// All dangers of the registrations, in the order of their webhooks. `labels_of` knows the labels
/// of a namespace; the API server sets its name as one.
pub(crate) fn dangers<'a>(
    registrations: impl IntoIterator<Item = &'a Value>,
    labels_of: &BTreeMap<String, BTreeMap<String, String>>,
) -> Vec<Danger> {
    let mut found = Vec::new();
    for registration in registrations {
        for webhook in items(&registration["webhooks"]) {
            let asked = VITAL
                .iter()
                .filter(|vital| stands_in_the_way(webhook, vital, labels_of));
            found.extend(asked.map(|vital| Danger {
                webhook: webhook["name"].as_str().unwrap_or_default().to_owned(),
                what: vital.what,
            }));
        }
    }
    found.dedup();
    found
}

fn stands_in_the_way(
    webhook: &Value,
    vital: &Vital,
    labels_of: &BTreeMap<String, BTreeMap<String, String>>,
) -> bool {
    // The API server's default is Fail.
    let is_closed = webhook["failurePolicy"].as_str().unwrap_or("Fail") == "Fail";
    let own = vital
        .labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    is_closed
        && !is_paused_webhook(webhook)
        && items(&webhook["rules"]).any(|rule| covers(rule, vital))
        && selects_namespace(webhook, vital, labels_of)
        && selects(&webhook["objectSelector"], &own.collect())
}

/// Versions aren't looked at: an equivalent one is asked about, too.
fn covers(rule: &Value, vital: &Vital) -> bool {
    let scope = rule["scope"].as_str().unwrap_or("*");
    let scope_fits = match vital.is_cluster_scoped() {
        true => scope != "Namespaced",
        false => scope != "Cluster",
    };
    let any_of = |member: &str, wanted: &[&str]| {
        items(&rule[member]).any(|word| word == "*" || wanted.iter().any(|wanted| word == *wanted))
    };
    scope_fits
        && any_of("apiGroups", &[vital.group])
        && any_of("operations", vital.operations)
        && items(&rule["resources"])
            .any(|word| names(word.as_str().unwrap_or_default(), vital.resource))
}

/// `pods`, `pods/*`, `*/status`, `*` (no subresource) and `*/*`.
fn names(pattern: &str, resource: &str) -> bool {
    let split = |text: &str| -> (String, Option<String>) {
        match text.split_once('/') {
            Some((name, sub)) => (name.to_owned(), Some(sub.to_owned())),
            None => (text.to_owned(), None),
        }
    };
    let ((name, sub), (wanted, wanted_sub)) = (split(pattern), split(resource));
    let name_fits = name == "*" || name == wanted;
    name_fits
        && match (sub.as_deref(), wanted_sub.as_deref()) {
            (Some("*"), _) | (None, None) => true,
            (sub, wanted) => sub == wanted,
        }
}

/// What is cluster-scoped and no namespace is asked about whatever the selector says.
fn selects_namespace(
    webhook: &Value,
    vital: &Vital,
    labels_of: &BTreeMap<String, BTreeMap<String, String>>,
) -> bool {
    let Some(namespace) = vital.namespace else {
        return true;
    };
    let mut labels = labels_of.get(namespace).cloned().unwrap_or_default();
    labels.insert(
        "kubernetes.io/metadata.name".to_owned(),
        namespace.to_owned(),
    );
    selects(&webhook["namespaceSelector"], &labels)
}

/// A label selector; what isn't understood selects, so that nothing is proved by mistake.
fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let pairs = selector["matchLabels"].as_object().into_iter().flatten();
    let mut equal = pairs.map(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    let mut expressions = items(&selector["matchExpressions"]);
    equal.all(|fits| fits) && expressions.all(|expression| fits(expression, labels))
}

fn fits(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let key = expression["key"].as_str().unwrap_or_default();
    let found = labels.get(key);
    let listed =
        || items(&expression["values"]).any(|value| value.as_str() == found.map(String::as_str));
    match expression["operator"].as_str() {
        Some("In") => found.is_some() && listed(),
        Some("NotIn") => found.is_none() || !listed(),
        Some("Exists") => found.is_some(),
        Some("DoesNotExist") => found.is_none(),
        _ => true,
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registration::Manifests;

    fn found(webhook: Value) -> Vec<&'static str> {
        let registration = json!({"webhooks": [webhook]});
        let dangers = dangers([&registration], &BTreeMap::new());
        dangers.into_iter().map(|danger| danger.what).collect()
    }

    fn all_of(groups: &str, resources: &str) -> Value {
        json!({"name": "w", "rules": [{
            "apiGroups": [groups], "apiVersions": ["*"], "resources": [resources], "operations": ["*"],
        }]})
    }

    #[test]
    fn what_we_install_can_deadlock_nothing() {
        let manifests = Manifests::embedded();
        let values = manifests.registrations.iter().map(|object| &object.value);
        assert_eq!(dangers(values, &BTreeMap::new()), []);
    }

    #[test]
    fn a_registration_for_everything_stands_in_the_way_of_everything() {
        let whats: Vec<_> = VITAL.iter().map(|vital| vital.what).collect();
        assert_eq!(found(all_of("*", "*/*")), whats);
        // Fail is the default; Ignore lets all of it pass.
        let mut lenient = all_of("*", "*/*");
        lenient["failurePolicy"] = "Ignore".into();
        assert!(found(lenient).is_empty());
    }

    #[test]
    fn a_namespace_selector_protects_what_is_in_namespaces_and_nothing_else() {
        let mut webhook = all_of("*", "*/*");
        webhook["namespaceSelector"] = json!({"matchExpressions": [{
            "key": "kubernetes.io/metadata.name", "operator": "NotIn",
            "values": ["kubectl-sax-system", "kube-system", "kube-node-lease"],
        }]});
        let left = found(webhook);
        assert!(
            left.contains(&"nodes") && left.contains(&"CustomResourceDefinitions"),
            "{left:?}"
        );
        assert!(
            !left
                .iter()
                .any(|what| what.contains("Pods") || what.contains("Leases")),
            "{left:?}"
        );
        assert!(!left.contains(&"namespaces"));
    }

    #[test]
    fn scopes_subresources_and_selectors_are_read_as_the_api_server_does() {
        for (pattern, resource, is_named) in [
            ("pods", "pods", true),
            ("pods", "pods/binding", false),
            ("pods/*", "pods/binding", true),
            ("pods/*", "pods", true),
            ("*", "pods", true),
            ("*", "nodes/status", false),
            ("*/status", "nodes/status", true),
            ("*/*", "nodes/status", true),
            ("nodes", "pods", false),
        ] {
            assert_eq!(names(pattern, resource), is_named, "{pattern} {resource}");
        }
        let mut nodes = all_of("", "nodes");
        assert_eq!(found(nodes.clone()), ["nodes"]);
        nodes["rules"][0]["scope"] = "Namespaced".into();
        assert!(found(nodes).is_empty());
        let mut opted_in = all_of("", "pods");
        opted_in["objectSelector"] =
            json!({"matchLabels": {"app.kubernetes.io/name": "sax-webhook"}});
        assert_eq!(found(opted_in), ["Pods of our own"]);
    }

    #[test]
    fn labels_that_a_namespace_carries_are_looked_at() {
        let mut webhook = all_of("", "pods");
        webhook["namespaceSelector"] =
            json!({"matchExpressions": [{"key": "reviewed", "operator": "Exists"}]});
        assert!(found(webhook.clone()).is_empty());
        let labels = [("reviewed".to_owned(), String::new())];
        let labels = [("kube-system".to_owned(), BTreeMap::from(labels))].into();
        let registration = json!({"webhooks": [webhook]});
        let dangers = dangers([&registration], &labels);
        assert_eq!(dangers[0].what, "Pods in kube-system");
    }
}
