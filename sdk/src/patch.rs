//! RFC 6902 patches, built operation by operation.

use serde_json::{Map, Value};

use crate::node::Node;
use crate::pointer::join;

/// One operation. `test`, `move` and `copy` are not part of the contract.
#[derive(Debug, Clone, PartialEq)]
pub enum PatchOperation {
    /// Adds a member or inserts an element.
    Add(String, Value),
    /// Replaces what is there.
    Replace(String, Value),
    /// Removes what is there.
    Remove(String),
}

/// Operations in the order in which they apply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    operations: Vec<PatchOperation>,
}

impl Patch {
    /// Adds or overwrites the value at `path`.
    pub fn add(&mut self, path: impl Into<String>, value: impl Into<Value>) {
        let (path, value) = (path.into(), value.into());
        self.operations.push(PatchOperation::Add(path, value));
    }

    /// Replaces the value that stands at `path`.
    pub fn replace(&mut self, path: impl Into<String>, value: impl Into<Value>) {
        let (path, value) = (path.into(), value.into());
        self.operations.push(PatchOperation::Replace(path, value));
    }

    /// Removes the value that stands at `path`.
    pub fn remove(&mut self, path: impl Into<String>) {
        self.operations.push(PatchOperation::Remove(path.into()));
    }

    /// Adds `members` to the object at `node`, which is made where it is absent or null.
    /// Nothing happens for no members.
    pub fn add_members<'k>(
        &mut self,
        node: &Node<'_>,
        members: impl IntoIterator<Item = (&'k str, Value)>,
    ) {
        let mut members = members.into_iter().peekable();
        if members.peek().is_none() {
            return;
        }
        if node.is_present() {
            members.for_each(|(key, value)| self.add(join(node.path(), key), value));
        } else {
            let members: Map<String, Value> = members
                .map(|(key, value)| (key.to_owned(), value))
                .collect();
            self.add_missing(node, Value::Object(members));
        }
    }

    /// Appends `elements` to the array at `node`, which is made where it is absent or null.
    /// Indices are written out (never `-`), so that each operation can be checked afterwards.
    pub fn append(&mut self, node: &Node<'_>, elements: impl IntoIterator<Item = Value>) {
        let elements: Vec<Value> = elements.into_iter().collect();
        if elements.is_empty() {
            return;
        }
        match node.array_len() {
            Some(length) => {
                for (offset, element) in elements.into_iter().enumerate() {
                    self.add(format!("{}/{}", node.path(), length + offset), element);
                }
            }
            None => self.add_missing(node, Value::Array(elements)),
        }
    }

    /// Adds `value` at an absent `node`, with the objects above it that are absent too.
    pub fn add_missing(&mut self, node: &Node<'_>, value: Value) {
        let (path, value) = node.missing_root(value);
        self.add(path, value);
    }

    /// The operations so far.
    pub fn operations(&self) -> &[PatchOperation] {
        &self.operations
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The patch as an RFC 6902 document.
    pub fn to_json(&self) -> Value {
        self.operations
            .iter()
            .map(PatchOperation::to_json)
            .collect()
    }
}

impl PatchOperation {
    fn to_json(&self) -> Value {
        match self {
            Self::Add(path, value) => {
                serde_json::json!({"op": "add", "path": path, "value": value})
            }
            Self::Replace(path, value) => {
                serde_json::json!({"op": "replace", "path": path, "value": value})
            }
            Self::Remove(path) => serde_json::json!({"op": "remove", "path": path}),
        }
    }
}

/// Wraps `value` into one object per key, the last key innermost.
pub(crate) fn nest(keys: Vec<String>, value: Value) -> Value {
    let wrap = |inner, key| Value::Object(Map::from_iter([(key, inner)]));
    keys.into_iter().rev().fold(value, wrap)
}
