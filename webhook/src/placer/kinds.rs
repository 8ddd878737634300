//! The kinds that are watched, and what is kept of their objects.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use kube::Resource;
use kube::api::ObjectMeta;
use kube::core::DynamicResourceScope;
use placement::{CLAIM_LABEL, Claim, Job, Node, Owner, Pod, ReadError};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// Which list of the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Nodes,
    Pods,
    Jobs,
    JobSets,
    StatefulSets,
    LeaderWorkerSets,
    Leases,
}

impl What {
    /// All of them.
    pub(crate) const ALL: [What; 7] = [
        What::Nodes,
        What::Pods,
        What::Jobs,
        What::JobSets,
        What::StatefulSets,
        What::LeaderWorkerSets,
        What::Leases,
    ];

    /// The plural, as in the path; also a label of metrics.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            What::Nodes => "nodes",
            What::Pods => "pods",
            What::Jobs => "jobs",
            What::JobSets => "jobsets",
            What::StatefulSets => "statefulsets",
            What::LeaderWorkerSets => "leaderworkersets",
            What::Leases => "leases",
        }
    }

    /// Where all of them are listed; Leases only in our own namespace.
    pub(crate) fn path(self, namespace: &str) -> String {
        let resource = self.resource();
        match self {
            What::Leases => format!("{}/namespaces/{namespace}/{resource}", self.root()),
            _ => format!("{}/{resource}", self.root()),
        }
    }

    /// Where those of one namespace are.
    pub(crate) fn path_in(self, namespace: &str) -> String {
        format!("{}/namespaces/{namespace}/{}", self.root(), self.resource())
    }

    /// Which of them the API server need not send.
    pub(crate) fn fields(self) -> Option<&'static str> {
        match self {
            // A finished Pod holds nothing any more.
            What::Pods => Some("status.phase!=Succeeded,status.phase!=Failed"),
            _ => None,
        }
    }

    /// Which of them the API server sends.
    pub(crate) fn labels(self) -> Option<&'static str> {
        match self {
            What::Leases => Some(CLAIM_LABEL),
            _ => None,
        }
    }

    /// Group (empty for the core group) and version, apart.
    fn group_version(self) -> (&'static str, &'static str) {
        let version = self.api_version();
        version.split_once('/').unwrap_or(("", version))
    }

    /// Group and version.
    fn api_version(self) -> &'static str {
        match self {
            What::Nodes | What::Pods => "v1",
            What::Jobs => "batch/v1",
            What::JobSets => "jobset.x-k8s.io/v1alpha2",
            What::StatefulSets => "apps/v1",
            What::LeaderWorkerSets => "leaderworkerset.x-k8s.io/v1",
            What::Leases => "coordination.k8s.io/v1",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            What::Nodes => "Node",
            What::Pods => "Pod",
            What::Jobs => "Job",
            What::JobSets => "JobSet",
            What::StatefulSets => "StatefulSet",
            What::LeaderWorkerSets => "LeaderWorkerSet",
            What::Leases => "Lease",
        }
    }

    fn root(self) -> String {
        let version = self.api_version();
        let prefix = if version.contains('/') { "apis" } else { "api" };
        format!("/{prefix}/{version}")
    }

    fn read(self, value: &Value) -> Result<Object, ReadError> {
        match self {
            What::Nodes => Node::read(value).map(Object::Node),
            What::Pods => Pod::read(value).map(Box::new).map(Object::Pod),
            What::Jobs => Job::read(value).map(Object::Job),
            What::JobSets | What::StatefulSets | What::LeaderWorkerSets => {
                Owner::read(value).map(Object::Owner)
            }
            What::Leases => Claim::read(value).map(Object::Claim),
        }
    }
}

/// What is kept of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    Node(Node),
    Pod(Box<Pod>),
    Job(Job),
    Owner(Owner),
    Claim(Claim),
}

/// An object as it came from the API server, already read: its JSON is dropped on arrival, one
/// object after the other, so that no list is ever in memory whole.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The name of a node or Lease, of which there is one at a time; else the uid.
    pub(crate) key: String,
    /// Which write of the API server made it so; later is larger.
    pub(crate) version: u64,
    /// What is kept of it, or why it can't be read.
    pub(crate) object: Result<Object, String>,
}

impl Item {
    /// Reads an object of this kind.
    pub(crate) fn read(what: What, mut value: Value) -> Item {
        // The items of a list don't say what they are.
        if value.get("kind").is_none_or(Value::is_null) && value.is_object() {
            value["kind"] = json!(what.kind());
            value["apiVersion"] = json!(what.api_version());
        }
        let text = |path: &str| {
            value
                .pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let key = match what {
            What::Nodes | What::Leases => text("/metadata/name"),
            _ => text("/metadata/uid"),
        };
        let resource_version = text("/metadata/resourceVersion");
        Item {
            key: key.to_owned(),
            version: resource_version.parse().unwrap_or(0),
            object: read(what, &value, key),
        }
    }
}

fn read(what: What, value: &Value, key: &str) -> Result<Object, String> {
    let object = what.read(value).map_err(|error| error.to_string())?;
    match object {
        // Claims are found by their names: under another name it would be none.
        Object::Claim(claim) if claim.lease_name() != key => {
            Err(format!("it must be called {}", claim.lease_name()))
        }
        object => Ok(object),
    }
}

/// A kind as a type, for readers that know nothing but a type.
pub(crate) trait Kind: fmt::Debug + Send + Sync + 'static {
    /// Which.
    const WHAT: What;
}

/// An [`Item`] that knows its kind by its type: the resource that kube lists and watches.
#[derive(Debug)]
pub(crate) struct Of<K> {
    /// What is kept.
    pub(crate) item: Item,
    /// Holds nothing but the version, by which a watch goes on where it broke.
    metadata: ObjectMeta,
    kind: PhantomData<K>,
}

// Not derived: no bound on the kind is needed.
impl<K> Clone for Of<K> {
    fn clone(&self) -> Self {
        Of {
            item: self.item.clone(),
            metadata: self.metadata.clone(),
            kind: PhantomData,
        }
    }
}

impl<'de, K: Kind> Deserialize<'de> for Of<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let version = value.pointer("/metadata/resourceVersion");
        let metadata = ObjectMeta {
            resource_version: version.and_then(Value::as_str).map(str::to_owned),
            ..ObjectMeta::default()
        };
        Ok(Of {
            item: Item::read(K::WHAT, value),
            metadata,
            kind: PhantomData,
        })
    }
}

impl<K: Kind> Resource for Of<K> {
    type DynamicType = ();
    type Scope = DynamicResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        K::WHAT.kind().into()
    }

    fn group((): &()) -> Cow<'_, str> {
        K::WHAT.group_version().0.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        K::WHAT.group_version().1.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::WHAT.resource().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

macro_rules! kinds {
    ($($kind:ident),*) => {$(
        /// See [`What`].
        #[derive(Debug)]
        pub(crate) enum $kind {}

        impl Kind for $kind {
            const WHAT: What = What::$kind;
        }
    )*};
}

kinds!(
    Nodes,
    Pods,
    Jobs,
    JobSets,
    StatefulSets,
    LeaderWorkerSets,
    Leases
);
