//! Objects as the API server stores them.

use admission::json_patch::Patch;
use serde_json::{Map, Value};

/// The characters that Kubernetes makes up for a volume's name or a generated name.
const MADE_UP: usize = 5;
const TOKEN_VOLUME: &str = "kube-api-access-";

/// What is left of a stored object without what differs from one create to the next.
pub(crate) fn lasting(object: &Value) -> Value {
    let uid = object["metadata"]["uid"].as_str();
    let text = match uid {
        // A Job's selector and labels hold it.
        Some(uid) => object.to_string().replace(uid, "UID"),
        None => object.to_string(),
    };
    let mut lasting: Value =
        serde_json::from_str(&without_volume_suffix(&text)).expect("JSON stays JSON");
    let metadata = lasting["metadata"].as_object_mut();
    let metadata = metadata.expect("a stored object has metadata");
    for own in [
        "uid",
        "creationTimestamp",
        "managedFields",
        "generation",
        "resourceVersion",
    ] {
        metadata.remove(own);
    }
    if metadata.contains_key("generateName") {
        metadata.remove("name");
    }
    lasting
        .as_object_mut()
        .and_then(|object| object.remove("status"));
    lasting
}

/// Operations of a patch that don't hold in the stored object. `completed` is the submitted
/// object with the patch applied.
pub(crate) fn missing(patch: &Patch, completed: &Value, stored: &Value) -> Vec<String> {
    let paths = patch.0.iter().map(|operation| operation.path().as_str());
    let missing = paths.filter(|path| match completed.pointer(path) {
        Some(wanted) => !stored
            .pointer(path)
            .is_some_and(|found| holds(wanted, found)),
        None => stored.pointer(path).is_some(),
    });
    missing.map(str::to_owned).collect()
}

/// Places where the objects differ and that no operation of the patch accounts for.
pub(crate) fn unaccounted(patch: &Patch, without: &Value, with: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    differ(without, with, &mut String::new(), &mut differences);
    let accounts = |path: &str, difference: &str| {
        let rest = difference.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            // What the patch adds may bring an object along that wasn't there.
            || path.strip_prefix(difference).is_some_and(|rest| rest.starts_with('/'))
    };
    differences.retain(|difference| {
        let mut paths = patch.0.iter().map(|operation| operation.path().as_str());
        !paths.any(|path| accounts(path, difference))
    });
    differences
}

/// Whether all of `wanted` stands in `found`. Go leaves out zero values and writes quantities as
/// text.
fn holds(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted
            .iter()
            .all(|(name, value)| member_holds(value, found, name)),
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(a, b)| holds(a, b))
        }
        (Value::Number(wanted), Value::String(found)) => wanted.to_string() == *found,
        _ => wanted == found,
    }
}

fn member_holds(wanted: &Value, found: &Map<String, Value>, name: &str) -> bool {
    match found.get(name) {
        Some(found) => holds(wanted, found),
        None => is_zero(wanted),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) | Value::Bool(true) => false,
    }
}

/// Collects the pointers of the outermost places where two values differ.
fn differ(a: &Value, b: &Value, path: &mut String, differences: &mut Vec<String>) {
    let members: Vec<(String, Option<&Value>, Option<&Value>)> = match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a
                .keys()
                .chain(b.keys().filter(|name| !a.contains_key(*name)));
            names
                .map(|name| (token(name), a.get(name), b.get(name)))
                .collect()
        }
        (Value::Array(a), Value::Array(b)) => (0..a.len().max(b.len()))
            .map(|index| (index.to_string(), a.get(index), b.get(index)))
            .collect(),
        _ => {
            if a != b {
                differences.push(path.clone());
            }
            return;
        }
    };
    for (token, a, b) in members {
        let length = path.len();
        path.push('/');
        path.push_str(&token);
        match (a, b) {
            (Some(a), Some(b)) => differ(a, b, path, differences),
            _ => differences.push(path.clone()),
        }
        path.truncate(length);
    }
}

/// A member's name as a part of an RFC 6901 pointer.
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn without_volume_suffix(text: &str) -> String {
    let mut parts = text.split(TOKEN_VOLUME);
    let mut joined = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        joined.push_str(TOKEN_VOLUME);
        joined.push_str(part.get(MADE_UP..).unwrap_or_default());
    }
    joined
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patch(path: &str) -> Patch {
        let operations = json!([{"op": "add", "path": path, "value": {"a": 4, "empty": ""}}]);
        serde_json::from_value(operations).expect("it is a patch")
    }

    #[test]
    fn an_operation_holds_where_the_stored_value_says_the_same_or_more() {
        let completed = json!({"spec": {"a": 4, "empty": ""}});
        let stored = json!({"spec": {"a": "4", "more": true}});
        assert!(missing(&patch("/spec"), &completed, &stored).is_empty());
        let stored = json!({"spec": {"a": "5"}});
        assert_eq!(missing(&patch("/spec"), &completed, &stored), ["/spec"]);
    }

    #[test]
    fn differences_outside_of_the_patch_are_unaccounted() {
        let without = json!({"spec": {"x": 1}, "y": [1]});
        let with = json!({"spec": {"x": 2}, "y": [1, 2]});
        assert_eq!(unaccounted(&patch("/spec"), &without, &with), ["/y/1"]);
    }
}
