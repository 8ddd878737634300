//! What was read of the cluster.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::cluster::{Permission, ProbeError};
use crate::inventory::Inventory;
use crate::scaffold::{Object, instance_of};
use crate::servers::Server;
use crate::standing::{Standing, Workload};

/// What is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scope {
    /// The kubeconfig's context; null where there is none.
    pub(crate) context: Option<String>,
    /// The namespace.
    pub(crate) namespace: String,
    /// The deployment or workload; null for all of the namespace.
    pub(crate) name: Option<String>,
    /// Is nothing deployed yet?
    pub(crate) preflight: bool,
}

/// All that was read.
#[derive(Default)]
pub(crate) struct Evidence {
    /// What is looked at.
    pub(crate) scope: Scope,
    /// The API server's version.
    pub(crate) version: String,
    /// Who the API server takes us for.
    pub(crate) user: Option<String>,
    /// What the user may do, as the API server says it.
    pub(crate) rights: Vec<Right>,
    /// Lists that weren't allowed: what they hold isn't known.
    pub(crate) unread: Vec<Permission>,
    /// Nodes, Pods, Jobs, JobSets of all namespaces.
    pub(crate) inventory: Inventory,
    /// The same by workload.
    pub(crate) standing: Standing,
    /// JobSet's installation.
    pub(crate) jobset: JobSetSeen,
    /// Our webhook.
    pub(crate) webhook: WebhookSeen,
    /// Workloads, Services and ServiceAccounts of the namespace.
    pub(crate) objects: Vec<Object>,
    /// The Pods of the namespace.
    pub(crate) pods: Vec<Value>,
    /// The Events of the namespace.
    pub(crate) events: Vec<Value>,
    /// The namespace's labels: `None` where they can't be read.
    pub(crate) namespace_labels: Option<BTreeMap<String, String>>,
    /// Is there no such namespace?
    pub(crate) no_namespace: bool,
    /// Programs on PATH that kubectl runs in place of our verbs.
    pub(crate) shadows: Vec<PathBuf>,
}

/// Something that the user may do or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Right {
    /// Such as `create`.
    pub(crate) verb: &'static str,
    /// As RBAC writes it: `jobsets.jobset.x-k8s.io`, `pods/log`.
    pub(crate) resource: &'static str,
    /// Is it one of the namespace? Else it is one of the whole cluster.
    pub(crate) namespaced: bool,
    /// The verb of ours that needs it.
    pub(crate) needed_by: &'static str,
    /// `None` where nobody said.
    pub(crate) allowed: Option<bool>,
}

/// JobSet's installation.
#[derive(Debug, Default)]
pub(crate) struct JobSetSeen {
    /// Does the API server know JobSets?
    pub(crate) served: bool,
    /// The names of its webhooks that are registered: none where they couldn't be listed.
    pub(crate) webhooks: Vec<String>,
    /// The Service that they are behind, `NAMESPACE/NAME`.
    pub(crate) service: Option<String>,
    /// How many ready addresses that Service has; `None` where nobody knows.
    pub(crate) endpoints: Option<usize>,
    /// The controller's Deployment, where one is seen.
    pub(crate) controller: Option<Controller>,
    /// What came of creating a JobSet without storing it.
    pub(crate) answer: Answer,
}

/// A Deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Controller {
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// The image of its first container.
    pub(crate) image: String,
    /// Replicas that are available.
    pub(crate) available: i64,
    /// Replicas that should be.
    pub(crate) wanted: i64,
}

/// What came of a dry run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It wasn't made.
    #[default]
    NotAsked,
    /// All webhooks answered, whatever they said.
    Answered,
    /// A webhook couldn't be called, in the API server's words.
    Failed(String),
}

/// Our webhook.
#[derive(Default)]
pub(crate) struct WebhookSeen {
    /// The registrations that aren't there, as kubectl names them.
    pub(crate) missing: Vec<String>,
    /// Those that are, described.
    pub(crate) registered: Vec<Value>,
    /// Why it doesn't answer.
    pub(crate) trouble: Option<ProbeError>,
    /// The one action that mends it.
    pub(crate) fix: Option<String>,
    /// Why nothing is known of it.
    pub(crate) unknown: Option<String>,
}

impl Evidence {
    /// The Sax servers among the objects that are looked at, with their objects.
    pub(crate) fn servers(&self) -> Vec<(&Object, Server)> {
        let of_object = |object| {
            Server::all(object)
                .into_iter()
                .map(move |server| (object, server))
        };
        self.examined().into_iter().flat_map(of_object).collect()
    }

    /// The objects that are looked at: the deployment's, or all of Sax in the namespace.
    pub(crate) fn examined(&self) -> Vec<&Object> {
        let name = self.scope.name.as_deref();
        let labelled = |object: &&Object| name.is_some() && instance_of(object) == name;
        if self.objects.iter().any(|object| labelled(&object)) {
            return self.objects.iter().filter(labelled).collect();
        }
        if name.is_some() && self.named().is_empty() {
            return Vec::new();
        }
        let of_sax = |object: &&Object| instance_of(object).is_some() || self.is_sax(object);
        self.objects.iter().filter(of_sax).collect()
    }

    /// The workloads with chips that are looked at.
    pub(crate) fn workloads(&self) -> Vec<&Workload> {
        let name = self.scope.name.as_deref();
        let here = self.standing.workloads.iter();
        let here = here.filter(|workload| workload.namespace == self.scope.namespace);
        here.filter(|workload| name.is_none_or(|name| workload.is_called(name)))
            .collect()
    }

    /// Objects and workloads of the name that was asked for.
    pub(crate) fn named(&self) -> Vec<String> {
        let Some(name) = self.scope.name.as_deref() else {
            return Vec::new();
        };
        let bare = name.rsplit('/').next().unwrap_or(name);
        let called = |object: &&Object| object.name == bare || instance_of(object) == Some(bare);
        let objects = self.objects.iter().filter(called);
        let objects = objects.filter(|object| instance_of(object).is_some() || self.is_sax(object));
        let workloads = self.workloads().into_iter().map(Workload::display_name);
        objects.map(Object::display_name).chain(workloads).collect()
    }

    /// Was this list refused?
    pub(crate) fn is_unread(&self, resource: &str) -> bool {
        let mut unread = self.unread.iter();
        unread.any(|permission| permission.resource == resource)
    }

    /// A Sax server, a ServiceAccount of one, or a Service that selects one.
    fn is_sax(&self, object: &Object) -> bool {
        let mut servers = self.objects.iter().flat_map(Server::all);
        match object.kind.as_str() {
            "ServiceAccount" => servers.any(|server| server.account == object.name),
            "Service" => servers.any(|server| server.is_selected_by(object)),
            _ => !Server::all(object).is_empty(),
        }
    }
}

/// `deployment sax in namespace default (context gke)`
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.preflight {
            write!(f, "before a deployment")?;
        } else {
            write!(f, "{}", self.name.as_deref().unwrap_or("all of Sax"))?;
        }
        write!(f, " in namespace {}", self.namespace)?;
        match &self.context {
            Some(context) => write!(f, " of context {context}"),
            None => Ok(()),
        }
    }
}
