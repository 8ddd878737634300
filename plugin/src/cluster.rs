//! The only door to the cluster: who talks to the API server does it through [`Cluster`].

mod access;
mod answer;
mod apply;
mod cause;
mod condition;
mod config;
mod error;
mod evidence;
mod exec;
mod flags;
mod forward;
mod gates;
mod gone;
mod inventory;
mod jobset;
mod list;
mod logs;
mod marks;
mod ours;
mod patch;
mod policies;
mod probe;
mod replace;
mod served;
mod wait;

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams};
use kube::client::AuthError;
use kube::{Client, Config};

use admission::GroupVersionKind;

use crate::scaffold::{JobSet, Object};

pub(crate) use apply::{ApplyFailure, ApplyOptions, Outcome, apply_all};
pub(crate) use cause::chain;
pub(crate) use condition::{Awaited, Waited, condition, message};
pub(crate) use config::{context_name, contexts_of, offline_namespace};
pub(crate) use error::{ClusterError, FieldConflict, unchangeable_fields};
pub(crate) use exec::exit_status;
pub(crate) use flags::ConnectionFlags;
pub(crate) use forward::Forwarded;
pub(crate) use inventory::Reading;
pub(crate) use list::{Listing, Permission};
pub(crate) use logs::LogRequest;
pub(crate) use marks::MarkedJobSet;
pub(crate) use ours::WASM_POLICIES;
pub(crate) use policies::{PoliciesInForce, PolicyInForce};
pub(crate) use probe::ProbeError;
pub(crate) use replace::{Deletion, Obstacle, Preview, Way, is_leaving, jobs_of};
pub(crate) use served::Served;
pub(crate) use wait::{Stage, Target, Waiting, wait, wait_available};

/// A connection.
pub(crate) struct Cluster {
    client: Client,
    /// How long an answer may take; `None` for as long as it does.
    limit: Option<Duration>,
    /// For connections that are held open, and may be silent for longer than an answer takes.
    patient: Config,
    server: String,
}

impl Cluster {
    /// Connects as kubectl would with the same flags.
    pub(crate) async fn connect(flags: &ConnectionFlags) -> Result<Self, ClusterError> {
        Self::of(config::load(flags).await?, limit(flags))
    }

    /// The same; a server that says "not now" isn't asked again, because that it says so is what
    /// is to be known.
    pub(crate) async fn connect_without_retries(
        flags: &ConnectionFlags,
    ) -> Result<Self, ClusterError> {
        let mut config = config::load(flags).await?;
        config.default_retry = false;
        Self::of(config, limit(flags))
    }

    fn of(config: Config, limit: Option<Duration>) -> Result<Self, ClusterError> {
        let server = config.cluster_url.to_string();
        let exec = config.auth_info.exec.as_ref();
        let sign_in = exec.and_then(|exec| exec.command.clone());
        let mut patient = config.clone();
        patient.read_timeout = None;
        patient.write_timeout = None;
        match answer::client(config, limit) {
            Ok(client) => Ok(Self {
                client,
                limit,
                patient,
                server,
            }),
            Err(kube::Error::Auth(AuthError::AuthExecStart(cause))) => {
                Err(ClusterError::NoSignIn {
                    program: sign_in.unwrap_or_default(),
                    cause,
                })
            }
            Err(cause) => Err(ClusterError::from_kube(&server, cause)),
        }
    }

    /// The API server's version, such as `v1.36.3`.
    pub(crate) async fn version(&self) -> Result<String, ClusterError> {
        let info = self.client.apiserver_version().await;
        info.map(|info| info.git_version)
            .map_err(|cause| self.error(cause))
    }

    /// Without JobSet's API nothing of a deployment would serve.
    pub(crate) async fn require_jobset(&self) -> Result<(), ClusterError> {
        match self
            .serves(JobSet::API_VERSION, JobSet::URL_PATH_SEGMENT)
            .await?
        {
            true => Ok(()),
            false => Err(ClusterError::NoJobSet),
        }
    }

    /// An object as it is stored; `None` where there is none.
    pub(crate) async fn get(&self, object: &Object) -> Result<Option<Object>, ClusterError> {
        let found = self.api(object).get_opt(&object.name).await;
        let found = found.map_err(|cause| self.error(cause))?;
        Ok(found.map(to_object))
    }

    /// Deletes an object; `false` where there was none.
    pub(crate) async fn delete(
        &self,
        object: &Object,
        dry_run: bool,
    ) -> Result<bool, ClusterError> {
        let params = DeleteParams {
            dry_run,
            ..DeleteParams::default()
        };
        match self.api(object).delete(&object.name, &params).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
            Err(cause) => Err(self.error(cause)),
        }
    }

    /// The labels of a namespace.
    pub(crate) async fn namespace_labels(
        &self,
        name: &str,
    ) -> Result<BTreeMap<String, String>, ClusterError> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let found = api.get_opt(name).await.map_err(|cause| self.error(cause))?;
        match found {
            Some(namespace) => Ok(namespace.metadata.labels.unwrap_or_default()),
            None => Err(ClusterError::NoNamespace {
                name: name.to_owned(),
            }),
        }
    }

    /// A Deployment; `None` where there is none.
    pub(crate) async fn deployment(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Deployment>, ClusterError> {
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), namespace);
        api.get_opt(name).await.map_err(|cause| self.error(cause))
    }

    /// The Pods that a label selector selects.
    pub(crate) async fn pods(
        &self,
        namespace: &str,
        selector: &str,
    ) -> Result<Vec<Pod>, ClusterError> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let found = api.list(&ListParams::default().labels(selector)).await;
        found
            .map(|list| list.items)
            .map_err(|cause| self.error(cause))
    }

    fn api(&self, object: &Object) -> Api<DynamicObject> {
        let resource = resource(object);
        match &object.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    /// Nothing came within a limit of our own.
    pub(crate) fn silent(&self, limit: Duration) -> ClusterError {
        ClusterError::Silent {
            server: self.server.trim_end_matches('/').to_owned(),
            limit: Some(limit),
        }
    }

    fn error(&self, cause: kube::Error) -> ClusterError {
        ClusterError::from_kube(&self.server, cause)
    }
}

/// How long an answer may take: what the flag says, in which 0 is for ever.
fn limit(flags: &ConnectionFlags) -> Option<Duration> {
    let limit = flags.request_timeout.unwrap_or(answer::PATIENCE);
    Some(limit).filter(|limit| !limit.is_zero())
}

fn resource(object: &Object) -> ApiResource {
    let kind = GroupVersionKind::new(&object.api_version, &object.kind);
    ApiResource {
        group: kind.group.clone(),
        version: kind.version.clone(),
        api_version: object.api_version.clone(),
        plural: kind.resource().resource,
        kind: kind.kind,
    }
}

fn to_object(found: DynamicObject) -> Object {
    Object::from_value(serde_json::to_value(found).expect("a dynamic object must be JSON"))
}
