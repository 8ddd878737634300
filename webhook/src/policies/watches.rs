//! What is seen of the cluster: WasmPolicies, the versions of ConfigMaps, the replicas' Leases,
//! and our own registration.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use admission::Phase;
use futures_util::Stream;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PartialObjectMeta};
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{Lookup, Store};
use kube::runtime::watcher::{self, Config, Event, watcher};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::replicas::LABEL;
use super::resource::{self, Resource};
use crate::cluster::WATCH;
use crate::following::{Closed, PAGE, Sink, code, follow};

/// Name of both webhook configurations.
const CONFIGURATION: &str = "admission.kubectl-sax.dev";
/// How often to look whether the kind WasmPolicy has been installed.
const NOT_INSTALLED: Duration = Duration::from_secs(3);

/// What is seen of the cluster.
pub(super) struct Watches {
    policies: Seen<DynamicObject>,
    modules: Seen<PartialObjectMeta<ConfigMap>>,
    replicas: Seen<Lease>,
    configurations: [Configuration; 2],
    changed: Arc<Notify>,
    // They end with this.
    _tasks: JoinSet<()>,
}

/// Our registration for one phase.
pub(super) struct Configuration {
    pub(super) phase: Phase,
    pub(super) kind: ApiResource,
    seen: Seen<DynamicObject>,
}

/// The objects of one list.
struct Seen<K: Lookup + 'static>
where
    K::DynamicType: Eq + Hash,
{
    store: Store<K>,
    /// The API server has said something, be it no.
    answered: Arc<AtomicBool>,
    /// The objects are known.
    listed: Arc<AtomicBool>,
}

/// Fills a store, and says so.
struct Filling<K: Lookup + Clone + 'static>
where
    K::DynamicType: Eq + Hash + Clone,
{
    writer: Writer<K>,
    answered: Arc<AtomicBool>,
    listed: Arc<AtomicBool>,
    changed: Arc<Notify>,
    resource: &'static str,
}

struct Starting {
    changed: Arc<Notify>,
    tasks: JoinSet<()>,
}

impl Watches {
    /// Starts to watch.
    pub(super) fn start(client: &Client, namespace: &str) -> Watches {
        let mut starting = Starting {
            changed: Arc::new(Notify::new()),
            tasks: JoinSet::new(),
        };
        let policies: Api<DynamicObject> = Api::all_with(client.clone(), &resource::kind());
        let writer = Writer::new(resource::kind());
        let policies = starting.follow("wasmpolicies", writer, move || {
            watcher(policies.clone(), config())
        });
        let modules: Api<PartialObjectMeta<ConfigMap>> = Api::namespaced(client.clone(), namespace);
        let modules = starting.follow("configmaps", Writer::default(), move || {
            watcher(modules.clone(), config())
        });
        let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
        let replicas = starting.follow("leases", Writer::default(), move || {
            watcher(leases.clone(), config().labels(LABEL))
        });
        let configurations = [
            starting.configuration(client, Phase::Mutate),
            starting.configuration(client, Phase::Validate),
        ];
        Watches {
            policies,
            modules,
            replicas,
            configurations,
            changed: starting.changed,
            _tasks: starting.tasks,
        }
    }

    /// Waits until something has changed since the last time.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Whether the API server has said what there is to load, or that it won't.
    pub(super) fn answered(&self) -> bool {
        self.policies.has_answered() && self.modules.has_answered()
    }

    /// Whether everything is known that the leader tells about.
    pub(super) fn complete(&self) -> bool {
        let configurations = self.configurations.iter();
        self.policies.is_listed()
            && self.replicas.is_listed()
            && configurations.into_iter().all(|one| one.seen.is_listed())
    }

    /// All WasmPolicies, by name. None before they are known: nothing may look deleted then.
    pub(super) fn resources(&self) -> Option<Vec<Resource>> {
        if !self.policies.is_listed() {
            return None;
        }
        let objects = self.policies.store.state();
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
        let map = self.modules.store.find(called)?;
        let metadata = &map.metadata;
        Some(format!(
            "{:?} {:?}",
            metadata.uid, metadata.resource_version
        ))
    }

    /// The Leases of replicas.
    pub(super) fn replicas(&self) -> Vec<Arc<Lease>> {
        self.replicas.store.state()
    }

    /// Our registration, for both phases.
    pub(super) fn configurations(&self) -> &[Configuration] {
        &self.configurations
    }
}

impl Configuration {
    /// As it is in the cluster, if it is there.
    pub(super) fn object(&self) -> Option<Arc<DynamicObject>> {
        self.seen.store.state().into_iter().next()
    }
}

impl Starting {
    fn configuration(&mut self, client: &Client, phase: Phase) -> Configuration {
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
        let seen = self.follow(plural, Writer::new(kind.clone()), move || {
            watcher(api.clone(), config().fields(&only))
        });
        Configuration { phase, kind, seen }
    }

    fn follow<K, W>(
        &mut self,
        resource: &'static str,
        writer: Writer<K>,
        watch: impl Fn() -> W + Send + Sync + 'static,
    ) -> Seen<K>
    where
        K: Lookup + Clone + Debug + Send + Sync + 'static,
        K::DynamicType: Eq + Hash + Clone + Send + Sync,
        W: Stream<Item = watcher::Result<Event<K>>> + Send,
    {
        let seen = Seen {
            store: writer.as_reader(),
            answered: Arc::default(),
            listed: Arc::default(),
        };
        let mut filling = Filling {
            writer,
            answered: Arc::clone(&seen.answered),
            listed: Arc::clone(&seen.listed),
            changed: Arc::clone(&self.changed),
            resource,
        };
        self.tasks
            .spawn(async move { follow(watch, &mut filling, NOT_INSTALLED).await });
        seen
    }
}

impl<K: Lookup + Clone + 'static> Seen<K>
where
    K::DynamicType: Eq + Hash + Clone,
{
    fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }
}

impl<K: Lookup + Clone + 'static> Filling<K>
where
    K::DynamicType: Eq + Hash + Clone,
{
    fn apply(&mut self, event: &Event<K>) {
        self.writer.apply_watcher_event(event);
        if matches!(event, Event::Init | Event::InitApply(_)) {
            return;
        }
        self.listed.store(true, Ordering::Release);
        self.answered.store(true, Ordering::Release);
        self.changed.notify_one();
    }
}

impl<K> Sink<K> for Filling<K>
where
    K: Lookup + Clone + Send + Sync + 'static,
    K::DynamicType: Eq + Hash + Clone + Send + Sync,
{
    async fn event(&mut self, event: Event<K>) -> Result<(), Closed> {
        self.apply(&event);
        Ok(())
    }

    async fn nothing(&mut self) -> Result<(), Closed> {
        self.apply(&Event::Init);
        self.apply(&Event::InitDone);
        Ok(())
    }

    fn broke(&mut self, error: watcher::Error, wait: Duration) {
        let resource = self.resource;
        tracing::warn!(resource, %error, ?wait, "a watch broke");
        if code(&error).is_some() {
            self.answered.store(true, Ordering::Release);
            self.changed.notify_one();
        }
    }
}

fn config() -> Config {
    Config {
        timeout: u32::try_from(WATCH.as_secs()).ok(),
        page_size: Some(PAGE),
        ..Config::default()
    }
}
