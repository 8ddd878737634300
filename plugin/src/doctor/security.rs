//! Does the namespace let the servers' Pods in?

use super::{Evidence, Finding, Outcome};
use crate::pod_security::{self, ENFORCE, PRIVILEGED};
use crate::scaffold::Object;

pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    if evidence.no_namespace {
        return None;
    }
    let namespace = &evidence.scope.namespace;
    let Some(labels) = &evidence.namespace_labels else {
        return Some(Outcome::unknown(format!(
            "namespace {namespace} can't be read"
        )));
    };
    let Some(level) = labels.get(ENFORCE).filter(|level| *level != PRIVILEGED) else {
        return Some(Outcome::good("privileged Pods are let in"));
    };
    let object = format!("namespace/{namespace}");
    let fix = pod_security::fix(namespace);
    let objects: Vec<Object> = evidence.examined().into_iter().cloned().collect();
    let refused = pod_security::refusal(namespace, level, &objects);
    let message = match refused {
        Some(message) => message,
        None if evidence.scope.preflight => format!(
            "enforces the Pod Security level {level}, which refuses the privileged Pods and the \
             hostNetwork of a deployment"
        ),
        None => return Some(Outcome::good(format!("level {level}"))),
    };
    let finding = Finding::warning(object, message).fixed_by(fix);
    Some(Outcome::found(format!("level {level}"), vec![finding]))
}
