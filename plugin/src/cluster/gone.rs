//! Waiting until deleted objects are really gone, each with what holds it back.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::replace::uid;
use super::{Cluster, ClusterError, Stage};
use crate::scaffold::Object;

/// How often to look.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long one look may take, where less time than that is left.
const LOOK: Duration = Duration::from_secs(5);
/// What a namespace says of its own end: what went wrong before what only takes its time.
const ENDING: [&str; 5] = [
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
];

/// An object, as it stands.
struct Awaited {
    object: Object,
    stage: Stage,
}

impl Cluster {
    /// Waits until these objects are gone; others of their names don't count. Shows each look
    /// that finds some left, and then the one that finds none. Returns what is left when time is
    /// up; a time limit of zero looks once.
    pub(crate) async fn wait_all_gone(
        &self,
        stored: Vec<Object>,
        limit: Duration,
        mut show: impl FnMut(&[Stage]),
    ) -> Result<Vec<Stage>, ClusterError> {
        let deadline = Instant::now() + limit;
        let mut awaited: Vec<_> = stored.into_iter().map(Awaited::new).collect();
        self.look_for_all(&mut awaited, deadline).await?;
        awaited.retain(|one| !one.stage.done);
        loop {
            let stages: Vec<_> = awaited.iter().map(|one| one.stage.clone()).collect();
            show(&stages);
            let left: Vec<_> = stages.into_iter().filter(|stage| !stage.done).collect();
            if left.is_empty() || Instant::now() + INTERVAL > deadline {
                return Ok(left);
            }
            sleep(INTERVAL).await;
            self.look_for_all(&mut awaited, deadline).await?;
        }
    }

    /// An answer that never comes must not outlast the deadline.
    async fn look_for_all(
        &self,
        awaited: &mut [Awaited],
        deadline: Instant,
    ) -> Result<(), ClusterError> {
        for one in awaited.iter_mut().filter(|one| !one.stage.done) {
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(left.max(LOOK), self.get(&one.object)).await {
                Ok(Ok(found)) => one.found(found.as_ref()),
                // The next look may find the server again.
                Ok(Err(error)) if error.is_passing() => {
                    one.stage.reason = Some(error.to_string());
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => one.stage.reason = Some("the API server doesn't answer".to_owned()),
            }
        }
        Ok(())
    }
}

impl Awaited {
    fn new(object: Object) -> Self {
        let stage = Stage {
            text: format!("{} to be gone", object.display_name()),
            reason: None,
            done: false,
        };
        Self { object, stage }
    }

    fn found(&mut self, found: Option<&Object>) {
        let same = found.filter(|found| uid(found) == uid(&self.object));
        self.stage = match same {
            Some(found) => Stage {
                reason: reason(&found.value),
                ..self.stage.clone()
            },
            None => Stage {
                text: format!("{} is gone", self.object.display_name()),
                reason: None,
                done: true,
            },
        };
    }
}

/// What holds it back: in a namespace's own words, or the names of its finalizers.
fn reason(object: &Value) -> Option<String> {
    let conditions = object["status"]["conditions"].as_array();
    let conditions = || conditions.into_iter().flatten();
    let said = ENDING.iter().filter_map(|kind| {
        let is = |condition: &&Value| condition["type"] == *kind && condition["status"] == "True";
        conditions().find(is)?["message"].as_str()
    });
    let said: Vec<_> = said.collect();
    match said.is_empty() {
        true => finalizers(object),
        false => Some(said.join("; ")),
    }
}

fn finalizers(object: &Value) -> Option<String> {
    let finalizers = object.pointer("/metadata/finalizers")?.as_array()?;
    let names: Vec<_> = finalizers.iter().filter_map(Value::as_str).collect();
    (!names.is_empty()).then(|| format!("its finalizers are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Awaited, Object, reason};

    fn namespace(uid: &str) -> Object {
        Object::from_value(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "uid": uid},
        }))
    }

    #[test]
    fn another_object_of_the_same_name_is_not_the_one_that_is_awaited() {
        for (found, done) in [(Some("1"), false), (Some("2"), true), (None, true)] {
            let mut awaited = Awaited::new(namespace("1"));
            awaited.found(found.map(namespace).as_ref());
            assert_eq!(awaited.stage.done, done, "{found:?}");
        }
    }

    #[test]
    fn a_namespace_says_first_what_went_wrong_and_then_what_is_left() {
        let condition =
            |kind: &str, status: &str| json!({"type": kind, "status": status, "message": kind});
        let mut value = namespace("1").value;
        value["metadata"]["finalizers"] = json!(["b/c"]);
        assert_eq!(reason(&value), Some("its finalizers are b/c".to_owned()));
        let remaining = "NamespaceContentRemaining";
        let failed = "NamespaceDeletionContentFailure";
        let both = format!("{failed}; {remaining}");
        for (status, said) in [("False", remaining), ("True", &both)] {
            let conditions = [condition(remaining, "True"), condition(failed, status)];
            value["status"] = json!({"conditions": conditions});
            assert_eq!(reason(&value).as_deref(), Some(said));
        }
    }
}
