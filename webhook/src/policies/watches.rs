//! What is seen of the cluster: WasmPolicies, the versions of ConfigMaps, and our own registration.

use std::sync::Arc;

use admission::Phase;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PartialObjectMeta};
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::watcher;

use super::resource::{self, Resource};
use crate::seen::{Seeing, Seen, config};

/// Name of both webhook configurations.
const CONFIGURATION: &str = "admission.kubectl-sax.dev";

/// What is seen of the cluster.
pub(super) struct Watches {
    policies: Seen<DynamicObject>,
    modules: Seen<PartialObjectMeta<ConfigMap>>,
    configurations: [Configuration; 2],
    seeing: Seeing,
}

/// Our registration for one phase.
pub(super) struct Configuration {
    pub(super) phase: Phase,
    pub(super) kind: ApiResource,
    seen: Seen<DynamicObject>,
}

impl Watches {
    /// Starts to watch.
    pub(super) fn start(client: &Client, namespace: &str) -> Watches {
        let mut seeing = Seeing::default();
        let policies: Api<DynamicObject> = Api::all_with(client.clone(), &resource::kind());
        let writer = Writer::new(resource::kind());
        let policies = seeing.follow("wasmpolicies", writer, move || {
            watcher(policies.clone(), config())
        });
        let modules: Api<PartialObjectMeta<ConfigMap>> = Api::namespaced(client.clone(), namespace);
        let modules = seeing.follow("configmaps", Writer::default(), move || {
            watcher(modules.clone(), config())
        });
        let configurations = [Phase::Mutate, Phase::Validate]
            .map(|phase| Configuration::follow(&mut seeing, client, phase));
        Watches {
            policies,
            modules,
            configurations,
            seeing,
        }
    }

    /// Waits until something has changed since the last time.
    pub(super) async fn changed(&self) {
        self.seeing.changed().await;
    }

    /// Whether the API server has said what there is to load, or that it won't.
    pub(super) fn answered(&self) -> bool {
        self.policies.has_answered() && self.modules.has_answered()
    }

    /// Whether everything is known that the leader tells about.
    pub(super) fn complete(&self) -> bool {
        let configurations = self.configurations.iter();
        self.policies.is_listed() && configurations.into_iter().all(|one| one.seen.is_listed())
    }

    /// All WasmPolicies, by name. None before they are known: nothing may look deleted then.
    pub(super) fn resources(&self) -> Option<Vec<Resource>> {
        if !self.policies.is_listed() {
            return None;
        }
        let objects = self.policies.state();
        let mut all: Vec<_> = objects
            .iter()
            .map(|object| Resource::read(object))
            .collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Some(all)
    }

    /// Changes with each change of a ConfigMap.
    pub(super) fn module_version(&self, name: &str) -> Option<String> {
        let called =
            |map: &PartialObjectMeta<ConfigMap>| map.metadata.name.as_deref() == Some(name);
        let map = self.modules.find(called)?;
        let metadata = &map.metadata;
        Some(format!(
            "{:?} {:?}",
            metadata.uid, metadata.resource_version
        ))
    }

    /// Our registration, for both phases.
    pub(super) fn configurations(&self) -> &[Configuration] {
        &self.configurations
    }
}

impl Configuration {
    /// As it is in the cluster, if it is there.
    pub(super) fn object(&self) -> Option<Arc<DynamicObject>> {
        self.seen.state().into_iter().next()
    }

    fn follow(seeing: &mut Seeing, client: &Client, phase: Phase) -> Configuration {
        let (name, plural) = match phase {
            Phase::Mutate => (
                "MutatingWebhookConfiguration",
                "mutatingwebhookconfigurations",
            ),
            Phase::Validate => (
                "ValidatingWebhookConfiguration",
                "validatingwebhookconfigurations",
            ),
        };
        let kind = ApiResource {
            group: "admissionregistration.k8s.io".to_owned(),
            version: "v1".to_owned(),
            api_version: "admissionregistration.k8s.io/v1".to_owned(),
            kind: name.to_owned(),
            plural: plural.to_owned(),
        };
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
        let only = format!("metadata.name={CONFIGURATION}");
        let seen = seeing.follow(plural, Writer::new(kind.clone()), move || {
            watcher(api.clone(), config().fields(&only))
        });
        Configuration { phase, kind, seen }
    }
}
