//! Servers whose containers don't start, and Deployments whose Pods aren't made.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Evidence, Finding, Outcome};
use crate::scaffold::JOBSET_NAME_LABEL;
use crate::servers::Role;

/// States in which a container is on its way.
const USUAL: [&str; 3] = ["", "ContainerCreating", "PodInitializing"];

/// Pods with the same trouble.
struct Troubled {
    names: Vec<String>,
    message: String,
}

pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    let pods: Vec<_> = evidence
        .pods
        .iter()
        .filter(|pod| is_ours(pod, evidence))
        .collect();
    if pods.is_empty() && evidence.examined().is_empty() {
        return None;
    }
    let mut troubled: BTreeMap<(&str, String), Troubled> = BTreeMap::new();
    for pod in &pods {
        let Some((reason, message)) = trouble(pod) else {
            continue;
        };
        let role = role(pod).map_or("", Role::word);
        let entry = troubled.entry((role, reason)).or_insert_with(|| Troubled {
            names: Vec::new(),
            message,
        });
        entry.names.push(text(pod, "/metadata/name").to_owned());
    }
    let namespace = &evidence.scope.namespace;
    let of_pods = troubled
        .iter()
        .map(|((role, reason), pods)| finding(role, reason, pods, namespace));
    let unmade = evidence
        .examined()
        .into_iter()
        .filter_map(|object| unmade(&object.display_name(), &object.value));
    let findings = unmade.chain(of_pods).collect();
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    Some(Outcome::found(
        format!("{ready} of {} ready", pods.len()),
        findings,
    ))
}

/// A Deployment that says itself why it has no Pods.
fn unmade(name: &str, object: &Value) -> Option<Finding> {
    let conditions = object
        .pointer("/status/conditions")
        .and_then(Value::as_array)?;
    let failed =
        |condition: &&Value| condition["type"] == "ReplicaFailure" && condition["status"] == "True";
    let condition = conditions.iter().find(failed)?;
    let message = condition["message"].as_str().unwrap_or_default();
    Some(Finding::problem(
        name,
        format!("its Pods can't be made: {message}"),
    ))
}

fn finding(role: &str, reason: &str, pods: &Troubled, namespace: &str) -> Finding {
    let first = pods.names.first().map(String::as_str).unwrap_or_default();
    let object = format!("pod/{first}");
    let others = match pods.names.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let message = format!("{role} server{others}: {reason}");
    let fix = match reason {
        "CrashLoopBackOff" | "Error" => {
            format!("kubectl logs {first} -n {namespace} --previous --tail=50")
        }
        _ => format!("kubectl describe pod {first} -n {namespace}"),
    };
    let finding = Finding::problem(object, message).fixed_by(fix);
    match pods.message.is_empty() {
        true => finding,
        false => finding.because(pods.message.clone()),
    }
}

/// Why a Pod's container doesn't run, or the Pod has no node. A slice's Pods without a node are
/// the slice's trouble.
fn trouble(pod: &Value) -> Option<(String, String)> {
    let said = |state: &Value| {
        let text = |member: &str| state[member].as_str().unwrap_or_default().to_owned();
        (text("reason"), text("message"))
    };
    let statuses = pod
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    let mut waiting = statuses
        .into_iter()
        .flatten()
        .map(|status| said(&status["state"]["waiting"]));
    let unusual = |(reason, _): &(String, String)| !USUAL.contains(&reason.as_str());
    let found = waiting.rfind(unusual);
    found.or_else(|| unscheduled(pod))
}

fn unscheduled(pod: &Value) -> Option<(String, String)> {
    if pod
        .pointer("/metadata/labels")
        .is_some_and(|labels| labels.get(JOBSET_NAME_LABEL).is_some())
    {
        return None;
    }
    let conditions = pod
        .pointer("/status/conditions")
        .and_then(Value::as_array)?;
    let unscheduled =
        |condition: &&Value| condition["type"] == "PodScheduled" && condition["status"] == "False";
    let condition = conditions.iter().find(unscheduled)?;
    let message = condition["message"].as_str().unwrap_or_default();
    Some(("no node takes it".to_owned(), message.to_owned()))
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn role(pod: &Value) -> Option<Role> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array)?;
    containers.iter().find_map(Role::of)
}

/// A Sax server of what is looked at.
fn is_ours(pod: &Value, evidence: &Evidence) -> bool {
    let over = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    if over || role(pod).is_none() {
        return false;
    }
    let Some(name) = evidence.scope.name.as_deref() else {
        return true;
    };
    let labels = pod.pointer("/metadata/labels").cloned().unwrap_or_default();
    let instance = labels["app.kubernetes.io/instance"].as_str();
    // What was written by hand belongs to the namespace's one deployment.
    instance == Some(name) || instance.is_none()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
