//! What is asked: one review, as the API server sends it or as a manifest implies it.

use serde_json::Value;

use crate::kind::{GroupVersionKind, GroupVersionResource, text};

/// What the user does to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of a stored object.
    Update,
    /// The end of a stored object.
    Delete,
    /// A connection to a subresource, such as `pods/exec`.
    Connect,
}

/// One admission review.
#[derive(Debug, Clone)]
pub struct Request {
    /// The answer must carry it.
    pub uid: String,
    /// What the object is.
    pub kind: GroupVersionKind,
    /// Where it is written to.
    pub resource: GroupVersionResource,
    /// Empty where the review is about the object itself.
    pub sub_resource: String,
    /// Empty where the API server still has to make a name from `generateName`.
    pub name: String,
    /// None for cluster-scoped objects.
    pub namespace: Option<String>,
    /// What is done.
    pub operation: Operation,
    /// Whether nothing will be stored.
    pub dry_run: bool,
    /// None on [`Operation::Delete`]; without its `metadata.managedFields`, as the old one.
    pub object: Option<Value>,
    /// What is stored, on [`Operation::Update`] and [`Operation::Delete`].
    pub old_object: Option<Value>,
    /// Who asks, as the API server says it; null when judging a manifest.
    pub user_info: Value,
}

/// Why a manifest can't be reviewed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A list or scalar stands where an object should.
    #[error("found {found}, expected an object with apiVersion and kind")]
    NotAnObject {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// A member that every object has is absent or null.
    #[error("the object has no {member}")]
    Missing {
        /// `apiVersion` or `kind`.
        member: &'static str,
    },
    /// A member that every object has is no text.
    #[error("{member} is {found}, expected a string")]
    NotText {
        /// `apiVersion` or `kind`.
        member: &'static str,
        /// The JSON type that was found.
        found: &'static str,
    },
}

impl Request {
    /// The review of creating `object`. Kinds that are known to be cluster-scoped get no
    /// namespace, all others the object's own or `default_namespace`.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn from_manifest(object: Value, default_namespace: &str) -> Result<Self, ManifestError> {
        if !object.is_object() {
            let found = type_name(&object);
            return Err(ManifestError::NotAnObject { found });
        }
        let kind = GroupVersionKind::new(member(&object, "apiVersion")?, member(&object, "kind")?);
        let namespace = match text(&object, &["metadata", "namespace"]) {
            _ if kind.is_cluster_scoped() => None,
            Some(namespace) if !namespace.is_empty() => Some(namespace.to_owned()),
            _ => Some(default_namespace.to_owned()),
        };
        let name = text(&object, &["metadata", "name"]).unwrap_or_default();
        Ok(Self {
            uid: String::new(),
            resource: kind.resource(),
            kind,
            sub_resource: String::new(),
            name: name.to_owned(),
            namespace,
            operation: Operation::Create,
            dry_run: false,
            object: Some(without_managed_fields(object)),
            old_object: None,
            user_info: Value::Null,
        })
    }

    /// The same review as an update of `old_object`.
    #[must_use]
    pub fn updating(self, old_object: Value) -> Self {
        Self {
            operation: Operation::Update,
            old_object: Some(without_managed_fields(old_object)),
            ..self
        }
    }

    /// What is judged: the object, or on [`Operation::Delete`] the one that goes.
    #[must_use]
    pub fn subject(&self) -> Option<&Value> {
        match self.operation {
            Operation::Delete => self.old_object.as_ref(),
            _ => self.object.as_ref(),
        }
    }
}

/// The object without the API server's record of who wrote which field: that is a third of a
/// small object, which each policy would read, and nothing that one may judge or change.
pub(crate) fn without_managed_fields(mut object: Value) -> Value {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.shift_remove("managedFields");
    }
    object
}

/// The JSON type of a value, with its article.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn member<'a>(object: &'a Value, member: &'static str) -> Result<&'a str, ManifestError> {
    match object.get(member) {
        None | Some(Value::Null) => Err(ManifestError::Missing { member }),
        Some(Value::String(text)) if text.is_empty() => Err(ManifestError::Missing { member }),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(ManifestError::NotText {
            member,
            found: type_name(other),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_becomes_a_creation_in_its_namespace() {
        let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        let request = Request::from_manifest(object, "default").unwrap();
        assert_eq!(request.namespace.as_deref(), Some("default"));
        assert_eq!(request.resource.resource, "pods");
        assert_eq!(request.operation, Operation::Create);
    }

    #[test]
    fn managed_fields_are_no_business_of_policies() {
        let object = |managed| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"managedFields": managed, "name": "a"}});
        let request = Request::from_manifest(object(json!([{"manager": "me"}])), "default");
        let request = request.unwrap().updating(object(json!("none")));
        let bare = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        assert_eq!(request.object, Some(bare.clone()));
        assert_eq!(request.old_object, Some(bare));
    }

    #[test]
    fn cluster_scoped_kinds_have_no_namespace() {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
        let request = Request::from_manifest(object, "default").unwrap();
        assert_eq!(request.namespace, None);
    }

    #[test]
    fn what_is_no_object_of_a_kind_is_refused_by_member() {
        let refused = |object| Request::from_manifest(object, "default").unwrap_err();
        let found = "a list";
        assert_eq!(refused(json!([])), ManifestError::NotAnObject { found });
        let member = "kind";
        let missing = ManifestError::Missing { member };
        assert_eq!(refused(json!({"apiVersion": "v1"})), missing);
        let found = "a number";
        let not_text = ManifestError::NotText { member, found };
        assert_eq!(refused(json!({"apiVersion": "v1", "kind": 1})), not_text);
    }
}
