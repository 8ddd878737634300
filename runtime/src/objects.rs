//! Recorded objects that answer `cluster`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// Where objects without a namespace are taken to stand, as for `kubectl`.
const DEFAULT_NAMESPACE: &str = "default";

/// Objects in memory that policies may read by grant. Being empty of a kind means that there are
/// no such objects.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    kinds: BTreeMap<(String, String), ByName>,
}

/// By namespace (empty for cluster-scoped objects) and name, as JSON.
type ByName = BTreeMap<(String, String), Arc<[u8]>>;

/// Why an object can't be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the object has no {member}")]
pub struct ObjectError {
    /// `apiVersion`, `kind` or `metadata.name`.
    pub member: &'static str,
}

impl Objects {
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
        let objects = self.kinds.entry((api_version, kind)).or_default();
        objects.insert((namespace, name), object.to_string().into_bytes().into());
        Ok(())
    }

    /// The object as JSON; `namespace` is none for cluster-scoped kinds.
    pub(crate) fn get(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<Arc<[u8]>> {
        let of_name = |(key, _): &(&(String, String), &Arc<[u8]>)| key.1 == name;
        let mut found = self.of_kind(api_version, kind, namespace).filter(of_name);
        found.next().map(|(_, json)| Arc::clone(json))
    }

    /// All objects of a kind as JSON, by namespace and name.
    pub(crate) fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Vec<Arc<[u8]>> {
        let found = self.of_kind(api_version, kind, namespace);
        found.map(|(_, json)| Arc::clone(json)).collect()
    }

    fn of_kind(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = (&(String, String), &Arc<[u8]>)> {
        let key = (api_version.to_owned(), kind.to_owned());
        let objects = self.kinds.get(&key).into_iter().flatten();
        objects.filter(move |((found, _), _)| namespace.is_none_or(|wanted| found == wanted))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            .list("v1", "Pod", None)
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
        assert_eq!(recorded().list("v1", "Pod", Some("a")).len(), 2);
    }

    #[test]
    fn what_is_not_recorded_is_not_there() {
        assert!(recorded().get("v1", "Pod", Some("b"), "x").is_some());
        assert!(recorded().get("v1", "Pod", Some("b"), "y").is_none());
        assert!(recorded().list("v1", "Service", None).is_empty());
    }

    #[test]
    fn an_object_without_a_name_is_refused() {
        let unnamed = json!({"apiVersion": "v1", "kind": "Pod"});
        let member = "metadata.name";
        let refused = Objects::default().insert(&unnamed);
        assert_eq!(refused, Err(ObjectError { member }));
    }
}
