//! What the replica that leads does: the registration follows the policies, and each WasmPolicy's
//! status says how far the replicas are.

use admission::{Entries, Policy};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use runtime::digest;
use serde_json::{Value, json};

use super::api::ApiServer;
use super::catalogue::Catalogue;
use super::report::Replica;
use super::resource::{self, Resource};
use super::status::{Condition, Registered, View, applied, before};
use super::watches::{Configuration, Watches};
use crate::certificates::PAUSED;
use crate::placer::{ApiError, Leadership};
use crate::reads::Reads;

/// Who says so.
const CONTROLLER: &str = "kubectl-sax.dev/policies";
/// The longest note that the API server takes, in bytes, less a few.
const LONGEST_NOTE: usize = 1000;
/// Objects of a webhook configuration that are ours.
const PART_OF: &str = "app.kubernetes.io/part-of";

/// What only the leader does.
pub(super) struct Leader {
    api: ApiServer,
    identity: String,
    leadership: Leadership,
}

impl Leader {
    /// One that acts only while `leadership` holds.
    pub(super) fn new(api: ApiServer, identity: String, leadership: Leadership) -> Leader {
        Leader {
            api,
            identity,
            leadership,
        }
    }

    /// Waits until it leads, or leads no longer, against what the caller knows.
    pub(super) async fn differs(&mut self, leads: bool) {
        self.leadership.differs(leads).await;
    }

    /// Whether it leads now.
    pub(super) fn leads(&self) -> bool {
        self.leadership.holds()
    }

    /// Brings registration and status up to what is seen, and the registration to what policies of
    /// an operator's `own` match. Does nothing where it doesn't lead; stops at the first error, and
    /// everything is looked at again.
    pub(super) async fn act(
        &self,
        watches: &Watches,
        resources: &[Resource],
        replicas: &[Replica],
        (catalogue, own): (&Catalogue, &[&Policy]),
        reads: Option<&Reads>,
    ) -> Result<(), ApiError> {
        if !self.leads() || !watches.complete() {
            return Ok(());
        }
        let registered = self.register(watches.configurations(), own).await?;
        let view = View {
            catalogue,
            replicas,
            registered,
            reads,
        };
        for resource in resources {
            self.tell(&view, resource).await?;
        }
        Ok(())
    }

    async fn register(
        &self,
        configurations: &[Configuration],
        own: &[&Policy],
    ) -> Result<Registered, ApiError> {
        let entries = Entries::of(own.iter().copied(), &self.api.namespace);
        let mut registered = Registered::Yes;
        for configuration in configurations {
            registered = registered.min(self.keep(configuration, &entries).await?);
        }
        Ok(registered)
    }

    /// Makes our entries of one webhook configuration what they should be. All others, and the
    /// configuration itself, are an administrator's: what is deleted stays deleted.
    async fn keep(
        &self,
        configuration: &Configuration,
        entries: &Entries,
    ) -> Result<Registered, ApiError> {
        let Some(object) = configuration.object() else {
            return Ok(Registered::Missing);
        };
        let labels = object.metadata.labels.as_ref();
        if labels
            .and_then(|labels| labels.get(PART_OF))
            .is_none_or(|of| of != "kubectl-sax")
        {
            return Ok(Registered::Missing);
        }
        let annotations = object.metadata.annotations.as_ref();
        if annotations.is_some_and(|annotations| annotations.contains_key(PAUSED)) {
            return Ok(Registered::Paused);
        }
        let (ours, others) = split(&object.data);
        let Some(client) = others.first().map(|other| &other["clientConfig"]) else {
            return Ok(Registered::Missing);
        };
        let wanted = entries.to_json(configuration.phase, client);
        if agree(&wanted, &ours) {
            return Ok(Registered::Yes);
        }
        if !self.leads() {
            return Ok(Registered::Behind);
        }
        let name = object.metadata.name.as_deref().unwrap_or_default();
        // With the uid it changes this configuration, and never makes one.
        let part = json!({
            "apiVersion": configuration.kind.api_version,
            "kind": configuration.kind.kind,
            "metadata": {"name": name, "uid": object.metadata.uid},
            "webhooks": wanted,
        });
        let changed = self.api.apply(&configuration.kind, name, &part).await?;
        tracing::info!(
            kind = configuration.kind.kind,
            entries = wanted.len(),
            "registration changed"
        );
        Ok(match agree(&wanted, &split(&changed.data).0) {
            true => Registered::Yes,
            false => Registered::Behind,
        })
    }

    async fn tell(&self, view: &View<'_>, resource: &Resource) -> Result<(), ApiError> {
        let conditions = view.conditions(resource);
        let now = format!("{:.0}", Timestamp::now());
        let status = view.status(resource, &conditions, &now);
        if status == resource.status || !self.leads() {
            return Ok(());
        }
        match self
            .api
            .apply_status(&resource.name, &applied(resource, &status))
            .await
        {
            // It is gone, or another one of its name is there.
            Err(error) if error.is_stale() => return Ok(()),
            other => other?,
        }
        for condition in conditions
            .iter()
            .filter(|condition| is_news(condition, resource))
        {
            self.api.event(&self.event(condition, resource)).await?;
        }
        Ok(())
    }

    /// The name follows from what is said: said again, by whomever, it is the same Event.
    fn event(&self, condition: &Condition, resource: &Resource) -> Event {
        let Condition {
            reason, message, ..
        } = condition;
        let said = format!(
            "{} {} {reason} {message}",
            resource.uid, resource.generation
        );
        let hash: String = digest(said.as_bytes()).chars().skip(7).take(16).collect();
        let warns = condition.status == "False";
        let kind = resource::kind();
        Event {
            metadata: ObjectMeta {
                name: Some(format!("{}.{hash}", resource.name)),
                namespace: Some("default".to_owned()),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(Timestamp::now())),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.identity.chars().take(128).collect()),
            action: Some("Load".to_owned()),
            reason: Some((*reason).to_owned()),
            type_: Some(if warns { "Warning" } else { "Normal" }.to_owned()),
            note: Some(clip(message)),
            regarding: Some(ObjectReference {
                api_version: Some(kind.api_version),
                kind: Some(kind.kind),
                name: Some(resource.name.clone()),
                uid: Some(resource.uid.clone()),
                ..ObjectReference::default()
            }),
            ..Event::default()
        }
    }
}

/// A policy that is refused, or that is enforced from now on.
fn is_news(condition: &Condition, resource: &Resource) -> bool {
    let last = before(resource, condition.kind);
    let same = |member: &str, value: &str| last.is_some_and(|last| last[member] == value);
    match (condition.kind, condition.status) {
        ("Accepted", "False") => !same("message", &condition.message),
        ("Enforced", "True") => {
            let generation = last.and_then(|last| last["observedGeneration"].as_i64());
            !same("status", "True") || generation != Some(resource.generation)
        }
        _ => false,
    }
}

/// Our entries, and all others.
fn split(configuration: &Value) -> (Vec<Value>, Vec<Value>) {
    let webhooks = configuration["webhooks"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let is_ours = |webhook: &Value| webhook["name"].as_str().is_some_and(Entries::are_called);
    webhooks.into_iter().partition(is_ours)
}

/// Whether what is there says all that is wanted; the API server may have filled in more.
fn agree(wanted: &[Value], there: &[Value]) -> bool {
    let named = |name: &Value| there.iter().find(|entry| entry["name"] == *name);
    wanted.len() == there.len()
        && wanted
            .iter()
            .all(|entry| named(&entry["name"]).is_some_and(|there| says(there, entry)))
}

fn says(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            let there = there.get(name).unwrap_or(&Value::Null);
            says(there, wanted)
        }),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len()
                && there
                    .iter()
                    .zip(wanted)
                    .all(|(there, wanted)| says(there, wanted))
        }
        _ => there == wanted,
    }
}

fn clip(note: &str) -> String {
    let mut end = note.len().min(LONGEST_NOTE);
    while !note.is_char_boundary(end) {
        end -= 1;
    }
    note.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_server_fills_in_is_no_difference_and_everything_else_is() {
        let wanted = [json!({"name": "a", "rules": [{"resources": ["pods"]}]})];
        let filled = json!({"name": "a", "rules": [{"resources": ["pods"], "scope": "*"}], "x": 1});
        assert!(agree(&wanted, std::slice::from_ref(&filled)));
        let mut other = filled.clone();
        other["rules"][0]["resources"] = json!(["pods", "nodes"]);
        assert!(!agree(&wanted, &[other]));
        assert!(!agree(&wanted, &[filled.clone(), filled]));
        assert!(!agree(&wanted, &[]));
    }

    #[test]
    fn a_long_note_is_cut_between_letters() {
        let note = clip(&"ä".repeat(LONGEST_NOTE));
        assert!(note.len() <= LONGEST_NOTE && note.ends_with('ä'));
    }
}
