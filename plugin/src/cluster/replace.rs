//! Making an object again where it can't be changed: the server decides what can, and nothing is
//! deleted but exactly what was looked at.

use std::time::Duration;

use kube::api::{DeleteParams, PostParams, Preconditions};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{ApplyOptions, Cluster, ClusterError, to_object};
use crate::scaffold::{JOBSET_NAME_LABEL, JobSet, Object};

/// How often to look whether something is gone.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// How many characters of a UID make the name of a rehearsal.
const SUFFIX: usize = 5;

/// How an object becomes what is wanted.
#[derive(Debug)]
pub(crate) enum Way {
    /// By an apply: it isn't there, or it can change.
    Apply,
    /// By deleting it first.
    Replace {
        /// As it is stored.
        stored: Object,
        /// Why it can't change.
        obstacle: Obstacle,
    },
    /// It is being deleted already, and can be made again when it is gone.
    Wait {
        /// As it is stored.
        stored: Object,
    },
}

/// Why an object can't change into what is wanted.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// The server refuses the change, and would take the same as a new object.
    Refused(ClusterError),
    /// It has ended, in its own words, and doesn't start again.
    Ended(String),
}

/// What applying an object would make of it.
#[derive(Debug)]
pub(crate) struct Preview {
    /// As it is stored; `None` where it isn't there.
    pub(crate) stored: Option<Object>,
    /// As the server would store it, with what it and its webhooks add.
    pub(crate) wanted: Object,
    /// Can it only become that by being deleted and made again?
    pub(crate) replaces: bool,
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// It was accepted, or the object was gone already.
    Accepted,
    /// The object isn't the one that was looked at any more.
    Changed,
}

impl Cluster {
    /// How an object becomes what is wanted. Asks the server, and changes nothing.
    ///
    /// What the server refuses as a change but takes as a new object can't be changed in place;
    /// what it refuses either way is refused, and deleting would help nobody.
    pub(crate) async fn way(
        &self,
        object: &Object,
        options: &ApplyOptions,
    ) -> Result<Way, ClusterError> {
        let rehearsal = options.rehearsal();
        let stored = self.get(object).await?;
        if let Some(stored) = stored.as_ref().filter(|stored| is_leaving(stored)) {
            let stored = stored.clone();
            return Ok(Way::Wait { stored });
        }
        match (self.apply(object, &rehearsal).await, stored) {
            (Ok(_), stored) => Ok(ended_way(stored)),
            (Err(refusal @ ClusterError::Refused(_)), Some(stored)) => {
                match self.rehearse_as_new(object, &stored).await {
                    Ok(_) => Ok(Way::Replace {
                        stored,
                        obstacle: Obstacle::Refused(refusal),
                    }),
                    Err(_) => Err(refusal),
                }
            }
            (Err(cause), _) => Err(cause),
        }
    }

    /// What applying an object would make of it. Asks the server, and changes nothing.
    pub(crate) async fn preview(
        &self,
        object: &Object,
        options: &ApplyOptions,
    ) -> Result<Preview, ClusterError> {
        let stored = self.get(object).await?;
        let (wanted, replaces) = match (self.apply(object, &options.rehearsal()).await, &stored) {
            (Ok((wanted, _)), _) => (wanted, false),
            (Err(refusal @ ClusterError::Refused(_)), Some(stored)) => {
                let new = self.rehearse_as_new(object, stored).await;
                (new.map_err(|_| refusal)?, true)
            }
            (Err(cause), _) => return Err(cause),
        };
        Ok(Preview {
            stored,
            wanted,
            replaces,
        })
    }

    /// Deletes exactly this object as it was looked at, with all that it owns: not one that has
    /// been made or changed since.
    pub(crate) async fn delete_exactly(
        &self,
        stored: &Object,
        dry_run: bool,
    ) -> Result<Deletion, ClusterError> {
        let params = DeleteParams {
            dry_run,
            preconditions: Some(Preconditions {
                uid: text(stored, "/metadata/uid"),
                resource_version: text(stored, "/metadata/resourceVersion"),
            }),
            ..DeleteParams::foreground()
        };
        match self.api(stored).delete(&stored.name, &params).await {
            Ok(_) => Ok(Deletion::Accepted),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Deletion::Accepted),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Deletion::Changed),
            Err(cause) => Err(self.error(cause)),
        }
    }

    /// Waits until this object is gone, and tells how many Pods are left at each look; `false` if
    /// it isn't within the limit.
    pub(crate) async fn wait_gone(
        &self,
        stored: &Object,
        limit: Duration,
        mut show: impl FnMut(usize),
    ) -> Result<bool, ClusterError> {
        let deadline = Instant::now() + limit;
        loop {
            let found = self.get(stored).await?;
            if found.is_none_or(|found| uid(&found) != uid(stored)) {
                return Ok(true);
            }
            show(self.pods_of(stored).await?.len());
            if Instant::now() + LOOK_INTERVAL > deadline {
                return Ok(false);
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// The names and phases of the Pods that go with an object.
    pub(crate) async fn pods_of(&self, stored: &Object) -> Result<Vec<String>, ClusterError> {
        let Some(selector) = selector(stored) else {
            return Ok(Vec::new());
        };
        let namespace = stored.namespace.as_deref().unwrap_or_default();
        let pods = self.pods(namespace, &selector).await?;
        let phase = |pod: k8s_openapi::api::core::v1::Pod| pod.status?.phase;
        let phases = pods.into_iter().map(phase);
        Ok(phases.map(Option::unwrap_or_default).collect())
    }

    /// What the server would make of this as a new object. Asked under another name of the same
    /// length, as limits on names are part of the answer.
    async fn rehearse_as_new(
        &self,
        object: &Object,
        stored: &Object,
    ) -> Result<Object, ClusterError> {
        let mut value = object.value.clone();
        value["metadata"]["name"] = json!(rehearsal_name(object, stored));
        let new = Object::from_value(value);
        let params = PostParams {
            dry_run: true,
            field_manager: None,
        };
        let typed = serde_json::from_value(new.value.clone());
        let typed = typed.map_err(|cause| self.error(kube::Error::SerdeError(cause)))?;
        let created = self.api(&new).create(&params, &typed).await;
        let mut created = created.map_err(|cause| self.error(cause)).map(to_object)?;
        created.value["metadata"]["name"] = json!(object.name);
        Ok(Object::from_value(created.value))
    }
}

/// Is it being deleted?
pub(crate) fn is_leaving(object: &Object) -> bool {
    text(object, "/metadata/deletionTimestamp").is_some()
}

/// How many Jobs a JobSet makes.
pub(crate) fn jobs_of(jobset: &Object) -> usize {
    let jobs = jobset.value.pointer("/spec/replicatedJobs");
    let jobs = jobs.and_then(Value::as_array).into_iter().flatten();
    let replicas = jobs.map(|job| job["replicas"].as_u64().unwrap_or(1));
    usize::try_from(replicas.fold(0, u64::saturating_add)).unwrap_or(usize::MAX)
}

/// Why a JobSet runs no more, in its own words; `None` while it does.
pub(super) fn ended(jobset: &Value) -> Option<String> {
    let conditions = jobset.pointer("/status/conditions")?.as_array()?;
    let condition = conditions.iter().find(|condition| {
        let kind = condition["type"].as_str();
        matches!(kind, Some("Failed" | "Completed")) && condition["status"] == "True"
    })?;
    let kind = condition["type"].as_str().unwrap_or_default();
    let message = condition["message"].as_str().unwrap_or("no reason given");
    Some(format!("{}: {message}", kind.to_lowercase()))
}

/// What can be applied over an object that has ended would change nothing.
fn ended_way(stored: Option<Object>) -> Way {
    let ended = |stored: Object| {
        let message = stored.is::<JobSet>().then(|| ended(&stored.value));
        message.flatten().map(|message| Way::Replace {
            stored,
            obstacle: Obstacle::Ended(message),
        })
    };
    stored.and_then(ended).unwrap_or(Way::Apply)
}

/// The label selector of an object's Pods.
fn selector(object: &Object) -> Option<String> {
    if object.is::<JobSet>() {
        return Some(format!("{JOBSET_NAME_LABEL}={}", object.name));
    }
    let labels = object.value.pointer("/spec/selector/matchLabels")?;
    let pairs = labels.as_object()?.iter();
    let texts = pairs.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    Some(texts.collect::<Vec<_>>().join(","))
}

fn rehearsal_name(object: &Object, stored: &Object) -> String {
    let kept = object.name.chars().count().saturating_sub(SUFFIX);
    let begin: String = object.name.chars().take(kept).collect();
    let uid = uid(stored).unwrap_or_default();
    let end: String = uid.chars().take(SUFFIX).collect();
    // A name begins with a letter where it is a Service's or a JobSet's.
    match begin.is_empty() {
        true => format!("x{end}"),
        false => begin + &end,
    }
}

pub(super) fn uid(object: &Object) -> Option<String> {
    text(object, "/metadata/uid")
}

fn text(object: &Object, pointer: &str) -> Option<String> {
    let found = object.value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Object, Way, ended, ended_way, rehearsal_name, selector};

    fn jobset(conditions: serde_json::Value) -> Object {
        Object::from_value(json!({
            "apiVersion": "jobset.x-k8s.io/v1alpha2",
            "kind": "JobSet",
            "metadata": {"name": "sax-model-server-set", "uid": "12ab5-6"},
            "status": {"conditions": conditions},
        }))
    }

    #[test]
    fn what_has_ended_is_made_again_and_what_runs_is_not() {
        let condition =
            |kind: &str| json!([{"type": kind, "status": "True", "message": "four restarts"}]);
        let failed = jobset(condition("Failed"));
        assert_eq!(
            ended(&failed.value).as_deref(),
            Some("failed: four restarts")
        );
        assert!(matches!(ended_way(Some(failed)), Way::Replace { .. }));
        assert!(matches!(
            ended_way(Some(jobset(condition("Completed")))),
            Way::Replace { .. }
        ));
        for running in [condition("RestartingJobSet"), json!([])] {
            assert!(matches!(ended_way(Some(jobset(running))), Way::Apply));
        }
        assert!(matches!(ended_way(None), Way::Apply));
    }

    #[test]
    fn a_rehearsal_has_a_name_of_its_own_that_is_as_long() {
        let object = jobset(json!([]));
        let name = rehearsal_name(&object, &object);
        assert_eq!(name, "sax-model-serve12ab5");
        assert_eq!(name.len(), object.name.len());
    }

    #[test]
    fn pods_are_found_by_what_their_owner_selects() {
        let object = jobset(json!([]));
        assert_eq!(
            selector(&object).as_deref(),
            Some("jobset.sigs.k8s.io/jobset-name=sax-model-server-set")
        );
        let deployment = Object::from_value(json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "spec": {"selector": {"matchLabels": {"app": "sax-http"}}},
        }));
        assert_eq!(selector(&deployment).as_deref(), Some("app=sax-http"));
    }
}
