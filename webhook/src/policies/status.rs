//! What a WasmPolicy's status says. Pure: the time is a parameter.

use runtime::{Entry, Grant};
use serde_json::{Value, json};

use super::catalogue::Catalogue;
use super::module::Good;
use super::report::Replica;
use super::resource::{self, Resource};
use crate::reads::{Reads, Told};

/// How far the registration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Registered {
    /// There is none.
    Missing,
    /// An administrator has paused it.
    Paused,
    /// It isn't yet what the policies need.
    Behind,
    /// The API server sends what the policies match.
    Yes,
}

/// What there is to say about.
pub(super) struct View<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) replicas: &'a [Replica],
    pub(super) registered: Registered,
    /// What the cluster's policies read.
    pub(super) reads: Option<&'a Reads>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    /// Accepted, Loaded or Enforced.
    pub(super) kind: &'static str,
    /// True, False or Unknown.
    pub(super) status: &'static str,
    /// One word.
    pub(super) reason: &'static str,
    /// For people.
    pub(super) message: String,
}

impl View<'_> {
    /// The three conditions of a policy, each of which needs the one before.
    pub(super) fn conditions(&self, resource: &Resource) -> [Condition; 3] {
        let accepted = self.accepted(resource);
        let loaded = self.loaded(resource, &accepted);
        let enforced = self.enforced(resource, &accepted, &loaded);
        [accepted, loaded, enforced]
    }

    /// The object that is applied to say so.
    pub(super) fn status(&self, resource: &Resource, conditions: &[Condition], now: &str) -> Value {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|condition| stored(condition, resource, now))
            .collect();
        let mut status = json!({
            "observedGeneration": resource.generation,
            "conditions": conditions,
            "replicas": self.told(resource),
        });
        if let Some(good) = self.catalogue.good(&resource.name) {
            status["inForce"] = in_force(good);
        }
        let granted = self.granted(resource);
        if !granted.is_empty() {
            status["grants"] = json!(granted);
        }
        status
    }

    /// The grants in force; where nothing is in force yet, those that are asked for.
    fn granted(&self, resource: &Resource) -> Vec<Value> {
        let good = self.catalogue.good(&resource.name);
        let in_force = good.map(|good| good.entry.module.grants());
        let (Some(grants), Some(reads)) = (in_force.or_else(|| resource.grants()), self.reads)
        else {
            return Vec::new();
        };
        let told = |grant: &Grant| {
            let Told { synced, objects } = reads.told(grant);
            json!({
                "apiVersion": grant.api_version,
                "kind": grant.kind,
                "synced": synced,
                "objects": objects,
            })
        };
        grants.0.iter().map(told).collect()
    }

    fn accepted(&self, resource: &Resource) -> Condition {
        let say = |status, reason, message| Condition {
            kind: "Accepted",
            status,
            reason,
            message,
        };
        let good = self.catalogue.good(&resource.name);
        match (self.catalogue.verdict(resource), good) {
            (None, _) => say("Unknown", "Loading", "it is being loaded".to_owned()),
            (Some(Some(refused)), good) => {
                let kept = good.map(|good| stays(good, resource)).unwrap_or_default();
                say("False", refused.reason(), format!("{refused}{kept}"))
            }
            (Some(None), None) => say("Unknown", "Loading", "it is being loaded".to_owned()),
            (Some(None), Some(good)) => say("True", "Accepted", what(&good.entry)),
        }
    }

    fn loaded(&self, resource: &Resource, accepted: &Condition) -> Condition {
        let say = |status, reason, message| Condition {
            kind: "Loaded",
            status,
            reason,
            message,
        };
        let good = self.catalogue.good(&resource.name);
        let Some(good) = good.filter(|_| accepted.status == "True") else {
            return say("False", "NotAccepted", accepted.message.clone());
        };
        let has = |replica: &&Replica| {
            let said = replica.report.0.get(&resource.name);
            said.is_some_and(|said| {
                said.uid == resource.uid
                    && said.generation == Some(good.generation)
                    && said.digest.as_ref() == Some(&good.digest)
                    && said.refused.is_none()
            })
        };
        let all = self.replicas.len();
        let missing: Vec<&Replica> = self.replicas.iter().filter(|one| !has(one)).collect();
        let Some(first) = missing.first() else {
            return say("True", "LoadedEverywhere", format!("on {}", replicas(all)));
        };
        let said = first.report.0.get(&resource.name);
        let why = said
            .and_then(|said| said.refused.as_deref())
            .unwrap_or("not yet");
        let count = all - missing.len();
        let message = format!("on {count} of {}; {}: {why}", replicas(all), first.name);
        say("False", "NotEverywhere", message)
    }

    fn enforced(&self, resource: &Resource, accepted: &Condition, loaded: &Condition) -> Condition {
        let say = |status, reason, message| Condition {
            kind: "Enforced",
            status,
            reason,
            message,
        };
        if accepted.status != "True" {
            return say("False", "NotAccepted", accepted.message.clone());
        }
        if self.replicas.is_empty() {
            return say(
                "False",
                "NoReplicas",
                "no replica has said what it has loaded".to_owned(),
            );
        }
        if loaded.status != "True" {
            return say("False", "NotLoaded", loaded.message.clone());
        }
        let mode = resource.spec["mode"].as_str().unwrap_or("enforce");
        match self.registered {
            Registered::Yes => say(
                "True",
                "Enforced",
                format!("mode {mode}, {}", loaded.message),
            ),
            Registered::Behind => say(
                "False",
                "NotRegistered",
                "the API server isn't asked yet to send what it matches".to_owned(),
            ),
            Registered::Paused => say(
                "False",
                "Paused",
                "`kubectl sax webhook pause` keeps the API server from asking anybody".to_owned(),
            ),
            Registered::Missing => say(
                "False",
                "NotRegistered",
                "the webhook isn't registered: run `kubectl sax webhook install`".to_owned(),
            ),
        }
    }

    fn told(&self, resource: &Resource) -> Vec<Value> {
        let one = |replica: &Replica| {
            let said = replica.report.0.get(&resource.name);
            let said = said.filter(|said| said.uid == resource.uid);
            let mut told = json!({"name": replica.name});
            if let Some(generation) = said.and_then(|said| said.generation) {
                told["generation"] = json!(generation);
            }
            if let Some(digest) = said.and_then(|said| said.digest.as_ref()) {
                told["digest"] = json!(digest);
            }
            told
        };
        self.replicas.iter().map(one).collect()
    }
}

/// What the status said of a condition before.
pub(super) fn before<'a>(resource: &'a Resource, kind: &str) -> Option<&'a Value> {
    let conditions = resource.status.get("conditions")?.as_array()?;
    conditions
        .iter()
        .find(|condition| condition["type"] == kind)
}

/// The object that a status is applied with.
pub(super) fn applied(resource: &Resource, status: &Value) -> Value {
    let kind = resource::kind();
    json!({
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": resource.name, "uid": resource.uid},
        "status": status,
    })
}

/// A condition keeps the time of its last change.
fn stored(condition: &Condition, resource: &Resource, now: &str) -> Value {
    let same = before(resource, condition.kind).filter(|last| last["status"] == condition.status);
    let since = same.and_then(|last| last["lastTransitionTime"].as_str());
    json!({
        "type": condition.kind,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "observedGeneration": resource.generation,
        "lastTransitionTime": since.unwrap_or(now),
    })
}

fn in_force(good: &Good) -> Value {
    json!({
        "generation": good.generation,
        "digest": good.digest,
        "version": good.entry.module.description().version,
        "spec": good.spec,
    })
}

fn what(entry: &Entry) -> String {
    let description = entry.module.description();
    format!(
        "{} {} from {}",
        description.name, description.version, entry.source
    )
}

fn stays(good: &Good, resource: &Resource) -> String {
    match good.generation == resource.generation {
        true => "; what was loaded before stays in force".to_owned(),
        false => format!("; generation {} stays in force", good.generation),
    }
}

fn replicas(count: usize) -> String {
    match count {
        1 => "1 replica".to_owned(),
        count => format!("{count} replicas"),
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
