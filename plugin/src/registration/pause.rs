//! A paused registration: every webhook in it has one more condition, which is never true, so the
//! API server asks nobody. Nothing else of it changes, so certificates are renewed and an install
//! goes on meanwhile, and taking the condition away is all that it takes to go on.

use serde_json::{Value, json};

/// Says on the registration since when, and by whom, it is paused.
pub(crate) const PAUSED: &str = "kubectl-sax.dev/paused";
/// The condition's name.
const CONDITION: &str = "kubectl-sax-paused";

/// Is this registration paused, and what does it say of that?
pub(crate) fn paused(registration: &Value) -> Option<String> {
    let said = &registration["metadata"]["annotations"][PAUSED];
    let all = webhooks(registration).all(is_paused_webhook);
    match said.as_str() {
        Some(said) => Some(said.to_owned()),
        None => (all && webhooks(registration).next().is_some()).then(String::new),
    }
}

/// Is nobody asked for this webhook's sake?
pub(crate) fn is_paused_webhook(webhook: &Value) -> bool {
    conditions(webhook).any(|condition| condition["name"] == CONDITION)
}

/// The JSON patch that pauses a registration as it was read; `None` where all of it is paused.
pub(crate) fn pausing(registration: &Value, said: &str) -> Option<Value> {
    let mut patch = vec![unchanged(registration)];
    for (at, webhook) in webhooks(registration).enumerate() {
        if is_paused_webhook(webhook) {
            continue;
        }
        let conditions = format!("/webhooks/{at}/matchConditions");
        if !webhook["matchConditions"].is_array() {
            patch.push(json!({"op": "add", "path": conditions, "value": []}));
        }
        let condition = json!({"name": CONDITION, "expression": "false"});
        // First: a condition that can't be evaluated doesn't count beside one that is false, but
        // why have it evaluated.
        patch.push(json!({"op": "add", "path": format!("{conditions}/0"), "value": condition}));
    }
    let is_said = registration["metadata"]["annotations"][PAUSED].is_string();
    if patch.len() == 1 && is_said {
        return None;
    }
    if !is_said {
        if !registration["metadata"]["annotations"].is_object() {
            patch.push(json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
        }
        patch.push(json!({"op": "add", "path": annotation(), "value": said}));
    }
    Some(patch.into())
}

/// The JSON patch by which it goes on; `None` where it isn't paused.
pub(crate) fn resuming(registration: &Value) -> Option<Value> {
    let mut patch = vec![unchanged(registration)];
    for (at, webhook) in webhooks(registration).enumerate() {
        let found = conditions(webhook).position(|condition| condition["name"] == CONDITION);
        if let Some(index) = found {
            let path = format!("/webhooks/{at}/matchConditions/{index}");
            patch.push(json!({"op": "remove", "path": path}));
        }
    }
    if registration["metadata"]["annotations"][PAUSED].is_string() {
        patch.push(json!({"op": "remove", "path": annotation()}));
    }
    (patch.len() > 1).then(|| patch.into())
}

fn unchanged(registration: &Value) -> Value {
    let version = &registration["metadata"]["resourceVersion"];
    json!({"op": "test", "path": "/metadata/resourceVersion", "value": version})
}

fn annotation() -> String {
    format!("/metadata/annotations/{}", PAUSED.replace('/', "~1"))
}

fn webhooks(registration: &Value) -> impl Iterator<Item = &Value> {
    registration["webhooks"].as_array().into_iter().flatten()
}

fn conditions(webhook: &Value) -> impl Iterator<Item = &Value> {
    webhook["matchConditions"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::Manifests;
    use crate::registration::deadlock::dangers;

    fn applied(registration: &Value, patch: Value) -> Value {
        let patch: json_patch::Patch = serde_json::from_value(patch).expect("must be a patch");
        let mut after = registration.clone();
        json_patch::patch(&mut after, &patch).expect("must apply");
        after
    }

    fn stored() -> Vec<Value> {
        let objects = Manifests::embedded().registrations.into_iter();
        let mut all: Vec<Value> = objects.map(|object| object.value).collect();
        all.push(json!({"webhooks": [{"name": "bare"}, {"name": "empty", "matchConditions": []}]}));
        for value in &mut all {
            value["metadata"]["resourceVersion"] = "7".into();
        }
        all
    }

    #[test]
    fn pausing_and_going_on_leaves_everything_as_it_was_but_for_empty_lists() {
        for registration in stored() {
            let patch = pausing(&registration, "now").expect("must be a patch");
            let paused_one = applied(&registration, patch);
            assert_eq!(paused(&paused_one).as_deref(), Some("now"));
            assert!(webhooks(&paused_one).all(is_paused_webhook));
            assert_eq!(pausing(&paused_one, "later"), None);
            let mut after = applied(&paused_one, resuming(&paused_one).expect("must be a patch"));
            assert_eq!((paused(&after), resuming(&after)), (None, None));
            for (webhook, before) in after["webhooks"]
                .as_array_mut()
                .expect("a list")
                .iter_mut()
                .zip(webhooks(&registration))
            {
                if before.get("matchConditions").is_none() {
                    webhook
                        .as_object_mut()
                        .expect("a map")
                        .remove("matchConditions");
                }
            }
            if registration["metadata"].get("annotations").is_none() {
                after["metadata"]
                    .as_object_mut()
                    .expect("a map")
                    .remove("annotations");
            }
            assert_eq!(after, registration);
        }
    }

    #[test]
    fn a_webhook_that_comes_while_we_are_paused_is_paused_the_next_time() {
        let mut registration =
            applied(&stored()[2], pausing(&stored()[2], "now").expect("a patch"));
        let new = json!({"name": "new"});
        registration["webhooks"]
            .as_array_mut()
            .expect("a list")
            .push(new);
        let again = applied(
            &registration,
            pausing(&registration, "later").expect("a patch"),
        );
        assert!(webhooks(&again).all(is_paused_webhook));
        assert_eq!(paused(&again).as_deref(), Some("now"));
    }

    #[test]
    fn what_is_paused_is_no_danger() {
        let everything = json!({"metadata": {"resourceVersion": "1"}, "webhooks": [{"name": "w",
            "rules": [{"apiGroups": ["*"], "resources": ["*/*"], "operations": ["*"]}]}]});
        assert!(!dangers([&everything], &Default::default()).is_empty());
        let paused_one = applied(&everything, pausing(&everything, "now").expect("a patch"));
        assert!(dangers([&paused_one], &Default::default()).is_empty());
    }
}
