//! What the API server must send us, so that policies of an operator's own see what they match.
//!
//! The built-in policies have entries of their own in the webhook configurations, whose conditions
//! keep out what isn't about TPUs or Sax. Other policies get two more: one that fails closed, for
//! policies that deny when they fail, and one that fails open. Each sends the union of what its
//! policies match; [`crate::admit`] decides anew who sees what, so an entry may send too much,
//! never too little.
//!
//! Some things no policy may hold up, or the cluster couldn't mend itself: see [`NEVER_SENT`],
//! [`NEVER_CLOSED`] and [`Entries::of`]'s namespace.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::admit::Phase;
use crate::matching::MatchRule;
use crate::policy::{Mode, OnError, Policy};
use crate::request::Operation;

/// The entry for policies that deny when they fail.
const CLOSED: &str = "policies.admission.kubectl-sax.dev";
/// The entry for all others.
const OPEN: &str = "lenient-policies.admission.kubectl-sax.dev";
/// The cluster's own namespace, of which nothing is ever sent.
const SYSTEM: &str = "kube-system";
/// API groups that are never sent: a policy must not keep its own correction out, nor stand between
/// the cluster's parts and their leases, or between a request and the question who it comes from.
const NEVER_SENT: [&str; 4] = [
    "kubectl-sax.dev",
    "coordination.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
];
/// Group and resource of what is let in when nobody answers, whatever the policy says: without
/// these a cluster that was down as a whole can't come up far enough to run us.
const NEVER_CLOSED: [(&str, &str); 8] = [
    ("", "nodes"),
    ("", "persistentvolumes"),
    ("storage.k8s.io", ANY),
    ("certificates.k8s.io", ANY),
    ("apiextensions.k8s.io", ANY),
    ("apiregistration.k8s.io", ANY),
    ("rbac.authorization.k8s.io", ANY),
    ("flowcontrol.apiserver.k8s.io", ANY),
];
const ANY: &str = "*";
/// What the API server waits for an answer.
const TIMEOUT_SECONDS: u32 = 5;

/// The entries of a webhook configuration that policies of an operator's own need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries(Vec<Entry>);

/// One webhook of a webhook configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: &'static str,
    closed: bool,
    rules: BTreeSet<Rule>,
    namespaces: BTreeSet<String>,
    excluded: BTreeSet<String>,
}

/// A rule as the API server takes it: one resource, no empty list, `*` alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    groups: Vec<String>,
    versions: Vec<String>,
    resource: String,
    operations: Vec<&'static str>,
}

impl Entries {
    /// What `policies` need, whose webhook lives in namespace `own`: nothing of that is ever sent.
    #[must_use]
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a Policy>, own: &str) -> Self {
        let all: Vec<&Policy> = policies.into_iter().collect();
        let (closed, open): (Vec<&Policy>, Vec<&Policy>) =
            all.iter().copied().partition(|policy| fails_closed(policy));
        let closed_rules = closed.iter().flat_map(|policy| rules(policy)).collect();
        let mut open_rules: BTreeSet<Rule> = open.iter().flat_map(|policy| rules(policy)).collect();
        open_rules.extend(
            closed
                .iter()
                .flat_map(|policy| rules(policy))
                .flat_map(Rule::opened),
        );
        let entries = [
            Entry::new(CLOSED, true, closed_rules, &closed, own),
            Entry::new(OPEN, false, open_rules, &all, own),
        ];
        Self(entries.into_iter().flatten().collect())
    }

    /// Whether a webhook of this name is one of these entries, in whatever configuration.
    #[must_use]
    pub fn are_called(name: &str) -> bool {
        [CLOSED, OPEN].contains(&name)
    }

    /// As they stand in the webhook configuration of a phase. `client` is the `clientConfig` of
    /// another entry: its service or address, and its authority; the path is replaced.
    #[must_use]
    pub fn to_json(&self, phase: Phase, client: &Value) -> Vec<Value> {
        let Self(entries) = self;
        entries
            .iter()
            .map(|entry| entry.to_json(phase, client))
            .collect()
    }
}

impl Entry {
    fn new(
        name: &'static str,
        closed: bool,
        rules: BTreeSet<Rule>,
        policies: &[&Policy],
        own: &str,
    ) -> Option<Self> {
        if rules.is_empty() {
            return None;
        }
        let mut excluded = common(policies.iter().map(|p| &p.matching.exclude_namespaces));
        excluded.extend([SYSTEM.to_owned(), own.to_owned()]);
        let everywhere = policies.iter().any(|p| p.matching.namespaces.is_empty());
        let named = policies.iter().flat_map(|p| p.matching.namespaces.clone());
        let namespaces = if everywhere {
            BTreeSet::new()
        } else {
            named.collect()
        };
        Some(Self {
            name,
            closed,
            rules,
            namespaces,
            excluded,
        })
    }

    fn to_json(&self, phase: Phase, client: &Value) -> Value {
        let mut entry = json!({
            "name": self.name,
            "admissionReviewVersions": ["v1"],
            "clientConfig": reaching(client, phase),
            "failurePolicy": if self.closed { "Fail" } else { "Ignore" },
            "matchPolicy": "Equivalent",
            "sideEffects": "None",
            "timeoutSeconds": TIMEOUT_SECONDS,
            "namespaceSelector": {"matchExpressions": self.selector()},
            "objectSelector": {},
            "rules": self.rules.iter().map(Rule::to_json).collect::<Vec<_>>(),
            "matchConditions": self.conditions(),
        });
        if phase == Phase::Mutate {
            entry["reinvocationPolicy"] = json!("IfNeeded");
        }
        entry
    }

    fn selector(&self) -> Vec<Value> {
        let expression = |operator, values| json!({"key": "kubernetes.io/metadata.name", "operator": operator, "values": values});
        let mut expressions = vec![expression("NotIn", &self.excluded)];
        if !self.namespaces.is_empty() {
            expressions.push(expression("In", &self.namespaces));
        }
        expressions
    }

    fn conditions(&self) -> Vec<Value> {
        let condition = |name, expression| json!({"name": name, "expression": expression});
        let mut conditions = vec![
            condition("may-be-sent", format!("!({})", in_groups(&NEVER_SENT))),
            condition(
                "is-no-mirror",
                "object == null || !has(object.metadata) || !has(object.metadata.annotations) || \
                 !('kubernetes.io/config.mirror' in object.metadata.annotations)"
                    .to_owned(),
            ),
        ];
        if self.closed {
            let kept: Vec<String> = NEVER_CLOSED.iter().map(is_one).collect();
            conditions.push(condition(
                "may-be-held-up",
                format!("!({})", kept.join(" || ")),
            ));
        }
        conditions
    }
}

impl Rule {
    /// The part of a rule that is let in when nobody answers.
    fn opened(self) -> Vec<Self> {
        let covers = |wanted: &[String], found: &str| wanted.iter().any(|w| w == ANY || w == found);
        let (resource, sub) = match self.resource.split_once('/') {
            Some((resource, sub)) => (resource, format!("/{sub}")),
            None => (self.resource.as_str(), String::new()),
        };
        let kept = NEVER_CLOSED.iter().filter_map(|(group, kept)| {
            let resource = match (*kept, resource) {
                (ANY, resource) => resource,
                (kept, resource) if resource == ANY || resource == kept => kept,
                _ => return None,
            };
            covers(&self.groups, group).then(|| Self {
                groups: vec![(*group).to_owned()],
                resource: format!("{resource}{sub}"),
                ..self.clone()
            })
        });
        kept.collect()
    }

    fn to_json(&self) -> Value {
        json!({
            "apiGroups": self.groups,
            "apiVersions": self.versions,
            "resources": [self.resource],
            "operations": self.operations,
            "scope": "*",
        })
    }
}

/// Whoever only warns, or lets in what it fails on, must not refuse anything by being away.
fn fails_closed(policy: &Policy) -> bool {
    policy.mode == Mode::Enforce && policy.on_error == OnError::Deny
}

fn rules(policy: &Policy) -> Vec<Rule> {
    policy.matching.rules.iter().flat_map(of_match).collect()
}

/// The API server wants `*` where a policy says nothing, and `*` alone. What it would refuse
/// matches nothing, and is left out.
fn of_match(rule: &MatchRule) -> Vec<Rule> {
    let groups = words(&rule.api_groups, |_| true);
    let versions = words(&rule.api_versions, |version| !version.is_empty());
    let resources = words(&rule.resources, is_resource);
    let (Some(groups), Some(versions), Some(resources)) = (groups, versions, resources) else {
        return Vec::new();
    };
    let of_resource = |resource| Rule {
        groups: groups.clone(),
        versions: versions.clone(),
        resource,
        operations: operations(&rule.operations),
    };
    resources.into_iter().map(of_resource).collect()
}

/// Sorted; none where there were words and none is usable.
fn words(wanted: &[String], usable: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    if wanted.is_empty() || wanted.iter().any(|word| word == ANY) {
        return Some(vec![ANY.to_owned()]);
    }
    let usable: BTreeSet<&String> = wanted.iter().filter(|word| usable(word)).collect();
    let words: Vec<String> = usable.into_iter().cloned().collect();
    (!words.is_empty()).then_some(words)
}

/// `pods` or `pods/status`.
fn is_resource(word: &str) -> bool {
    let mut parts = word.split('/');
    let (resource, sub) = (parts.next(), parts.next());
    resource.is_some_and(|part| !part.is_empty())
        && sub.is_none_or(|part| !part.is_empty())
        && parts.next().is_none()
}

fn operations(wanted: &[Operation]) -> Vec<&'static str> {
    let word = |operation: &Operation| match operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    };
    let words: BTreeSet<_> = wanted.iter().map(word).collect();
    match words.is_empty() {
        true => vec![ANY],
        false => words.into_iter().collect(),
    }
}

/// What stands in all lists.
fn common<'a>(mut lists: impl Iterator<Item = &'a Vec<String>>) -> BTreeSet<String> {
    let first = lists.next().into_iter().flatten().cloned().collect();
    lists.fold(first, |common: BTreeSet<String>, list| {
        common
            .into_iter()
            .filter(|name| list.contains(name))
            .collect()
    })
}

fn in_groups(groups: &[&str]) -> String {
    let quoted: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
    format!("request.resource.group in [{}]", quoted.join(", "))
}

fn is_one((group, resource): &(&str, &str)) -> String {
    let group = format!("request.resource.group == '{group}'");
    match *resource {
        ANY => group,
        resource => format!("({group} && request.resource.resource == '{resource}')"),
    }
}

fn reaching(client: &Value, phase: Phase) -> Value {
    let path = match phase {
        Phase::Mutate => "/mutate",
        Phase::Validate => "/validate",
    };
    let mut client = client.clone();
    if let Some(service) = client.get_mut("service") {
        service["path"] = json!(path);
    }
    if let Some(url) = client.get("url").and_then(Value::as_str) {
        let address = url.rsplit_once('/').map_or(url, |(address, _)| address);
        client["url"] = json!(format!("{address}{path}"));
    }
    client
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
