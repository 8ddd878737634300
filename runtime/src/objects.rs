//! Objects that answer `cluster`: recorded ones, or what is known of a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::collection::Collection;
use crate::grants::Grant;

/// Where objects without a namespace are taken to stand, as for `kubectl`.
const DEFAULT_NAMESPACE: &str = "default";

/// Objects in memory that policies may read by grant. Cheap to clone: a copy shares what has not
/// changed since, so that a review can be judged by one state of the cluster.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    kinds: BTreeMap<Grant, Held>,
    /// Whether nothing is known of the kinds that aren't here. Otherwise there are no such objects.
    others_unknown: bool,
}

/// What is held of a kind.
#[derive(Debug, Clone)]
enum Held {
    All(Arc<Collection>),
    TooMany(Arc<str>),
}

/// Why there is nothing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotHeld {
    /// Nothing is known of the kind, or not yet.
    Unknown,
    /// There is more of it than is kept, in words.
    TooMany(Arc<str>),
}

/// Why an object can't be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the object has no {member}")]
pub struct ObjectError {
    /// `apiVersion`, `kind` or `metadata.name`.
    pub member: &'static str,
}

impl Objects {
    /// What is known of a cluster: nothing of any kind, so far.
    #[must_use]
    pub fn of_a_cluster() -> Self {
        Self {
            others_unknown: true,
            ..Self::default()
        }
    }

    /// Records an object; a later one of the same name replaces it.
    ///
    /// # Errors
    /// It lacks apiVersion, kind or name.
    pub fn insert(&mut self, object: &Value) -> Result<(), ObjectError> {
        let text = |pointer: &str, member| {
            let found = object.pointer(pointer).and_then(Value::as_str);
            found.map(str::to_owned).ok_or(ObjectError { member })
        };
        let api_version = text("/apiVersion", "apiVersion")?;
        let kind = text("/kind", "kind")?;
        let name = text("/metadata/name", "metadata.name")?;
        let is_cluster_scoped =
            admission::GroupVersionKind::new(&api_version, &kind).is_cluster_scoped();
        let namespace = match text("/metadata/namespace", "metadata.namespace") {
            _ if is_cluster_scoped => String::new(),
            Ok(namespace) => namespace,
            Err(_) => DEFAULT_NAMESPACE.to_owned(),
        };
        let json = object.to_string().into_bytes().into();
        let grant = Grant { api_version, kind };
        self.change(&grant, |all| all.put(&namespace, &name, json));
        Ok(())
    }

    /// Changes what is held of a kind, of which there is nothing at first.
    pub fn change(&mut self, grant: &Grant, change: impl FnOnce(&mut Collection)) {
        if !matches!(self.kinds.get(grant), Some(Held::All(_))) {
            self.hold(grant, Collection::default());
        }
        if let Some(Held::All(all)) = self.kinds.get_mut(grant) {
            change(Arc::make_mut(all));
        }
    }

    /// These are all the objects of a kind.
    pub fn hold(&mut self, grant: &Grant, all: Collection) {
        self.kinds.insert(grant.clone(), Held::All(Arc::new(all)));
    }

    /// There are more of a kind than are kept, in words: reads are refused with them.
    pub fn hold_none(&mut self, grant: &Grant, reason: &str) {
        let held = Held::TooMany(reason.into());
        self.kinds.insert(grant.clone(), held);
    }

    /// Nothing is known of a kind any more.
    pub fn forget(&mut self, grant: &Grant) {
        self.kinds.remove(grant);
    }

    /// What is held of a kind; none where that isn't all of it.
    #[must_use]
    pub fn of(&self, grant: &Grant) -> Option<&Collection> {
        match self.kinds.get(grant)? {
            Held::All(all) => Some(all),
            Held::TooMany(_) => None,
        }
    }

    /// The object as JSON; `namespace` is none for cluster-scoped kinds.
    pub(crate) fn get(
        &self,
        grant: &Grant,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Arc<[u8]>>, NotHeld> {
        let all = self.all(grant)?;
        Ok(all.and_then(|all| all.get(namespace, name)))
    }

    /// All objects of a kind as JSON, by namespace and name.
    pub(crate) fn list(
        &self,
        grant: &Grant,
        namespace: Option<&str>,
    ) -> Result<Vec<Arc<[u8]>>, NotHeld> {
        let all = self.all(grant)?;
        Ok(all.map(|all| all.list(namespace)).unwrap_or_default())
    }

    fn all(&self, grant: &Grant) -> Result<Option<&Collection>, NotHeld> {
        match self.kinds.get(grant) {
            Some(Held::All(all)) => Ok(Some(all)),
            Some(Held::TooMany(reason)) => Err(NotHeld::TooMany(Arc::clone(reason))),
            None if self.others_unknown => Err(NotHeld::Unknown),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: &str) -> Grant {
        Grant {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
        }
    }

    fn recorded() -> Objects {
        let mut objects = Objects::default();
        for (namespace, name) in [("b", "x"), ("a", "y"), ("a", "x")] {
            let metadata = json!({"name": name, "namespace": namespace});
            let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata});
            objects.insert(&object).unwrap();
        }
        objects
    }

    #[test]
    fn objects_are_listed_by_namespace_and_name() {
        let names: Vec<String> = recorded()
            .list(&of("Pod"), None)
            .unwrap()
            .iter()
            .map(|json| serde_json::from_slice::<Value>(json).unwrap())
            .map(|pod| {
                format!(
                    "{}/{}",
                    pod["metadata"]["namespace"], pod["metadata"]["name"]
                )
            })
            .collect();
        assert_eq!(names, [r#""a"/"x""#, r#""a"/"y""#, r#""b"/"x""#]);
        assert_eq!(recorded().list(&of("Pod"), Some("a")).unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_recorded_is_not_there() {
        let pod = |name| recorded().get(&of("Pod"), Some("b"), name).unwrap();
        assert!(pod("x").is_some());
        assert!(pod("y").is_none());
        assert_eq!(recorded().list(&of("Service"), None), Ok(Vec::new()));
    }

    #[test]
    fn of_a_cluster_what_is_not_known_is_an_error_and_never_an_absence() {
        let mut objects = Objects::of_a_cluster();
        assert_eq!(objects.list(&of("Pod"), None), Err(NotHeld::Unknown));
        objects.hold(&of("Pod"), Collection::default());
        assert_eq!(objects.get(&of("Pod"), None, "x"), Ok(None));
        objects.hold_none(&of("Pod"), "too many");
        let refused = objects.get(&of("Pod"), None, "x");
        assert_eq!(refused, Err(NotHeld::TooMany("too many".into())));
        objects.forget(&of("Pod"));
        assert_eq!(objects.get(&of("Pod"), None, "x"), Err(NotHeld::Unknown));
    }

    #[test]
    fn an_object_without_a_name_is_refused() {
        let unnamed = json!({"apiVersion": "v1", "kind": "Pod"});
        let member = "metadata.name";
        let refused = Objects::default().insert(&unnamed);
        assert_eq!(refused, Err(ObjectError { member }));
    }
}
