//! `webhook status`: registered where, for what, until when, can that deadlock the cluster, does
//! its server run, which replica serves what, does it answer?
//!
//! Each is looked at on its own, and what couldn't be looked at is said: a webhook whose Service
//! can't be asked from here may serve all the same.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::replicas::{self, Replica};
use crate::cli::{TextOrJson, WebhookStatusArgs};
use crate::cluster::{Cluster, ClusterError, ProbeError};
use crate::commands::{block_on, now};
use crate::doctor::WebhookSeen;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Tone};
use crate::registration::{Danger, Manifests, VITAL, dangers, describe, fingerprint, text_of};
use crate::render::pretty_json;
use crate::scaffold::Object;

/// What was found.
pub(in crate::commands) struct Status {
    registrations: Vec<Found>,
    /// What the registrations stand in the way of when nobody answers.
    dangers: Vec<Danger>,
    /// What the replicas say of themselves.
    replicas: Result<Vec<Replica>, ClusterError>,
    /// SHA-256 of the certificate that all should serve, where we may read it.
    leaf: Option<String>,
    /// The Deployment of a webhook in the cluster; none for one at a URL.
    server: Option<Server>,
    /// The answer to a question for readiness, or why there was none; none where nothing is
    /// registered.
    answer: Option<Result<(), ProbeError>>,
}

/// One registration.
struct Found {
    name: String,
    /// None where it isn't registered.
    description: Option<Value>,
}

/// The webhook's Deployment.
struct Server {
    /// `NAMESPACE/NAME`
    name: String,
    replicas: Result<Replicas, ClusterError>,
}

/// How many of its replicas run; none where there is no such Deployment.
type Replicas = Option<(i32, i32)>;

pub(super) fn run(args: &WebhookStatusArgs, printer: &Printer) -> Result<Exit, Failure> {
    let status = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        Ok(look(&cluster).await?)
    })?;
    let text = match args.output {
        TextOrJson::Json => pretty_json(&as_json(&status)),
        TextOrJson::Text => as_text(&status, printer),
    };
    printer.data(&text)?;
    if let Some(fix) = status.fix() {
        printer.fix(fix)?;
    }
    Ok(match status.is_good() {
        true => Exit::Fine,
        false => Exit::Error,
    })
}

/// Looks at the registrations, the server and its answer.
pub(in crate::commands) async fn look(cluster: &Cluster) -> Result<Status, ClusterError> {
    let manifests = Manifests::embedded();
    let mut registrations = Vec::new();
    let mut client_config = None;
    let mut stored = Vec::new();
    for wanted in &manifests.registrations {
        let found = cluster.get(wanted).await?;
        registrations.push(Found {
            name: wanted.display_name(),
            description: found.as_ref().map(describe),
        });
        stored.extend(found.as_ref().map(|found| found.value.clone()));
        client_config = client_config.or_else(|| {
            let found = found?;
            found.value.pointer("/webhooks/0/clientConfig").cloned()
        });
    }
    let in_cluster = client_config
        .as_ref()
        .is_some_and(|config| config["service"].is_object());
    let namespace = manifests.secret().namespace.unwrap_or_default();
    Ok(Status {
        registrations,
        dangers: dangers(&stored, &labels(cluster, &namespace).await),
        replicas: replicas::read(cluster, &namespace).await,
        leaf: leaf(cluster, &manifests).await,
        server: match manifests.deployment() {
            Some(deployment) if in_cluster => Some(server(cluster, deployment).await),
            _ => None,
        },
        answer: match client_config {
            Some(config) => Some(cluster.ask_webhook(&config).await),
            None => None,
        },
    })
}

/// Of the namespaces that vital requests lie in; one that can't be read has its name only, as the
/// API server itself sees to.
async fn labels(cluster: &Cluster, ours: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for name in [ours, "kube-system", "kube-node-lease"] {
        if let Ok(labels) = cluster.namespace_labels(name).await {
            all.insert(name.to_owned(), labels);
        }
    }
    all
}

/// Not everybody may read Secrets: then it isn't known which certificate is the newest.
async fn leaf(cluster: &Cluster, manifests: &Manifests) -> Option<String> {
    let secret = cluster.get(&manifests.secret()).await.ok()??;
    fingerprint(text_of(&secret, "tls.crt").as_bytes())
}

async fn server(cluster: &Cluster, wanted: &Object) -> Server {
    let namespace = wanted.namespace.as_deref().unwrap_or_default();
    let found = cluster.deployment(namespace, &wanted.name).await;
    Server {
        name: format!("{namespace}/{}", wanted.name),
        replicas: found.map(|found| found.map(|deployment| replicas(&deployment))),
    }
}

/// Available and wanted.
fn replicas(deployment: &Deployment) -> (i32, i32) {
    let status = deployment.status.as_ref();
    let available = status.and_then(|status| status.available_replicas);
    let spec = deployment.spec.as_ref();
    let wanted = spec.and_then(|spec| spec.replicas);
    (available.unwrap_or(0), wanted.unwrap_or(1))
}

impl Status {
    /// As `doctor` takes it.
    pub(in crate::commands) fn seen(self) -> WebhookSeen {
        let fix = self.fix().map(str::to_owned);
        let of = |found: &Found| found.description.clone();
        let lacks = self
            .registrations
            .iter()
            .filter(|found| of(found).is_none());
        WebhookSeen {
            missing: lacks.map(|found| found.name.clone()).collect(),
            registered: self.registrations.iter().filter_map(of).collect(),
            trouble: self.answer.and_then(Result::err),
            fix,
            unknown: None,
        }
    }

    fn is_good(&self) -> bool {
        self.is_registered()
            && self.dangers.is_empty()
            && !self.is_paused()
            && matches!(self.answer, Some(Ok(())))
    }

    fn is_paused(&self) -> bool {
        let descriptions = self
            .registrations
            .iter()
            .filter_map(|found| found.description.as_ref());
        descriptions
            .into_iter()
            .any(|description| description["paused"].is_string())
    }

    fn is_registered(&self) -> bool {
        self.registrations
            .iter()
            .all(|found| found.description.is_some())
    }

    /// The one action that mends it.
    fn fix(&self) -> Option<&'static str> {
        if !self.is_registered() {
            return Some("kubectl sax webhook install");
        }
        if self.is_paused() {
            return Some("kubectl sax webhook pause --resume");
        }
        if !self.dangers.is_empty() {
            return Some(
                "exclude kube-system, kube-node-lease and kubectl-sax-system by the webhook's namespaceSelector, and leave cluster-scoped kinds out of what fails closed",
            );
        }
        match self.answer.as_ref()?.as_ref().err()? {
            ProbeError::NoService { .. } => Some("kubectl sax webhook install"),
            ProbeError::NotReady { .. } => {
                Some("look at its log: it says which policy or certificate it waits for")
            }
            ProbeError::Foreign { .. } => Some(
                "if the API server uses a proxy, exempt Services from it (NO_PROXY=.svc); else \
                 look who owns that address",
            ),
            ProbeError::FromHere(_) => {
                Some("start it, or check the address with the machine of the API server in mind")
            }
            ProbeError::NoWay { .. } => {
                Some("look at the webhook's Pods: kubectl get pods -n kubectl-sax-system -o wide")
            }
            ProbeError::NotAllowed { .. } => {
                Some("ask an administrator, or for the permission to get services/proxy")
            }
            ProbeError::Cluster(_) => None,
        }
    }
}

fn as_json(status: &Status) -> Value {
    let registrations: Vec<_> = status
        .registrations
        .iter()
        .map(|found| json!({"name": found.name, "registered": found.description.is_some(), "registration": found.description}))
        .collect();
    let error = match &status.answer {
        Some(Err(error)) => Some(error),
        _ => None,
    };
    json!({
        "registrations": registrations,
        "paused": status.is_paused(),
        "dangers": status.dangers.iter().map(danger_json).collect::<Vec<_>>(),
        "replicas": status.replicas.as_ref().ok().map(|all| all.iter().map(replicas::as_json).collect::<Vec<_>>()),
        "certificate": status.leaf,
        "server": status.server.as_ref().map(server_json),
        "reachable": matches!(status.answer, Some(Ok(()))),
        "reason": error.map(ProbeError::reason),
        "message": error.map(ToString::to_string),
    })
}

fn danger_json(danger: &Danger) -> Value {
    json!({"webhook": danger.webhook, "what": danger.what})
}

fn server_json(server: &Server) -> Value {
    match &server.replicas {
        Ok(Some((available, wanted))) => {
            json!({"name": server.name, "available": available, "wanted": wanted})
        }
        Ok(None) => json!({"name": server.name, "message": "there is no such Deployment"}),
        Err(error) => json!({"name": server.name, "message": error.to_string()}),
    }
}

fn as_text(status: &Status, printer: &Printer) -> String {
    let mut text = String::new();
    for found in &status.registrations {
        let since = found
            .description
            .as_ref()
            .and_then(|found| found["paused"].as_str());
        let (word, tone) = match (&found.description, since) {
            (Some(_), Some(since)) => (format!("registered, but paused since {since}"), Tone::Bad),
            (Some(_), None) => ("registered".to_owned(), Tone::Good),
            (None, _) => ("not registered".to_owned(), Tone::Bad),
        };
        text += &format!("{}: {}\n", found.name, printer.out(&word, tone));
        let webhooks = found
            .description
            .as_ref()
            .map(|description| &description["webhooks"]);
        for webhook in webhooks.and_then(Value::as_array).into_iter().flatten() {
            text += &webhook_text(webhook);
        }
    }
    if status.is_registered() {
        text += &safety_text(status, printer);
    }
    if let Some(server) = &status.server {
        text += &server_text(server, printer);
    }
    text + &replicas_text(status, printer) + &answer_text(status, printer)
}

/// What was proved, or what speaks against it.
fn safety_text(status: &Status, printer: &Printer) -> String {
    if status.dangers.is_empty() {
        let said = printer.out("no", Tone::Good);
        let count = VITAL.len();
        return format!(
            "can it deadlock the cluster? {said}: none of {count} kinds of requests that a cluster \
             and our own rollout need is refused when nobody answers\n"
        );
    }
    let mut text = format!(
        "can it deadlock the cluster? {}\n",
        printer.out("yes", Tone::Bad)
    );
    for danger in &status.dangers {
        text += &format!(
            "  {} refuses {} when nobody answers\n",
            danger.webhook, danger.what
        );
    }
    text
}

fn replicas_text(status: &Status, printer: &Printer) -> String {
    let all = match &status.replicas {
        Ok(all) => all,
        Err(error) => {
            return format!(
                "replicas: {}: {error}\n",
                printer.out("not known", Tone::Warn)
            );
        }
    };
    replicas::as_text(all, status.leaf.as_deref(), now(), printer)
}

fn server_text(server: &Server, printer: &Printer) -> String {
    let said = match &server.replicas {
        Ok(Some((available, wanted))) => {
            let tone = if *available > 0 {
                Tone::Good
            } else {
                Tone::Bad
            };
            printer.out(&format!("{available} of {wanted} available"), tone)
        }
        Ok(None) => printer.out("not there", Tone::Bad),
        Err(error) => format!("{}: {error}", printer.out("not known", Tone::Warn)),
    };
    format!("Deployment {}: {said}\n", server.name)
}

fn webhook_text(webhook: &Value) -> String {
    let text = |member: &str| webhook[member].as_str().unwrap_or_default();
    let days = match webhook["authorityDaysLeft"].as_i64() {
        Some(days) => format!("its authority's certificate lasts {days} days"),
        None => "its caBundle is no certificate".to_owned(),
    };
    let mut lines = format!(
        "  {} (failure policy {})\n",
        text("name"),
        text("failurePolicy")
    );
    lines += &format!("    {}, {days}\n", text("address"));
    for resource in webhook["resources"].as_array().into_iter().flatten() {
        lines += &format!("    {}\n", resource.as_str().unwrap_or_default());
    }
    lines
}

fn answer_text(status: &Status, printer: &Printer) -> String {
    let said = match &status.answer {
        None => return String::new(),
        Some(Ok(())) => printer.out("yes", Tone::Good),
        Some(Err(error)) if error.is_unknown() => {
            format!("{}: {error}", printer.out("not known", Tone::Warn))
        }
        Some(Err(error)) => format!("{}: {error}", printer.out("no", Tone::Bad)),
    };
    format!("does it answer? {said}\n")
}
