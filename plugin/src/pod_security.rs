//! What a namespace's Pod Security level refuses of a deployment. Pure.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;

use crate::scaffold::Object;

/// The label that says what a namespace's Pods may do.
pub(crate) const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
/// The one level that lets Pods use their node's network and privileges.
pub(crate) const PRIVILEGED: &str = "privileged";

/// What a level refuses of these objects; `None` where that is nothing.
pub(crate) fn refusal(namespace: &str, level: &str, objects: &[Object]) -> Option<String> {
    if level == PRIVILEGED {
        return None;
    }
    let uses: Vec<_> = objects.iter().filter_map(uses).collect();
    (!uses.is_empty()).then(|| {
        format!(
            "namespace {namespace} enforces the Pod Security level {level}, which refuses Pods \
             that use {}: the objects are stored, but these Pods never start",
            uses.join(" and ")
        )
    })
}

/// The one action that lets them in.
pub(crate) fn fix(namespace: &str) -> String {
    format!(
        "kubectl label --overwrite namespace {namespace} {ENFORCE}={PRIVILEGED}, or take another \
         namespace"
    )
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

    use super::{Object, refusal};

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
        let text = refusal("ns", "baseline", &objects).expect("baseline must refuse it");
        assert!(
            text.contains("hostNetwork and privileged containers (deployment.apps/a)"),
            "{text}"
        );
        assert_eq!(refusal("ns", "privileged", &objects), None);
        assert_eq!(refusal("ns", "baseline", &[deployment(plain)]), None);
    }
}
