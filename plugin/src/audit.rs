//! What is in the cluster, judged as if it were created now.

use std::collections::BTreeSet;

use admission::{MatchRule, Request};
use serde_json::Value;

use crate::cluster::Served;
use crate::input::Place;
use crate::judge::Judge;
use crate::verdicts::{Subject, Verdict, Verdicts};

/// All of one audit.
pub(crate) struct Audit {
    /// One verdict for each object that was judged.
    pub(crate) verdicts: Verdicts,
    /// The objects' UIDs, in the same order.
    pub(crate) uids: Vec<String>,
    /// How many objects were left to those that control them.
    pub(crate) controlled: usize,
}

/// What the policies ask for: groups and versions, `*` for all.
pub(crate) fn api_versions(rules: &[MatchRule]) -> BTreeSet<(String, String)> {
    let each = |names: &[String]| match names.is_empty() {
        true => vec!["*".to_owned()],
        false => names.to_vec(),
    };
    let pairs = rules.iter().flat_map(|rule| {
        let versions = each(&rule.api_versions);
        let with = move |group: String| {
            versions
                .clone()
                .into_iter()
                .map(move |v| (group.clone(), v))
        };
        each(&rule.api_groups).into_iter().flat_map(with)
    });
    pairs.collect()
}

/// Whether one of the rules is about this resource.
pub(crate) fn is_wanted(rules: &[MatchRule], served: &Served) -> bool {
    let (group, version) = split(&served.api_version);
    let listed = |names: &[String], name: &str| {
        names.is_empty() || names.iter().any(|one| one == "*" || one == name)
    };
    rules.iter().any(|rule| {
        listed(&rule.api_groups, group)
            && listed(&rule.api_versions, version)
            && (listed(&rule.resources, &served.resource)
                || rule.resources.iter().any(|one| one == "*/*"))
    })
}

/// `("batch", "v1")` of `batch/v1`.
pub(crate) fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Judges objects that were read. Those `around` them are what the policies may read besides.
pub(crate) fn judged(judge: Judge, objects: Vec<Value>, around: &[Value]) -> (Audit, Judge) {
    let judge = judge.knowing(objects.iter().chain(around));
    let known: BTreeSet<String> = objects.iter().map(uid).collect();
    let (controlled, roots): (Vec<_>, Vec<_>) = objects
        .into_iter()
        .partition(|object| controller(object).is_some_and(|uid| known.contains(uid)));
    let mut audit = Audit {
        verdicts: Verdicts {
            results: Vec::new(),
            unusable: Vec::new(),
        },
        uids: Vec::new(),
        controlled: controlled.len(),
    };
    for object in roots {
        audit.uids.push(uid(&object));
        let number = audit.verdicts.results.len();
        audit
            .verdicts
            .results
            .extend(verdict(&judge, object, number));
    }
    (audit, judge)
}

/// None for what is no object: the API server stores no such thing.
fn verdict(judge: &Judge, object: Value, number: usize) -> Option<Verdict> {
    let namespace = object
        .pointer("/metadata/namespace")
        .and_then(Value::as_str);
    let namespace = namespace.map(str::to_owned);
    let source = match &namespace {
        Some(name) => format!("cluster/{name}"),
        None => "cluster".to_owned(),
    };
    let subject = Subject::of(&object, namespace.clone());
    let request = Request::from_manifest(object, namespace.as_deref().unwrap_or_default()).ok()?;
    Some(Verdict {
        place: Place {
            source,
            document: number,
            line: None,
        },
        subject,
        decision: judge.decide(&request),
    })
}

fn uid(object: &Value) -> String {
    let uid = object.pointer("/metadata/uid").and_then(Value::as_str);
    uid.unwrap_or_default().to_owned()
}

/// The UID of what controls an object.
fn controller(object: &Value) -> Option<&str> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let controller = owners.iter().find(|owner| owner["controller"] == true)?;
    controller["uid"].as_str()
}

#[cfg(test)]
mod tests {
    use admission::{MatchRule, Operation};
    use serde_json::{Value, json};

    use super::{api_versions, is_wanted, judged};
    use crate::cluster::Served;
    use crate::judge::Judge;

    fn rule(groups: &[&str], versions: &[&str], resources: &[&str]) -> MatchRule {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        MatchRule {
            api_groups: owned(groups),
            api_versions: owned(versions),
            resources: owned(resources),
            operations: vec![Operation::Create],
        }
    }

    fn served(api_version: &str, resource: &str) -> Served {
        Served {
            api_version: api_version.to_owned(),
            resource: resource.to_owned(),
            kind: String::new(),
            namespaced: true,
        }
    }

    #[test]
    fn what_policies_ask_for_is_read_and_nothing_else() {
        let rules = [
            rule(&["batch"], &["v1"], &["jobs", "jobs/status"]),
            rule(&["*"], &[], &["widgets"]),
        ];
        let pair = |group: &str, version: &str| (group.to_owned(), version.to_owned());
        let expected = [pair("*", "*"), pair("batch", "v1")];
        assert_eq!(
            api_versions(&rules).into_iter().collect::<Vec<_>>(),
            expected
        );
        for (api_version, resource, wanted) in [
            ("batch/v1", "jobs", true),
            ("batch/v1", "cronjobs", false),
            ("batch/v2", "jobs", false),
            ("x.io/v3", "widgets", true),
            ("v1", "pods", false),
        ] {
            let served = served(api_version, resource);
            assert_eq!(is_wanted(&rules, &served), wanted, "{served:?}");
        }
    }

    fn job(name: &str, owner: Option<&str>) -> Value {
        let owners = owner.map(|uid| json!([{"uid": uid, "controller": true}]));
        json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": name, "namespace": "a", "uid": name, "ownerReferences": owners},
            "spec": {"template": {"spec": {"containers": [
                {"name": "c", "resources": {"limits": {"google.com/tpu": 4}}},
            ]}}},
        })
    }

    #[test]
    fn what_a_judged_object_controls_is_judged_with_it_and_an_orphan_is_not() {
        let judge = Judge::load(&[]).expect("the policies must load");
        let objects = vec![
            job("root", None),
            job("child", Some("root")),
            job("orphan", Some("x")),
        ];
        let (audit, _) = judged(judge, objects, &[]);
        assert_eq!(
            (audit.uids.join(" "), audit.controlled),
            ("root orphan".to_owned(), 1)
        );
        assert!(audit.verdicts.denials() > 0);
    }
}
