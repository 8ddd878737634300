//! The walk over the old and the new immutable part.

use std::collections::{BTreeMap, BTreeSet};

use sdk::{Patch, join};
use serde_json::{Map, Value};
use workload::WorkloadKind;

use super::difference::{Difference, excerpt, shorten};
use super::keys;
use super::same;

/// What the author applied before and now, at one place; none where either is unknown.
type Applied<'v> = Option<(&'v Value, &'v Value)>;

/// The walk, with what it found so far.
pub(super) struct Walk<'p> {
    /// What restores the old values.
    pub(super) patch: Patch,
    /// What the new object says differently.
    pub(super) differences: Vec<Difference>,
    /// Where the immutable part stands.
    part: &'p str,
    kind: WorkloadKind,
    suspended: bool,
}

impl<'p> Walk<'p> {
    pub(super) fn new(part: &'p str, kind: WorkloadKind, suspended: bool) -> Self {
        Self {
            patch: Patch::default(),
            differences: Vec::new(),
            part,
            kind,
            suspended,
        }
    }

    /// Compares the two values at `path`, which both exist.
    pub(super) fn value(&mut self, path: &str, old: &Value, new: &Value, applied: Applied<'_>) {
        if self.is_free(path) || (old == new && applied.is_none()) {
            return;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.object(path, old, new, applied),
            (Value::Array(old), Value::Array(new)) => self.list(path, old, new, applied),
            _ if old == new => {}
            _ if same::holds_quantity(path) && same::is_same_quantity(old, new) => {
                self.patch.replace(path, old.clone());
            }
            _ => self.changed(path, old, new),
        }
    }

    fn object(
        &mut self,
        path: &str,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        applied: Applied<'_>,
    ) {
        for (key, was) in old {
            let path = join(path, key);
            let is_removed = !was.is_null() && self.is_removed(&path, key, applied);
            if is_removed {
                self.removed(&path, was);
            }
            match new.get(key) {
                None => self.add(&path, was),
                Some(Value::Null) if was.is_null() => {}
                Some(Value::Null) => self.add(&path, was),
                Some(found) if was.is_null() => self.added(&path, key, found),
                Some(found) if same::is_absent(key, was) && same::is_absent(key, found) => {
                    self.respell(&path, was, found);
                }
                Some(found) => self.value(&path, was, found, member(applied, key)),
            }
        }
        for (key, found) in new {
            if !old.contains_key(key) {
                self.added(&join(path, key), key, found);
            }
        }
    }

    fn list(&mut self, path: &str, old: &[Value], new: &[Value], applied: Applied<'_>) {
        let name = path.rsplit('/').next().unwrap_or_default();
        match keys::of_list(name) {
            Some(keys) => self.keyed(path, old, new, keys, applied),
            None if old.len() == new.len() => {
                for (at, (was, found)) in old.iter().zip(new).enumerate() {
                    self.value(&join(path, &at.to_string()), was, found, None);
                }
            }
            None => self.changed_list(path, old, new),
        }
    }

    fn keyed(
        &mut self,
        path: &str,
        old: &[Value],
        new: &[Value],
        keys: &[&str],
        applied: Applied<'_>,
    ) {
        let (old_keys, new_keys) = (keys::of_elements(old, keys), keys::of_elements(new, keys));
        let applied = AppliedList::of(applied, keys);
        let pairs = pair(&old_keys, &new_keys);
        for (at, pair) in pairs.iter().enumerate() {
            let path = join(path, &at.to_string());
            match pair {
                Some(was) => {
                    let applied = applied.element(&old_keys[*was]);
                    self.value(&path, &old[*was], &new[at], applied);
                }
                None => {
                    let found = excerpt(&new[at]);
                    self.differences.push(Difference::Added { path, found });
                }
            }
        }
        let known: Vec<usize> = pairs.iter().copied().flatten().collect();
        if !known.is_sorted() {
            let order = |keys: &[String]| shorten(keys.join(", "));
            self.differences.push(Difference::Reordered {
                path: path.to_owned(),
                found: order(&new_keys),
                was: order(&old_keys),
            });
        }
        // In the old order: before each missing element stand all that were before it.
        let is_whole = known.len() == pairs.len() && known.is_sorted();
        let paired: BTreeSet<usize> = known.into_iter().collect();
        let names: BTreeSet<&String> = new_keys.iter().collect();
        for (at, was) in old.iter().enumerate() {
            let path = join(path, &at.to_string());
            let is_paired = paired.contains(&at);
            let is_renamed = is_paired && !names.contains(&old_keys[at]);
            if !is_renamed && applied.lost(&old_keys[at]) {
                self.removed(&path, was);
            }
            if is_whole && !is_paired {
                self.add(&path, was);
            }
        }
    }

    /// Whether the author took the member `key` at `path` out of the manifest.
    fn is_removed(&self, path: &str, key: &str, applied: Applied<'_>) -> bool {
        let has = |value: &Value| value.get(key).is_some_and(|value| !value.is_null());
        applied.is_some_and(|(before, now)| has(before) && !has(now)) && !self.is_free(path)
    }

    fn add(&mut self, path: &str, was: &Value) {
        if let Some(was) = self.restorable(path, was) {
            self.patch.add(path, was);
        }
    }

    /// What of the old value at `path` is restored where the new object has nothing there: all
    /// of it but the fields that are free to change.
    fn restorable(&self, path: &str, was: &Value) -> Option<Value> {
        if !self.suspended {
            return Some(was.clone());
        }
        if self.is_free(path) {
            return None;
        }
        let Value::Object(members) = was else {
            return Some(was.clone());
        };
        let kept: Map<String, Value> = members
            .iter()
            .filter_map(|(key, value)| {
                Some((key.clone(), self.restorable(&join(path, key), value)?))
            })
            .collect();
        (members.is_empty() || !kept.is_empty()).then_some(Value::Object(kept))
    }

    fn added(&mut self, path: &str, key: &str, found: &Value) {
        if self.is_free(path) {
            return;
        }
        if same::is_absent(key, found) {
            self.patch.remove(path);
            return;
        }
        let (path, found) = (path.to_owned(), excerpt(found));
        self.differences.push(Difference::Added { path, found });
    }

    /// Two ways to write nothing: the stored one stays.
    fn respell(&mut self, path: &str, was: &Value, found: &Value) {
        if was != found && !self.is_free(path) {
            self.patch.replace(path, was.clone());
        }
    }

    fn removed(&mut self, path: &str, was: &Value) {
        let (path, was) = (path.to_owned(), excerpt(was));
        self.differences.push(Difference::Removed { path, was });
    }

    fn changed(&mut self, path: &str, old: &Value, new: &Value) {
        self.differences.push(Difference::Changed {
            path: path.to_owned(),
            found: excerpt(new),
            was: excerpt(old),
        });
    }

    fn changed_list(&mut self, path: &str, old: &[Value], new: &[Value]) {
        self.changed(path, &Value::from(old), &Value::from(new));
    }

    /// Whether the field at `path` may change: part of the template of a suspended object.
    fn is_free(&self, path: &str) -> bool {
        if !self.suspended {
            return false;
        }
        let below = path.strip_prefix(self.part).unwrap_or_default();
        let tokens: Vec<&str> = below.split('/').skip(1).collect();
        let of_template = match (self.kind, tokens.as_slice()) {
            (WorkloadKind::JobSet, [_, "template", "spec", "template", rest @ ..]) => rest,
            (WorkloadKind::JobSet, _) => return false,
            (_, rest) => rest,
        };
        match of_template {
            ["metadata", "annotations" | "labels", ..]
            | [
                "spec",
                "nodeSelector" | "tolerations" | "schedulingGates",
                ..,
            ] => true,
            ["spec", "affinity", "nodeAffinity", ..] => self.kind == WorkloadKind::Job,
            _ => false,
        }
    }
}

/// For each new element the old one of the same key. Where one element alone changed its key, it
/// is taken for the old one in its place, so that the finding names the key.
fn pair(old: &[String], new: &[String]) -> Vec<Option<usize>> {
    let mut places: BTreeMap<&str, usize> = old.iter().map(String::as_str).zip(0..).collect();
    let mut pairs: Vec<Option<usize>> = new.iter().map(|key| places.remove(key.as_str())).collect();
    let unpaired = |at: &usize| pairs[*at].is_none();
    let unknown: Vec<usize> = (0..new.len()).filter(unpaired).collect();
    let missing: Vec<usize> = places.into_values().collect();
    if let ([at], [was]) = (unknown.as_slice(), missing.as_slice())
        && at == was
        && old.len() == new.len()
    {
        pairs[*at] = Some(*was);
    }
    pairs
}

fn member<'v>(applied: Applied<'v>, key: &str) -> Applied<'v> {
    let (before, now) = applied?;
    before.get(key).zip(now.get(key))
}

/// A keyed list as the author applied it before and now.
struct AppliedList<'v> {
    before: BTreeMap<String, &'v Value>,
    now: BTreeMap<String, &'v Value>,
}

impl<'v> AppliedList<'v> {
    fn of(applied: Applied<'v>, keys: &[&str]) -> Self {
        let keyed = |value: &'v Value| {
            let elements = value.as_array().map_or(&[][..], Vec::as_slice);
            let all = keys::of_elements(elements, keys);
            all.into_iter().zip(elements).collect()
        };
        let (before, now) = applied.map_or_else(Default::default, |(before, now)| {
            (keyed(before), keyed(now))
        });
        Self { before, now }
    }

    fn element(&self, key: &str) -> Applied<'v> {
        let (before, now) = (self.before.get(key)?, self.now.get(key)?);
        Some((before, now))
    }

    /// Whether the author took the element out of the list.
    fn lost(&self, key: &str) -> bool {
        self.before.contains_key(key) && !self.now.contains_key(key)
    }
}
