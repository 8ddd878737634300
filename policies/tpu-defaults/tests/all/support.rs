//! Reviews from plain JSON, and their verdicts applied.

use sdk::component::sax::policy::types;
use sdk::{Finding, NoCluster, Policy, Review, Severity, Verdict};
use serde_json::{Value, json};
use tpu_defaults::{Settings, TpuDefaults};

/// What the policy says, with the patch as an RFC 6902 document.
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) patch: Value,
    /// The object with the patch applied.
    pub(crate) object: Value,
}

impl Outcome {
    pub(crate) fn codes(&self) -> Vec<&str> {
        self.findings
            .iter()
            .map(|finding| finding.code.as_str())
            .collect()
    }

    pub(crate) fn is_allowed(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity == Severity::Warn)
    }

    pub(crate) fn is_untouched(&self) -> bool {
        self.patch == json!([])
    }
}

pub(crate) fn create(object: &Value, settings: &Value) -> Outcome {
    review(types::Operation::Create, object, None, settings)
}

pub(crate) fn update(old: &Value, new: &Value, settings: &Value) -> Outcome {
    review(types::Operation::Update, new, Some(old), settings)
}

fn review(
    operation: types::Operation,
    object: &Value,
    old: Option<&Value>,
    settings: &Value,
) -> Outcome {
    let review = Review::try_from(request(operation, object, old)).unwrap();
    let settings: Settings = serde_json::from_value(settings.clone()).unwrap();
    let mut verdict = Verdict::default();
    TpuDefaults::review(&review, &settings, &NoCluster, &mut verdict);
    let patch = verdict.patch.to_json();
    let mut patched = object.clone();
    let operations: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
    json_patch::patch(&mut patched, &operations).unwrap();
    Outcome {
        findings: verdict.findings().to_vec(),
        patch,
        object: patched,
    }
}

fn request(operation: types::Operation, object: &Value, old: Option<&Value>) -> types::Request {
    let api_version = object["apiVersion"].as_str().unwrap();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = object["kind"].as_str().unwrap();
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    types::Request {
        operation,
        kind: types::GroupVersionKind {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        },
        resource: format!("{}s", kind.to_lowercase()),
        subresource: String::new(),
        namespace: Some("default".to_owned()),
        name: text("/metadata/name").unwrap_or_default().to_owned(),
        dry_run: false,
        object: object.to_string().into_bytes(),
        old_object: old.map(|old| old.to_string().into_bytes()),
    }
}

/// The tutorial's JobSet of model servers.
pub(crate) fn tutorial() -> Value {
    let text = include_str!("sax-model-server-set.yaml");
    serde_saphyr::from_str(text).unwrap()
}

/// A JobSet as JobSet's webhook and the custom resource's schema store it: defaults filled in,
/// quantities as strings, empty values left out.
pub(crate) fn stored(mut jobset: Value) -> Value {
    jobset["metadata"]["uid"] = json!("8f1c3b0a-0000-4000-8000-000000000001");
    jobset["metadata"]["generation"] = json!(1);
    let spec = &mut jobset["spec"];
    spec["network"] = json!({"enableDNSHostnames": true, "publishNotReadyAddresses": true});
    spec["successPolicy"] = json!({"operator": "All"});
    spec["startupPolicy"] = json!({"startupPolicyOrder": "AnyOrder"});
    for job in spec["replicatedJobs"].as_array_mut().unwrap() {
        store_job(job);
    }
    jobset
}

fn store_job(job: &mut Value) {
    default(job, "groupName", json!("default"));
    default(job, "replicas", json!(1));
    let job = &mut job["template"]["spec"];
    default(job, "completionMode", json!("Indexed"));
    let pods = &mut job["template"]["spec"];
    default(pods, "restartPolicy", json!("OnFailure"));
    for container in pods["containers"].as_array_mut().unwrap() {
        default(container, "resources", json!({}));
        for list in ["limits", "requests"] {
            let quantities = container["resources"]
                .get_mut(list)
                .and_then(Value::as_object_mut);
            for quantity in quantities.into_iter().flat_map(|map| map.values_mut()) {
                if quantity.is_number() {
                    *quantity = json!(quantity.to_string());
                }
            }
        }
        for port in container
            .get_mut("ports")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            default(port, "protocol", json!("TCP"));
        }
        for env in container
            .get_mut("env")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if env["value"] == "" {
                env.as_object_mut().unwrap().remove("value");
            }
        }
    }
}

fn default(object: &mut Value, key: &str, value: Value) {
    object.as_object_mut().unwrap().entry(key).or_insert(value);
}

/// What server-side apply makes of `sent` over `stored`: maps and keyed lists merge, so that what
/// others filled in stays; the nodeSelector is atomic and is replaced.
pub(crate) fn server_side_applied(stored: &Value, sent: &Value) -> Value {
    let mut merged = stored.clone();
    merge(&mut merged, sent, "");
    merged
}

fn merge(into: &mut Value, from: &Value, key: &str) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) if key != "nodeSelector" => {
            for (key, value) in from {
                match into.get_mut(key) {
                    Some(present) => merge(present, value, key),
                    None => {
                        into.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(into), Value::Array(from)) if key != "args" => {
            let id = |value: &Value| {
                value
                    .get("name")
                    .or(value.get("containerPort"))
                    .cloned()
                    .unwrap_or_default()
            };
            for value in from {
                match into.iter_mut().find(|present| id(present) == id(value)) {
                    Some(present) => merge(present, value, ""),
                    None => into.push(value.clone()),
                }
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// What client-side apply makes of `sent` over `stored`: the list of a custom resource is replaced
/// whole, the rest of the spec merges; the annotation holds the manifest.
pub(crate) fn client_side_applied(stored: &Value, sent: &Value) -> Value {
    let mut merged = stored.clone();
    merged["spec"]["replicatedJobs"] = sent["spec"]["replicatedJobs"].clone();
    remember(&mut merged, sent);
    merged
}

/// Writes the annotation of client-side apply.
pub(crate) fn remember(object: &mut Value, manifest: &Value) {
    object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        json!(manifest.to_string());
}

/// Removes the value at `pointer`.
pub(crate) fn remove(object: &mut Value, pointer: &str) -> Value {
    let (parent, token) = pointer.rsplit_once('/').unwrap();
    let token = token.replace("~1", "/");
    match object.pointer_mut(parent).unwrap() {
        Value::Object(members) => members.shift_remove(&token).unwrap(),
        Value::Array(elements) => elements.remove(token.parse().unwrap()),
        other => panic!("{other} has no members"),
    }
}

/// Whether `whole` says everything that `part` says; elements are found by name or port.
pub(crate) fn includes(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (_, Value::Null) => true,
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, value)| includes(whole.get(key).unwrap_or(&Value::Null), value)),
        (Value::Array(whole), Value::Array(part)) => {
            part.len() <= whole.len() && whole.iter().zip(part).all(|(w, p)| includes(w, p))
        }
        _ => whole == part,
    }
}
