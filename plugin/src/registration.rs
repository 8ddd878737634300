//! What `webhook install` installs: the manifests of `manifests/base`, edited as typed values.

mod deadlock;
mod pause;
mod trust;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::input;
use crate::scaffold::Object;

pub(crate) use deadlock::{Danger, VITAL, dangers};
pub(crate) use pause::{paused, pausing, resuming};
pub(crate) use trust::{RotationError, days_left, fingerprint, text_of};

/// The documents of `manifests/base`.
const MANIFESTS: &[&str] = include!(concat!(env!("OUT_DIR"), "/manifests.rs"));
/// What all of our objects carry: nothing else is ever removed.
const PART_OF: &str = "app.kubernetes.io/part-of";
/// The value of that label.
const PRODUCT: &str = "kubectl-sax";
/// Kinds in the order in which they need each other; the registration comes last, because from
/// then on the API server waits for our answers.
const ORDER: [&str; 7] = [
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
];
/// The two kinds that register a webhook.
const REGISTRATIONS: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// What a webhook outside of the cluster needs inside of it: a namespace for its claims, the kind
/// of its policies, and the rights to place and to register.
const NEEDED_ELSEWHERE: [&str; 7] = [
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
];

/// All manifests, edited for one way to reach the webhook.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manifests {
    /// The server and what it needs, in the order in which they need each other.
    pub(crate) server: Vec<Object>,
    /// The registrations.
    pub(crate) registrations: Vec<Object>,
}

/// Where the API server finds the webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// At the Service that the manifests name.
    Service,
    /// Outside of the cluster: an https address without a path.
    Url(String),
}

/// Why an address can't be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// The API server speaks nothing else.
    #[error("{url:?} must begin with https://")]
    NotHttps {
        /// As written.
        url: String,
    },
    /// Paths are ours, and queries and fragments are refused by the API server.
    #[error("{url:?} must be a host and a port without a path, such as https://127.0.0.1:9443")]
    NotBare {
        /// As written.
        url: String,
    },
}

impl Manifests {
    /// The manifests as they are in the repository.
    pub(crate) fn embedded() -> Self {
        let mut all: Vec<Object> = MANIFESTS.iter().flat_map(|text| parse(text)).collect();
        all.sort_by_key(|object| rank(&object.kind));
        let is_registration = |object: &Object| REGISTRATIONS.contains(&object.kind.as_str());
        let (registrations, server) = all.into_iter().partition(is_registration);
        Self {
            server,
            registrations,
        }
    }

    /// The same with the webhook's address and the authority that vouches for it, where it is
    /// known.
    pub(crate) fn reached_at(mut self, address: &Address, ca_pem: Option<&str>) -> Self {
        for object in &mut self.registrations {
            *object = registered(object, address, ca_pem);
        }
        self
    }

    /// The same without what runs in the cluster, for a webhook that runs elsewhere.
    pub(crate) fn for_elsewhere(mut self) -> Self {
        self.server
            .retain(|object| NEEDED_ELSEWHERE.contains(&object.kind.as_str()));
        self
    }

    /// Namespace and name of the ServiceAccount whose rights the placer needs.
    pub(crate) fn service_account(&self) -> Option<(&str, &str)> {
        let found = self
            .server
            .iter()
            .find(|object| object.kind == "ServiceAccount");
        found.map(|object| {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            (namespace, object.name.as_str())
        })
    }

    /// The same with another image of the webhook.
    pub(crate) fn with_image(mut self, image: &str) -> Self {
        for object in self
            .server
            .iter_mut()
            .filter(|object| object.is::<Deployment>())
        {
            let mut deployment: Deployment = typed(object);
            let spec = deployment
                .spec
                .as_mut()
                .and_then(|spec| spec.template.spec.as_mut());
            for container in spec.into_iter().flat_map(|spec| &mut spec.containers) {
                container.image = Some(image.to_owned());
            }
            *object = Object::of(&deployment);
        }
        self
    }

    /// The Deployment of the webhook, where the manifests have one.
    pub(crate) fn deployment(&self) -> Option<&Object> {
        self.server.iter().find(|object| object.is::<Deployment>())
    }

    /// What is removed first: from then on nobody asks us any more, and nobody places.
    pub(crate) fn stopping(&self) -> impl Iterator<Item = &Object> {
        self.registrations.iter().chain(self.deployment())
    }

    /// What is removed when the gates are lifted, in its order.
    pub(crate) fn remainder(&self) -> impl Iterator<Item = &Object> {
        let server = self.server.iter().rev();
        let namespaces = self.server.iter().filter(|object| object.is::<Namespace>());
        let inside =
            server.filter(|object| !object.is::<Namespace>() && !object.is::<Deployment>());
        inside.chain(namespaces)
    }
}

impl Address {
    /// An address outside of the cluster.
    pub(crate) fn url(url: &str) -> Result<Self, AddressError> {
        let refused = url.to_owned();
        let Some(host) = url.strip_prefix("https://") else {
            return Err(AddressError::NotHttps { url: refused });
        };
        let host = host.trim_end_matches('/');
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err(AddressError::NotBare { url: refused });
        }
        Ok(Self::Url(format!("https://{host}")))
    }
}

impl AddressError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        let (Self::NotHttps { url } | Self::NotBare { url }) = self;
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        match host.is_empty() || host.contains(' ') {
            true => "write --url https://HOST:PORT".to_owned(),
            false => format!("write --url https://{host}"),
        }
    }
}

/// Is it one of ours? Anything else of the same name is somebody else's.
pub(crate) fn is_ours(object: &Object) -> bool {
    let labels = object.value.pointer("/metadata/labels");
    labels.is_some_and(|labels| labels[PART_OF] == PRODUCT)
}

/// Read as kubectl reads them: in YAML 1.1 `0440` is octal.
fn parse(text: &str) -> Vec<Object> {
    let input = input::of_text("manifests/base", text);
    assert!(
        input.unusable.is_empty(),
        "our own manifests must be usable: {:?}",
        input.unusable
    );
    let objects = input.manifests.into_iter().map(|manifest| manifest.object);
    objects.map(Object::from_value).collect()
}

fn rank(kind: &str) -> usize {
    let index = ORDER.iter().position(|known| *known == kind);
    index.unwrap_or(ORDER.len())
}

fn registered(object: &Object, address: &Address, ca_pem: Option<&str>) -> Object {
    if object.kind == REGISTRATIONS[0] {
        let mut configuration: MutatingWebhookConfiguration = typed(object);
        for webhook in configuration.webhooks.iter_mut().flatten() {
            reach(&mut webhook.client_config, address, ca_pem);
        }
        return Object::of(&configuration);
    }
    let mut configuration: ValidatingWebhookConfiguration = typed(object);
    for webhook in configuration.webhooks.iter_mut().flatten() {
        reach(&mut webhook.client_config, address, ca_pem);
    }
    Object::of(&configuration)
}

fn reach(client: &mut WebhookClientConfig, address: &Address, ca_pem: Option<&str>) {
    client.ca_bundle = ca_pem.map(|pem| ByteString(pem.as_bytes().to_vec()));
    if let Address::Url(url) = address {
        let service = client.service.take();
        let path = service.and_then(|service| service.path).unwrap_or_default();
        client.url = Some(format!("{url}{path}"));
    }
}

fn typed<T: DeserializeOwned>(object: &Object) -> T {
    serde_json::from_value(object.value.clone()).expect("our own manifests must have their types")
}

/// How a cluster reaches a registered webhook, and until when.
pub(crate) fn describe(registration: &Object) -> Value {
    let webhooks = registration
        .value
        .pointer("/webhooks")
        .and_then(Value::as_array);
    let webhooks: Vec<_> = webhooks
        .into_iter()
        .flatten()
        .map(describe_webhook)
        .collect();
    json!({
        "kind": registration.kind,
        "name": registration.name,
        "paused": paused(&registration.value),
        "webhooks": webhooks,
    })
}

fn describe_webhook(webhook: &Value) -> Value {
    let client = &webhook["clientConfig"];
    let bundle = client["caBundle"]
        .as_str()
        .and_then(|text| STANDARD.decode(text).ok());
    json!({
        "name": webhook["name"],
        "failurePolicy": webhook["failurePolicy"],
        "timeoutSeconds": webhook["timeoutSeconds"],
        "address": address(client),
        "authorityDaysLeft": bundle.and_then(|pem| days_left(&pem)),
        "resources": resources(webhook),
    })
}

fn address(client: &Value) -> String {
    if let Some(url) = client["url"].as_str() {
        return url.to_owned();
    }
    let service = &client["service"];
    let text = |member: &str| service[member].as_str().unwrap_or_default();
    format!(
        "service {}/{}{}",
        text("namespace"),
        text("name"),
        text("path")
    )
}

/// `jobsets.jobset.x-k8s.io: CREATE, UPDATE`
fn resources(webhook: &Value) -> Vec<String> {
    let words = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let rules = webhook["rules"].as_array().into_iter().flatten();
    rules
        .map(|rule| {
            let group = words(&rule["apiGroups"]).join("|");
            let dot = if group.is_empty() { "" } else { "." };
            let resources = words(&rule["resources"]).into_iter();
            let resources: Vec<_> = resources
                .map(|resource| format!("{resource}{dot}{group}"))
                .collect();
            let operations = words(&rule["operations"]).join(", ");
            format!("{}: {operations}", resources.join(", "))
        })
        .collect()
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
