//! All objects of one kind, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

/// All objects of one kind, as JSON. Cheap to clone: a copy shares what has not changed since.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// By namespace; the empty one for cluster-scoped objects.
    namespaces: BTreeMap<String, Arc<ByName>>,
    objects: usize,
    bytes: usize,
}

type ByName = BTreeMap<String, Arc<[u8]>>;

impl Collection {
    /// Puts an object in; a later one of the same name replaces it.
    pub fn put(&mut self, namespace: &str, name: &str, json: Arc<[u8]>) {
        self.remove(namespace, name);
        self.objects += 1;
        self.bytes += json.len();
        let named = self.namespaces.entry(namespace.to_owned()).or_default();
        Arc::make_mut(named).insert(name.to_owned(), json);
    }

    /// Takes an object out, if it is there.
    pub fn remove(&mut self, namespace: &str, name: &str) {
        let Some(named) = self.namespaces.get_mut(namespace) else {
            return;
        };
        if let Some(json) = Arc::make_mut(named).remove(name) {
            self.objects -= 1;
            self.bytes -= json.len();
        }
        if named.is_empty() {
            self.namespaces.remove(namespace);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.objects
    }

    /// Bytes of JSON of all of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The object of a name; without a namespace in whichever is the first.
    pub(crate) fn get(&self, namespace: Option<&str>, name: &str) -> Option<Arc<[u8]>> {
        let mut found = self.within(namespace).filter_map(|named| named.get(name));
        found.next().cloned()
    }

    /// All in one namespace or in all, by namespace and name.
    pub(crate) fn list(&self, namespace: Option<&str>) -> Vec<Arc<[u8]>> {
        let found = self.within(namespace).flat_map(|named| named.values());
        found.cloned().collect()
    }

    fn within(&self, namespace: Option<&str>) -> impl Iterator<Item = &ByName> {
        let one = namespace.and_then(|name| self.namespaces.get(name));
        let all = namespace.is_none().then(|| self.namespaces.values());
        one.into_iter()
            .chain(all.into_iter().flatten())
            .map(Arc::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    #[test]
    fn objects_and_bytes_are_those_that_are_there() {
        let mut all = Collection::default();
        all.put("a", "x", json("12345"));
        all.put("b", "x", json("123"));
        all.put("a", "x", json("1"));
        assert_eq!((all.objects(), all.bytes()), (2, 4));
        all.remove("a", "x");
        all.remove("a", "x");
        all.remove("c", "x");
        assert_eq!((all.objects(), all.bytes()), (1, 3));
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut all = Collection::default();
        all.put("a", "x", json("1"));
        let copy = all.clone();
        all.put("a", "x", json("2"));
        all.put("a", "y", json("3"));
        assert_eq!(copy.get(Some("a"), "x"), Some(json("1")));
        assert_eq!(copy.list(None).len(), 1);
        assert_eq!(all.list(Some("a")), [json("2"), json("3")]);
    }
}
