//! What the author of a stored object wrote, without what defaults and webhooks added: the fields
//! that were applied by a manager, as the API server lists them (`metadata.managedFields`,
//! FieldsV1: `f:` names a member, `k:` an element of a list by its keys, `v:` one by its value).

use serde_json::{Map, Value};

/// The part of `stored` that `manager` applied; none where it never applied anything.
pub(super) fn authored(stored: &Value, manager: &str) -> Option<Value> {
    let entries = stored.pointer("/metadata/managedFields")?.as_array()?;
    let is_applied = |entry: &&Value| entry["manager"] == manager && entry["operation"] == "Apply";
    let fields = entries.iter().find(is_applied)?.get("fieldsV1")?;
    let mut object = part(stored, fields);
    let members = object.as_object_mut()?;
    // What tells which object it is belongs to nobody.
    for key in ["apiVersion", "kind"] {
        members.insert(key.to_owned(), stored[key].clone());
    }
    for key in ["name", "namespace"] {
        let metadata = members
            .entry("metadata")
            .or_insert_with(|| Map::new().into());
        metadata[key] = stored["metadata"][key].clone();
    }
    Some(object)
}

/// The members and elements of `value` that `fields` lists; all of it where they list none.
fn part(value: &Value, fields: &Value) -> Value {
    let below = |fields: &Map<String, Value>| fields.keys().any(|key| key != ".");
    let Some(fields) = fields.as_object().filter(|fields| below(fields)) else {
        return value.clone();
    };
    match value {
        Value::Object(members) => {
            let owned = members.iter().filter_map(|(key, member)| {
                let fields = fields.get(&format!("f:{key}"))?;
                Some((key.clone(), part(member, fields)))
            });
            Value::Object(owned.collect())
        }
        Value::Array(elements) => {
            let owned = elements.iter().filter_map(|element| {
                let mut listed = fields.iter();
                let (_, fields) = listed.find(|(key, _)| is_element(key, element))?;
                Some(part(element, fields))
            });
            Value::Array(owned.collect())
        }
        scalar => scalar.clone(),
    }
}

/// Whether `key`, such as `k:{"name":"a"}` or `v:"a"`, means this element.
fn is_element(key: &str, element: &Value) -> bool {
    let read = |json: &str| serde_json::from_str::<Value>(json).ok();
    if let Some(keys) = key.strip_prefix("k:").and_then(read) {
        let keys = keys.as_object();
        return keys.is_some_and(|keys| keys.iter().all(|(key, value)| &element[key] == value));
    }
    key.strip_prefix("v:").and_then(read).as_ref() == Some(element)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::authored;

    fn stored() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "a", "namespace": "b", "labels": {"ours": "1", "theirs": "2"},
                "finalizers": ["x", "y"],
                "managedFields": [
                    {"manager": "me", "operation": "Update", "fieldsV1": {"f:spec": {}}},
                    {"manager": "me", "operation": "Apply", "fieldsV1": {
                        "f:metadata": {"f:labels": {"f:ours": {}}, "f:finalizers": {"v:\"y\"": {}}},
                        "f:spec": {
                            "f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:args": {}}},
                        },
                    }},
                ],
            },
            "spec": {
                "defaulted": true,
                "containers": [{"name": "c", "args": ["1"], "tty": false}, {"name": "injected"}],
            },
        })
    }

    #[test]
    fn what_others_and_defaults_added_is_left_out() {
        let expected = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "a", "namespace": "b", "labels": {"ours": "1"}, "finalizers": ["y"],
            },
            "spec": {"containers": [{"name": "c", "args": ["1"]}]},
        });
        assert_eq!(authored(&stored(), "me"), Some(expected));
    }

    #[test]
    fn who_never_applied_wrote_nothing() {
        assert_eq!(authored(&stored(), "you"), None);
        assert_eq!(authored(&json!({"metadata": {}}), "me"), None);
    }
}
