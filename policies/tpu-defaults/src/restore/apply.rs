//! Our own patch, applied to a copy of the object, so that the checks see it restored.

use sdk::PatchOperation;
use serde_json::Value;

/// Applies operations that lead into existing parents; others change nothing.
pub(super) fn apply(operations: &[PatchOperation], object: &mut Value) {
    for operation in operations {
        let (PatchOperation::Add(path, _)
        | PatchOperation::Replace(path, _)
        | PatchOperation::Remove(path)) = operation;
        let Some((parent, token)) = path.rsplit_once('/') else {
            continue;
        };
        let token = token.replace("~1", "/").replace("~0", "~");
        if let Some(parent) = object.pointer_mut(parent) {
            apply_one(operation, parent, &token);
        }
    }
}

fn apply_one(operation: &PatchOperation, parent: &mut Value, token: &str) {
    match (operation, parent) {
        (
            PatchOperation::Add(_, value) | PatchOperation::Replace(_, value),
            Value::Object(members),
        ) => {
            members.insert(token.to_owned(), value.clone());
        }
        (PatchOperation::Remove(_), Value::Object(members)) => {
            members.shift_remove(token);
        }
        (PatchOperation::Add(_, value), Value::Array(elements)) => {
            if let Some(index) = token.parse().ok().filter(|index| *index <= elements.len()) {
                elements.insert(index, value.clone());
            }
        }
        (PatchOperation::Replace(_, value), Value::Array(elements)) => {
            let element = token
                .parse()
                .ok()
                .and_then(|index: usize| elements.get_mut(index));
            if let Some(element) = element {
                *element = value.clone();
            }
        }
        _ => {}
    }
}
