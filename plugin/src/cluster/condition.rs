//! Waiting for a condition that an object's status tells.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Cluster, ClusterError, Stage};
use crate::scaffold::Object;

/// How often to look.
const INTERVAL: Duration = Duration::from_millis(200);

/// A condition of an object.
#[derive(Debug, Clone)]
pub(crate) struct Awaited {
    /// The object, as it was applied: older generations don't count.
    pub(crate) object: Object,
    /// Such as `Established`.
    pub(crate) condition: &'static str,
    /// One that is never reached any more once this one is false.
    pub(crate) needs: Option<&'static str>,
}

/// How the waiting ended.
#[derive(Debug)]
pub(crate) enum Waited {
    /// All conditions are true.
    Reached,
    /// Time is up; these stages weren't reached.
    TimedOut(Vec<Stage>),
    /// An object whose condition is never reached any more, and why.
    Refused(Box<Object>, String),
}

/// Reasons of a false condition that pass by themselves.
const PASSING: [&str; 2] = ["ModuleUnreadable", "CompilerFailed"];

impl Awaited {
    /// How it stands in the object as it is stored.
    fn stage(&self, stored: Option<&Object>) -> Stage {
        let found = stored.and_then(|stored| condition(&stored.value, self.condition));
        let current = found.filter(|condition| self.is_current(condition));
        Stage {
            text: format!("{} to be {}", self.object.display_name(), self.condition),
            reason: match (stored, current) {
                (None, _) => Some("it isn't there".to_owned()),
                (_, current) => current.and_then(message),
            },
            done: current.is_some_and(|condition| condition["status"] == "True"),
        }
    }

    /// Why it is never reached any more.
    fn refusal(&self, stored: &Object) -> Option<String> {
        let needed = condition(&stored.value, self.needs?)?;
        let passes = PASSING.iter().any(|reason| needed["reason"] == *reason);
        let refused = needed["status"] == "False" && !passes && self.is_current(needed);
        refused.then(|| message(needed)).flatten()
    }

    /// Not every kind says which generation a condition is about.
    fn is_current(&self, condition: &Value) -> bool {
        let applied = self.object.value.pointer("/metadata/generation");
        match (
            condition["observedGeneration"].as_i64(),
            applied.and_then(Value::as_i64),
        ) {
            (Some(observed), Some(applied)) => observed >= applied,
            _ => true,
        }
    }
}

impl Cluster {
    /// Waits until all conditions are true, or one never will be, and shows every look. A time
    /// limit of zero looks once.
    pub(crate) async fn wait_conditions(
        &self,
        awaited: &[Awaited],
        limit: Duration,
        mut show: impl FnMut(&[Stage]),
    ) -> Result<Waited, ClusterError> {
        let deadline = Instant::now() + limit;
        loop {
            let mut stages = Vec::new();
            for one in awaited {
                let stored = self.get(&one.object).await?;
                if let Some(why) = stored.as_ref().and_then(|stored| one.refusal(stored)) {
                    return Ok(Waited::Refused(Box::new(one.object.clone()), why));
                }
                stages.push(one.stage(stored.as_ref()));
            }
            show(&stages);
            stages.retain(|stage| !stage.done);
            if stages.is_empty() {
                return Ok(Waited::Reached);
            }
            if Instant::now() + INTERVAL > deadline {
                return Ok(Waited::TimedOut(stages));
            }
            sleep(INTERVAL).await;
        }
    }
}

/// A condition as a status has it.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions
        .iter()
        .find(|condition| condition["type"] == kind)
}

/// What a condition says for people, if it says anything.
pub(crate) fn message(condition: &Value) -> Option<String> {
    let said = |member: &str| condition[member].as_str().filter(|text| !text.is_empty());
    let said = said("message").or_else(|| said("reason"));
    said.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is awaited of this generation, and the object with a condition.
    fn of(generation: i64, condition: &Value) -> (Awaited, Object) {
        let object = |status: Value| {
            Object::from_value(json!({
                "apiVersion": "a/v1", "kind": "K",
                "metadata": {"name": "n", "generation": generation}, "status": status,
            }))
        };
        let awaited = Awaited {
            object: object(Value::Null),
            condition: "Ready",
            needs: Some("Sound"),
        };
        (awaited, object(json!({"conditions": [condition]})))
    }

    fn stage(generation: i64, condition: &Value) -> Stage {
        let (awaited, stored) = of(generation, condition);
        awaited.stage(Some(&stored))
    }

    #[test]
    fn what_it_needs_ends_the_waiting_when_it_is_false_for_good() {
        let refusal = |status, observed, reason| {
            let condition = json!({"type": "Sound", "status": status, "reason": reason,
                "observedGeneration": observed, "message": "m"});
            let (awaited, stored) = of(2, &condition);
            awaited.refusal(&stored)
        };
        assert_eq!(refusal("False", 2, "InvalidSettings").as_deref(), Some("m"));
        for other in [
            refusal("False", 1, "InvalidSettings"),
            refusal("Unknown", 2, "Loading"),
            refusal("False", 2, "ModuleUnreadable"),
        ] {
            assert_eq!(other, None);
        }
    }

    #[test]
    fn a_condition_counts_when_it_is_true_and_about_what_was_applied() {
        let ready = |status, observed| json!({"type": "Ready", "status": status, "observedGeneration": observed, "message": "m"});
        assert!(stage(2, &ready("True", 2)).done);
        let early = stage(2, &ready("True", 1));
        assert!(!early.done && early.reason.is_none(), "{early}");
        let refused = stage(2, &ready("False", 2));
        assert_eq!(refused.to_string(), "k.a/n to be Ready (m)");
        assert!(!refused.done);
        assert!(stage(2, &json!({"type": "Ready", "status": "True"})).done);
        assert!(!stage(2, &json!({"type": "Other", "status": "True"})).done);
    }
}
