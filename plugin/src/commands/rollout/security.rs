//! What the namespace's Pod Security level says of the deployment's Pods. Workloads are stored
//! all the same and their Pods never come, so this is told before.

use super::Rollout;
use crate::cluster::ClusterError;
use crate::failure::Failure;
use crate::pod_security::{self, ENFORCE};

/// Warns where the namespace's level refuses the Pods.
pub(super) async fn check(run: &Rollout<'_>) -> Result<(), Failure> {
    let namespace = run.namespace;
    let labels = match run.cluster.namespace_labels(namespace).await {
        Ok(labels) => labels,
        Err(ClusterError::Forbidden { .. }) => {
            let text = format!(
                "note: namespace {namespace} can't be read, so its Pod Security level isn't known"
            );
            return Ok(run.printer.note(&text)?);
        }
        Err(cause) => return Err(cause.into()),
    };
    let level = labels.get(ENFORCE).map(String::as_str);
    match level.and_then(|level| pod_security::refusal(namespace, level, run.objects)) {
        Some(text) => {
            let fix = pod_security::fix(namespace);
            Ok(run.printer.warning(&format!("{text}. fix: {fix}"))?)
        }
        None => Ok(()),
    }
}
