//! One admission review, as a policy sees it.

use serde_json::Value;

use crate::node::Node;
use crate::verdict::{Finding, WrongTypes};

/// What the user does to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of an object that is stored.
    Update,
    /// The end of an object; `object` is the one that goes.
    Delete,
    /// A connection, such as exec.
    Connect,
}

/// Group, version and kind of the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Empty for the core group.
    pub group: String,
    /// Such as `v1alpha2`.
    pub version: String,
    /// Such as `JobSet`.
    pub kind: String,
}

/// One admission review.
#[derive(Debug)]
pub struct Review {
    /// What the user does.
    pub operation: Operation,
    /// What the object is.
    pub kind: Kind,
    /// The plural resource, such as `jobsets`.
    pub resource: String,
    /// Empty where the review is about the object itself.
    pub subresource: String,
    /// None for cluster-scoped objects.
    pub namespace: Option<String>,
    /// Empty where a name is still to be made from `generateName`.
    pub name: String,
    /// Whether nothing will be stored.
    pub dry_run: bool,
    pub(crate) object: Value,
    pub(crate) old_object: Option<Value>,
    pub(crate) wrong_types: WrongTypes,
}

impl Review {
    /// The object under review. Reading a field of a wrong type from it is a finding.
    pub fn object(&self) -> Node<'_> {
        Node::root(&self.object, Some(&self.wrong_types))
    }

    /// On [`Operation::Update`]: the object as it is stored.
    pub fn old_object(&self) -> Option<Node<'_>> {
        self.old_object.as_ref().map(Node::of)
    }

    pub(crate) fn take_wrong_types(&self) -> Vec<Finding> {
        self.wrong_types.take()
    }
}
