//! Reads all that `doctor` looks at. What isn't allowed is noted, not fatal.

use k8s_openapi::Resource as _;
use serde_json::Value;

use super::{Cluster, ClusterError, Listing, Reading};
use crate::doctor::{Evidence, Right, Scope};
use crate::scaffold::{JobSet, Object};

/// The kinds of the namespace that are looked at.
const KINDS: [Listing<'static>; 6] = [
    Listing::all("v1", "serviceaccounts", "ServiceAccount"),
    Listing::all("v1", "services", "Service"),
    Listing::all("apps/v1", "deployments", "Deployment"),
    Listing::all("apps/v1", "statefulsets", "StatefulSet"),
    Listing::all(JobSet::API_VERSION, "jobsets", JobSet::KIND),
    Listing::all(
        "leaderworkerset.x-k8s.io/v1",
        "leaderworkersets",
        "LeaderWorkerSet",
    ),
];
const PODS: Listing<'static> = Listing::all("v1", "pods", "Pod");
const EVENTS: Listing<'static> = Listing::all("v1", "events", "Event");

/// What `deploy` does with each object that it makes.
const MADE: [&str; 4] = [
    "serviceaccounts",
    "deployments.apps",
    "jobsets.jobset.x-k8s.io",
    "services",
];

impl Cluster {
    /// Reads all of it, the inventory included.
    ///
    /// # Errors
    /// When the API server doesn't answer; a list that isn't allowed is none.
    pub(crate) async fn evidence(&self, scope: Scope) -> Result<(Evidence, Reading), ClusterError> {
        let version = self.version().await?;
        let namespace = scope.namespace.clone();
        let mut evidence = Evidence {
            version,
            user: self.user().await,
            rights: self.rights(&namespace).await?,
            scope,
            ..Evidence::default()
        };
        let reading = match self.read(None).await {
            Ok(reading) => reading,
            Err(ClusterError::NotAllowed(unread)) => {
                evidence.unread.extend(unread);
                Reading::default()
            }
            Err(cause) => return Err(cause),
        };
        for listing in KINDS {
            let objects = self.note(&mut evidence, &listing, &namespace).await?;
            let objects = objects.into_iter().map(Object::from_value);
            evidence.objects.extend(objects);
        }
        evidence.pods = self.note(&mut evidence, &PODS, &namespace).await?;
        evidence.events = self.note(&mut evidence, &EVENTS, &namespace).await?;
        self.read_namespace(&mut evidence).await?;
        let creates =
            |right: &Right| right.verb == "create" && right.resource.starts_with("jobsets");
        let asks = evidence
            .rights
            .iter()
            .any(|right| creates(right) && right.allowed == Some(true));
        evidence.jobset = self
            .jobset(&namespace, asks && !evidence.no_namespace)
            .await?;
        Ok((evidence, reading))
    }

    async fn read_namespace(&self, evidence: &mut Evidence) -> Result<(), ClusterError> {
        match self.namespace_labels(&evidence.scope.namespace).await {
            Ok(labels) => evidence.namespace_labels = Some(labels),
            Err(ClusterError::NoNamespace { .. }) => evidence.no_namespace = true,
            Err(ClusterError::Forbidden { .. }) => {}
            Err(cause) => return Err(cause),
        }
        Ok(())
    }

    /// A list of the namespace; none of it where that isn't allowed, which is noted.
    async fn note(
        &self,
        evidence: &mut Evidence,
        listing: &Listing<'static>,
        namespace: &str,
    ) -> Result<Vec<Value>, ClusterError> {
        let listing = Listing {
            namespace: Some(namespace),
            ..*listing
        };
        match self.list(&listing, Value::clone).await {
            Ok(found) => Ok(found.unwrap_or_default()),
            Err(ClusterError::NotAllowed(unread)) => {
                evidence.unread.extend(unread);
                Ok(Vec::new())
            }
            Err(cause) => Err(cause),
        }
    }

    /// What the user may do of all that our verbs need.
    async fn rights(&self, namespace: &str) -> Result<Vec<Right>, ClusterError> {
        let asked = needed().into_iter().map(async |right| {
            let allowed = self.may(&right, namespace).await?;
            Ok(Right { allowed, ..right })
        });
        futures_util::future::try_join_all(asked).await
    }
}

/// What our verbs need.
fn needed() -> Vec<Right> {
    let right = |needed_by, namespaced, verb, resource| Right {
        verb,
        resource,
        namespaced,
        needed_by,
        allowed: None,
    };
    let of_kinds = |needed_by, verbs: &'static [&'static str]| {
        let each = move |resource| {
            verbs
                .iter()
                .map(move |verb| right(needed_by, true, verb, resource))
        };
        MADE.into_iter().flat_map(each)
    };
    let lists = [
        ("nodes", false),
        ("pods", false),
        ("jobs.batch", false),
        ("jobsets.jobset.x-k8s.io", false),
        ("statefulsets.apps", false),
    ];
    let lists = lists.map(|(resource, namespaced)| right("status", namespaced, "list", resource));
    let logs = [right("logs", true, "get", "pods/log")];
    let exec = [right("exec", true, "create", "pods/exec")];
    let forward = [right("port-forward", true, "create", "pods/portforward")];
    of_kinds("deploy", &["get", "create", "patch"])
        .chain(of_kinds("delete", &["list", "delete"]))
        .chain(lists)
        .chain(logs)
        .chain(exec)
        .chain(forward)
        .collect()
}
