//! From a plan to the tutorial's objects, typed. Pure: no cluster, no clock, no text templates.

mod admin;
mod http;
mod jobset;
mod model_server;
mod names;
mod object;
mod origin;
mod request;

pub(crate) use admin::BUCKET_VARIABLE;
pub(crate) use jobset::{EXCLUSIVE_TOPOLOGY, JOB_INDEX_LABEL, JOBSET_NAME_LABEL, JobSet};
pub(crate) use names::{Names, is_dns_label, longest_name};
pub(crate) use object::{Object, without_managed_fields};
pub(crate) use origin::origins;
pub(crate) use request::{
    Expose, Images, Request, RequestError, check_bucket, check_namespace, check_placeholder,
};

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec, PodTemplateSpec, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use crate::plan::Plan;

/// What binds a Kubernetes service account to a Google one.
pub(crate) const WORKLOAD_IDENTITY: &str = "iam.gke.io/gcp-service-account";
/// The label that selects a Pod, as in the tutorial.
const APP: &str = "app";

/// The label that carries the name of a deployment.
const INSTANCE: &str = "app.kubernetes.io/instance";
/// The label that says which tool made an object.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Its value on what we made.
const PRODUCT: &str = "kubectl-sax";

/// All objects of a deployment in the order in which each finds what it needs.
pub(crate) fn objects(request: &Request, plan: &Plan) -> Vec<Object> {
    vec![
        Object::of(&service_account(request)),
        Object::of(&admin::deployment(request)),
        Object::of(&model_server::jobset(request, plan)),
        Object::of(&http::deployment(request)),
        Object::of(&http::service(request)),
    ]
}

/// Did a deploy of this name make the object? Its labels say so: they come with the object however
/// it was applied (by us, or by kubectl or a GitOps tool from what we printed), which field managers
/// do not. What lacks them is somebody else's, whatever its name.
pub(crate) fn belongs_to(object: &Object, instance: &str) -> bool {
    instance_of(object) == Some(instance)
}

/// The deployment that made an object, if one did.
pub(crate) fn instance_of(object: &Object) -> Option<&str> {
    let labels = object.value.pointer("/metadata/labels")?;
    (labels[MANAGED_BY] == PRODUCT).then(|| labels[INSTANCE].as_str())?
}

/// Selects the objects of a deployment, or of all of them.
pub(crate) fn selector_of(instance: Option<&str>) -> String {
    let instance = instance.map(|name| format!("{INSTANCE}={name}"));
    let instance = instance.unwrap_or_else(|| INSTANCE.to_owned());
    format!("{MANAGED_BY}={PRODUCT},{instance}")
}

fn service_account(request: &Request) -> ServiceAccount {
    let email = request.google_service_account.clone();
    let annotations = email.map(|email| BTreeMap::from([(WORKLOAD_IDENTITY.to_owned(), email)]));
    ServiceAccount {
        metadata: ObjectMeta {
            annotations,
            ..metadata(request, &request.service_account, "identity")
        },
        ..ServiceAccount::default()
    }
}

/// The metadata that all objects share.
fn metadata(request: &Request, name: &str, component: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(request.namespace.clone()),
        labels: Some(labels(request, component)),
        ..ObjectMeta::default()
    }
}

fn labels(request: &Request, component: &str) -> BTreeMap<String, String> {
    let entries = [
        ("app.kubernetes.io/name", "saxml"),
        (INSTANCE, &request.names.instance),
        ("app.kubernetes.io/component", component),
        (MANAGED_BY, PRODUCT),
    ];
    entries
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn selector(app: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(APP.to_owned(), app.to_owned())])
}

fn label_selector(app: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(selector(app)),
        match_expressions: None,
    }
}

/// A template whose Pods carry the `app` label and the one container.
fn pod_template(request: &Request, app: &str, component: &str, spec: PodSpec) -> PodTemplateSpec {
    let mut labels = labels(request, component);
    labels.extend(selector(app));
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels),
            ..ObjectMeta::default()
        }),
        spec: Some(spec),
    }
}

/// A Pod of one container that runs as the deployment's service account.
fn pod(request: &Request, container: Container) -> PodSpec {
    PodSpec {
        containers: vec![container],
        service_account_name: Some(request.service_account.clone()),
        ..PodSpec::default()
    }
}

fn variable(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(value.into()),
        value_from: None,
    }
}

#[cfg(test)]
#[path = "scaffold_tests.rs"]
mod tests;
