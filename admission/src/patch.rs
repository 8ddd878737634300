//! Patches are applied here before they are sent: the API server answers a patch that does not
//! apply with an internal error, whatever the failure policy.

use json_patch::{Patch, PatchOperation};
use serde_json::Value;

/// Levels of nesting that a patch may lead to. JSON readers (`serde_json` among them) stop at
/// 128, and the review around the object takes two.
pub const MAX_DEPTH: usize = 120;

/// What makes an object another one; no patch may touch it.
const IDENTITY: [&str; 6] = [
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/generateName",
    "/metadata/namespace",
    "/metadata/uid",
];

/// Why a patch is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// Only `add`, `replace` and `remove` are allowed.
    #[error("operation {index} is {operation}, expected add, replace or remove")]
    Operation {
        /// Counts from 0.
        index: usize,
        /// `move`, `copy` or `test`.
        operation: &'static str,
    },
    /// The whole object would be replaced.
    #[error("operation {index} replaces the whole object")]
    WholeObject {
        /// Counts from 0.
        index: usize,
    },
    /// Too deep for JSON readers.
    #[error("operation {index} nests deeper than {MAX_DEPTH} levels")]
    TooDeep {
        /// Counts from 0.
        index: usize,
    },
    /// The place is not there.
    #[error("operation {index} at {path} does not apply: {reason}")]
    DoesNotApply {
        /// Counts from 0.
        index: usize,
        /// Where.
        path: String,
        /// In the words of the patch library.
        reason: String,
    },
    /// The object would become another one.
    #[error("it changes {path}")]
    Identity {
        /// The member that makes the object what it is.
        path: &'static str,
    },
}

/// The object with the patch applied.
///
/// # Errors
/// See [`PatchError`].
pub fn apply(object: &Value, patch: &Patch) -> Result<Value, PatchError> {
    for (index, operation) in patch.0.iter().enumerate() {
        check(index, operation)?;
    }
    // On a copy: undoing half a patch is what `json_patch::patch` panics over.
    let mut patched = object.clone();
    json_patch::patch_unsafe(&mut patched, &patch.0).map_err(|error| PatchError::DoesNotApply {
        index: error.operation,
        path: error.path.to_string(),
        reason: error.kind.to_string(),
    })?;
    match IDENTITY
        .into_iter()
        .find(|path| object.pointer(path) != patched.pointer(path))
    {
        Some(path) => Err(PatchError::Identity { path }),
        None => Ok(patched),
    }
}

fn check(index: usize, operation: &PatchOperation) -> Result<(), PatchError> {
    let value = match operation {
        PatchOperation::Add(add) => &add.value,
        PatchOperation::Replace(replace) => &replace.value,
        PatchOperation::Remove(_) => &Value::Null,
        other => {
            let operation = name(other);
            return Err(PatchError::Operation { index, operation });
        }
    };
    let above = operation.path().tokens().count();
    if above == 0 {
        Err(PatchError::WholeObject { index })
    } else if above > MAX_DEPTH || !fits(value, MAX_DEPTH - above) {
        Err(PatchError::TooDeep { index })
    } else {
        Ok(())
    }
}

/// Whether `value` nests at most `levels` deep.
fn fits(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return !matches!(value, Value::Array(_) | Value::Object(_));
    };
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, below)),
        Value::Object(members) => members.values().all(|member| fits(member, below)),
        _ => true,
    }
}

fn name(operation: &PatchOperation) -> &'static str {
    match operation {
        PatchOperation::Add(_) => "add",
        PatchOperation::Remove(_) => "remove",
        PatchOperation::Replace(_) => "replace",
        PatchOperation::Move(_) => "move",
        PatchOperation::Copy(_) => "copy",
        PatchOperation::Test(_) => "test",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(object: Value, patch: Value) -> Result<Value, PatchError> {
        apply(&object, &serde_json::from_value(patch).unwrap())
    }

    #[test]
    fn a_patch_is_applied_in_order() {
        let patch = json!([
            {"op": "add", "path": "/spec", "value": {}},
            {"op": "add", "path": "/spec/a", "value": [1]},
            {"op": "add", "path": "/spec/a/-", "value": 2},
            {"op": "remove", "path": "/spec/a/0"},
        ]);
        assert_eq!(
            applied(json!({}), patch).unwrap(),
            json!({"spec": {"a": [2]}})
        );
    }

    #[test]
    fn only_add_replace_and_remove_are_allowed() {
        let patch = json!([{"op": "test", "path": "/kind", "value": "Pod"}]);
        let operation = "test";
        let expected = PatchError::Operation {
            index: 0,
            operation,
        };
        assert_eq!(applied(json!({"kind": "Pod"}), patch), Err(expected));
    }

    #[test]
    fn a_patch_that_fails_half_way_names_the_operation_and_the_place() {
        let patch = json!([
            {"op": "add", "path": "/a/-", "value": 1},
            {"op": "remove", "path": "/gone"},
        ]);
        let error = applied(json!({"a": []}), patch).unwrap_err();
        assert!(
            matches!(error, PatchError::DoesNotApply { index: 1, ref path, .. } if path == "/gone")
        );
    }

    #[test]
    fn the_object_stays_the_same_object() {
        let object = json!({"kind": "Pod", "metadata": {"name": "a"}});
        for (path, value) in [("/kind", json!("Job")), ("/metadata", json!({"name": "b"}))] {
            let patch = json!([{"op": "replace", "path": path, "value": value}]);
            let error = applied(object.clone(), patch).unwrap_err();
            assert!(matches!(error, PatchError::Identity { .. }));
        }
        let patch = json!([{"op": "replace", "path": "", "value": {}}]);
        assert_eq!(
            applied(object, patch),
            Err(PatchError::WholeObject { index: 0 })
        );
    }

    #[test]
    fn operations_can_not_pile_up_depth() {
        let deep = (0..100).fold(json!({}), |inner, _| json!({"a": inner}));
        let patch = json!([
            {"op": "add", "path": "/x", "value": deep},
            {"op": "add", "path": format!("/x{}/b", "/a".repeat(100)), "value": deep},
        ]);
        assert_eq!(
            applied(json!({}), patch),
            Err(PatchError::TooDeep { index: 1 })
        );
    }
}
