//! One admission review, as a policy sees it.

use crate::document::Document;
use crate::node::Node;
use crate::verdict::Finding;

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
    /// Notes wrong types.
    pub(crate) object: Document,
    pub(crate) old_object: Option<Document>,
}

impl Review {
    /// The object under review. Reading a field of a wrong type from it is a finding.
    pub fn object(&self) -> Node<'_> {
        self.object.root()
    }

    /// On [`Operation::Update`]: the object as it is stored.
    pub fn old_object(&self) -> Option<Node<'_>> {
        self.old_object.as_ref().map(Document::root)
    }

    pub(crate) fn take_wrong_types(&self) -> Vec<Finding> {
        self.object.take_wrong_types()
    }
}
