//! What is reviewed: the tutorial's JobSet and a Pod of it, as the API server sends them.

use admission::{Phase, Request};
use anyhow::{Context, Result};
use runtime::Loaded;
use serde_json::{Map, Value, json};

const TUTORIAL: &str = include_str!("../../fixtures/tutorial/sax-model-server-set.yaml");
/// Bytes of the Pod that the budgets speak of.
const POD_BYTES: usize = 2_048;

/// The body of a review of creating the tutorial's JobSet by `kubectl apply`: the object carries
/// what kubectl and the API server add before admission.
pub(crate) fn jobset_review() -> Result<Vec<u8>> {
    let mut jobset: Value = serde_saphyr::from_str(TUTORIAL).context("read the tutorial")?;
    let applied = jobset.to_string();
    let metadata = members(&mut jobset, "/metadata")?;
    metadata.insert("namespace".into(), json!("default"));
    let annotations = members(&mut jobset, "/metadata/annotations")?;
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    annotations.insert(last_applied.into(), json!(applied));
    let managed = json!([{
        "manager": "kubectl-client-side-apply",
        "operation": "Update",
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields(&jobset),
    }]);
    members(&mut jobset, "/metadata")?.insert("managedFields".into(), managed);
    let kind = json!({"group": "jobset.x-k8s.io", "version": "v1alpha2", "kind": "JobSet"});
    let resource =
        json!({"group": "jobset.x-k8s.io", "version": "v1alpha2", "resource": "jobsets"});
    Ok(review(&jobset, &kind, &resource))
}

/// The body of a review of creating the 2 KB Pod.
pub(crate) fn pod_review(pod: &Value) -> Vec<u8> {
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    review(pod, &kind, &resource)
}

/// A Pod of the tutorial's JobSet with 2 KB, to which the policies have nothing to add.
pub(crate) fn completed_pod(policies: &Loaded) -> Result<Value> {
    let jobset: Value = serde_saphyr::from_str(TUTORIAL).context("read the tutorial")?;
    let spec = "/spec/replicatedJobs/0/template/spec/template/spec";
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "sax-model-server-set-sax-model-server-0-3-",
            "namespace": "default",
            "labels": {
                "batch.kubernetes.io/job-completion-index": "3",
                "batch.kubernetes.io/job-name": "sax-model-server-set-sax-model-server-0",
                "jobset.sigs.k8s.io/jobset-name": "sax-model-server-set",
                "jobset.sigs.k8s.io/replicatedjob-name": "sax-model-server",
                "jobset.sigs.k8s.io/job-index": "0",
            },
            "annotations": {},
        },
        "spec": jobset.pointer(spec).context("the tutorial's JobSet has no Pod template")?,
    });
    let request = Request::from_manifest(pod, "default")?;
    let decision = policies.admit(&request, Phase::Mutate);
    let mut pod = decision.object.context("the Pod is refused")?;
    let short = POD_BYTES.saturating_sub(pod.to_string().len() + r#""note":"""#.len());
    let annotations = members(&mut pod, "/metadata/annotations")?;
    annotations.insert("note".into(), json!("n".repeat(short)));
    Ok(pod)
}

fn review(object: &Value, kind: &Value, resource: &Value) -> Vec<u8> {
    let name = object.pointer("/metadata/name").cloned();
    let namespace = object.pointer("/metadata/namespace").cloned();
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": name.unwrap_or_else(|| json!("")),
            "namespace": namespace.unwrap_or_else(|| json!("default")),
            "operation": "CREATE",
            "userInfo": {
                "username": "kubernetes-admin",
                "groups": ["system:masters", "system:authenticated"],
            },
            "object": object,
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    });
    review.to_string().into_bytes()
}

/// The fields of `value` as the API server lists them in `managedFields`.
fn fields(value: &Value) -> Value {
    let mut fields = Map::new();
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                fields.insert(format!("f:{key}"), self::fields(member));
            }
        }
        Value::Array(elements) => {
            for element in elements.iter().filter(|element| element.is_object()) {
                let name = element.get("name").or_else(|| element.get("containerPort"));
                fields.insert(
                    format!("k:{}", json!({"name": name})),
                    self::fields(element),
                );
            }
        }
        _ => {}
    }
    Value::Object(fields)
}

fn members<'a>(value: &'a mut Value, pointer: &str) -> Result<&'a mut Map<String, Value>> {
    let at = value.pointer_mut(pointer).and_then(Value::as_object_mut);
    at.with_context(|| format!("no object stands at {pointer}"))
}
