//! JobSet's installation: its webhooks, their endpoints, its Deployment, and whether it answers.

use http::Request;
use serde_json::{Value, json};

use super::{Cluster, ClusterError, Listing};
use crate::doctor::{Answer, Controller, JobSetSeen};
use crate::scaffold::{JobSet, Object};

use k8s_openapi::Resource as _;

/// Where webhooks are registered.
const REGISTRATIONS: [Listing<'static>; 2] = [
    Listing::all(
        "admissionregistration.k8s.io/v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
    ),
    Listing::all(
        "admissionregistration.k8s.io/v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
    ),
];
/// The group whose objects JobSet's webhooks are asked about.
const GROUP: &str = "jobset.x-k8s.io";
/// JobSet's namespace in its own manifests.
const NAMESPACE: &str = "jobset-system";
/// The last part of the controller's image.
const IMAGE: &str = "jobset";
/// The label by which a Service's slices of endpoints are found.
const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// A webhook of JobSet's.
struct Hook {
    name: String,
    /// Namespace and name.
    service: Option<(String, String)>,
}

impl Cluster {
    /// Looks at JobSet, as far as that is allowed. With `ask` a JobSet is created without being
    /// stored, so that the API server calls everybody who has a say.
    ///
    /// # Errors
    /// When the API server doesn't answer.
    pub(crate) async fn jobset(
        &self,
        namespace: &str,
        ask: bool,
    ) -> Result<JobSetSeen, ClusterError> {
        let served = self
            .serves(JobSet::API_VERSION, JobSet::URL_PATH_SEGMENT)
            .await?;
        if !served {
            return Ok(JobSetSeen::default());
        }
        let hooks = self.hooks().await?;
        let service = hooks.iter().find_map(|hook| hook.service.clone());
        let home = service
            .as_ref()
            .map_or(NAMESPACE, |(namespace, _)| namespace);
        Ok(JobSetSeen {
            served,
            endpoints: match &service {
                Some((namespace, name)) => self.endpoints(namespace, name).await?,
                None => None,
            },
            controller: self.controller(home).await?,
            answer: match ask {
                true => self.dry_run(namespace).await?,
                false => Answer::NotAsked,
            },
            webhooks: hooks.into_iter().map(|hook| hook.name).collect(),
            service: service.map(|(namespace, name)| format!("{namespace}/{name}")),
        })
    }

    async fn hooks(&self) -> Result<Vec<Hook>, ClusterError> {
        let mut found = Vec::new();
        for listing in REGISTRATIONS {
            let hooks = self.allowed(self.list(&listing, hooks_of).await)?;
            found.extend(hooks.into_iter().flatten().flatten());
        }
        Ok(found)
    }

    /// How many ready addresses a Service has.
    async fn endpoints(
        &self,
        namespace: &str,
        service: &str,
    ) -> Result<Option<usize>, ClusterError> {
        let labels = format!("{SERVICE_LABEL}={service}");
        let slices = Listing {
            namespace: Some(namespace),
            labels: Some(&labels),
            ..Listing::all("discovery.k8s.io/v1", "endpointslices", "EndpointSlice")
        };
        let found = self.allowed(self.list(&slices, ready).await)?;
        Ok(found.map(|counts| counts.into_iter().sum()))
    }

    async fn controller(&self, namespace: &str) -> Result<Option<Controller>, ClusterError> {
        let deployments = Listing {
            namespace: Some(namespace),
            ..Listing::all("apps/v1", "deployments", "Deployment")
        };
        let found = self.allowed(self.list(&deployments, controller).await)?;
        Ok(found.into_iter().flatten().flatten().next())
    }

    /// A denial is an answer; that somebody couldn't be asked is the API server's own error.
    async fn dry_run(&self, namespace: &str) -> Result<Answer, ClusterError> {
        let path = format!(
            "/apis/{}/namespaces/{namespace}/jobsets?dryRun=All",
            JobSet::API_VERSION
        );
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(probe().to_string().into_bytes());
        let request = request.map_err(|cause| self.error(kube::Error::HttpError(cause)))?;
        match self.client.request::<Value>(request).await {
            Ok(_) => Ok(Answer::Answered),
            Err(kube::Error::Api(status)) if status.code >= 500 => {
                Ok(Answer::Failed(status.message))
            }
            // Without the namespace nobody is asked.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Answer::NotAsked),
            Err(kube::Error::Api(_)) => Ok(Answer::Answered),
            Err(cause) => Err(self.error(cause)),
        }
    }

    /// What a list holds; `None` where it isn't allowed or not served.
    fn allowed<T>(
        &self,
        listed: Result<Option<T>, ClusterError>,
    ) -> Result<Option<T>, ClusterError> {
        match listed {
            Err(ClusterError::NotAllowed(_)) => Ok(None),
            listed => listed,
        }
    }
}

/// The smallest JobSet.
fn probe() -> Value {
    json!({
        "apiVersion": JobSet::API_VERSION,
        "kind": JobSet::KIND,
        "metadata": {"name": "sax-doctor"},
        "spec": {"replicatedJobs": [{"name": "a", "template": {"spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}}}}}]},
    })
}

fn hooks_of(registration: &Value) -> Vec<Hook> {
    // Ours is asked about JobSets too, and looked at on its own.
    let ours = registration
        .pointer("/metadata/name")
        .and_then(Value::as_str);
    if ours.is_some_and(|name| name.ends_with("kubectl-sax.dev")) {
        return Vec::new();
    }
    let hooks = registration["webhooks"].as_array().into_iter().flatten();
    hooks
        .filter(|hook| is_about_jobsets(hook))
        .filter_map(hook_of)
        .collect()
}

fn is_about_jobsets(hook: &Value) -> bool {
    let mut rules = hook["rules"].as_array().into_iter().flatten();
    let is_group = |group: &Value| group == GROUP;
    rules.any(|rule| {
        rule["apiGroups"]
            .as_array()
            .is_some_and(|groups| groups.iter().any(is_group))
    })
}

fn hook_of(hook: &Value) -> Option<Hook> {
    let service = &hook["clientConfig"]["service"];
    let text = |member: &str| service[member].as_str().map(str::to_owned);
    Some(Hook {
        name: hook["name"].as_str()?.to_owned(),
        service: text("namespace").zip(text("name")),
    })
}

/// The ready addresses of a slice of endpoints. Absent means ready.
fn ready(slice: &Value) -> usize {
    let endpoints = slice["endpoints"].as_array().into_iter().flatten();
    endpoints
        .filter(|endpoint| endpoint["conditions"]["ready"] != false)
        .count()
}

fn controller(deployment: &Value) -> Option<Controller> {
    let object = Object::from_value(deployment.clone());
    let image = deployment
        .pointer("/spec/template/spec/containers/0/image")?
        .as_str()?;
    let last = image.split('@').next()?.rsplit('/').next()?;
    let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64);
    (last.split(':').next() == Some(IMAGE)).then(|| Controller {
        namespace: object.namespace.unwrap_or_default(),
        name: object.name,
        image: image.to_owned(),
        available: number("/status/availableReplicas").unwrap_or(0),
        wanted: number("/spec/replicas").unwrap_or(1),
    })
}
