//! Every place in an object.

use serde_json::Value;

/// RFC 6901 pointers to every place below `value`, each before those below it: where a property
/// test puts nonsense.
#[must_use]
pub fn pointers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &Value, at: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(key, member)| (crate::join(at, key), member))
                .collect()
        }
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            elements
                .map(|(index, element)| (format!("{at}/{index}"), element))
                .collect()
        }
        _ => Vec::new(),
    };
    for (path, value) in below {
        found.push(path.clone());
        collect(value, &path, found);
    }
}
