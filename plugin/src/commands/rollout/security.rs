//! What the namespace's Pod Security level says of the deployment's Pods. Workloads are stored
//! all the same and their Pods never come, so this is told before.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;

use super::Rollout;
use crate::cluster::ClusterError;
use crate::failure::Failure;
use crate::scaffold::Object;

/// The label that says what a namespace's Pods may do.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
/// The one level that lets Pods use their node's network and privileges.
const PRIVILEGED: &str = "privileged";

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
    match level.and_then(|level| warning(namespace, level, run.objects)) {
        Some(text) => Ok(run.printer.warning(&text)?),
        None => Ok(()),
    }
}

/// What a level refuses of these objects; `None` where that is nothing.
fn warning(namespace: &str, level: &str, objects: &[Object]) -> Option<String> {
    if level == PRIVILEGED {
        return None;
    }
    let uses: Vec<_> = objects.iter().filter_map(uses).collect();
    (!uses.is_empty()).then(|| {
        format!(
            "namespace {namespace} enforces the Pod Security level {level}, which refuses Pods \
             that use {}: the objects are stored, but these Pods never start. fix: kubectl label \
             --overwrite namespace {namespace} {ENFORCE}={PRIVILEGED}, or take another namespace",
            uses.join(" and ")
        )
    })
}

/// `hostNetwork and privileged containers (jobset.jobset.x-k8s.io/sax-model-server-set)`
fn uses(object: &Object) -> Option<String> {
    let template = [
        "/spec/template",
        "/spec/replicatedJobs/0/template/spec/template",
    ]
    .iter()
    .find_map(|pointer| object.value.pointer(pointer))?;
    let template: PodTemplateSpec = serde_json::from_value(Value::clone(template)).ok()?;
    let pod = template.spec?;
    let privileged = pod.containers.iter().any(|container| {
        let context = container.security_context.as_ref();
        context.and_then(|context| context.privileged) == Some(true)
    });
    let network = (pod.host_network == Some(true)).then_some("hostNetwork");
    let privileged = privileged.then_some("privileged containers");
    let all: Vec<_> = network.into_iter().chain(privileged).collect();
    (!all.is_empty()).then(|| format!("{} ({})", all.join(" and "), object.display_name()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Object, warning};

    fn deployment(pod: serde_json::Value) -> Object {
        Object::from_value(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"template": {"spec": pod}},
        }))
    }

    #[test]
    fn what_the_level_refuses_is_named_with_its_object() {
        let plain = json!({"containers": [{"name": "c"}]});
        let privileged = json!({"hostNetwork": true, "containers": [
            {"name": "c", "securityContext": {"privileged": true}}]});
        let objects = [deployment(privileged)];
        let text = warning("ns", "baseline", &objects).expect("baseline must refuse it");
        assert!(
            text.contains("hostNetwork and privileged containers (deployment.apps/a)"),
            "{text}"
        );
        assert_eq!(warning("ns", "privileged", &objects), None);
        assert_eq!(warning("ns", "baseline", &[deployment(plain)]), None);
    }
}
