//! A workload that isn't there, and what was probably meant.

use std::collections::BTreeSet;

use super::{Standing, Workload};

/// How many letters a misspelt name may have wrong.
const DISTANCE: usize = 3;
/// How many suggestions a message can carry.
const SUGGESTIONS: usize = 3;

/// There is no such workload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no workload with TPU chips is called {name:?} in namespace {namespace}{}", self.hint())]
pub(crate) struct MissingWorkload {
    /// As asked for.
    name: String,
    /// Where.
    namespace: String,
    /// Other namespaces where there is one.
    elsewhere: Vec<String>,
    /// Names in the namespace that look like it.
    suggestions: Vec<String>,
}

impl Standing {
    /// The workloads of this name.
    ///
    /// # Errors
    /// Says what was probably meant where there is none.
    pub(crate) fn called(
        &self,
        name: &str,
        namespace: &str,
    ) -> Result<Vec<&Workload>, MissingWorkload> {
        let here = self.workloads.iter();
        let here = here.filter(|workload| workload.namespace == namespace);
        let called: Vec<_> = here.filter(|workload| workload.is_called(name)).collect();
        match called.is_empty() {
            true => Err(self.missing(name, namespace)),
            false => Ok(called),
        }
    }

    fn missing(&self, name: &str, namespace: &str) -> MissingWorkload {
        let called = self
            .workloads
            .iter()
            .filter(|workload| workload.is_called(name));
        let elsewhere: BTreeSet<_> = called.map(|workload| workload.namespace.clone()).collect();
        let here = self
            .workloads
            .iter()
            .filter(|workload| workload.namespace == namespace);
        let bare = name.rsplit('/').next().unwrap_or(name);
        let mut near: Vec<_> = here
            .map(|workload| (strsim::levenshtein(bare, &workload.name), &workload.name))
            .filter(|(distance, _)| *distance <= DISTANCE)
            .collect();
        near.sort();
        let suggestions = near.into_iter().take(SUGGESTIONS);
        MissingWorkload {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            elsewhere: elsewhere.into_iter().collect(),
            suggestions: suggestions.map(|(_, name)| name.clone()).collect(),
        }
    }
}

impl MissingWorkload {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match (self.elsewhere.first(), self.suggestions.first()) {
            (Some(namespace), _) => format!("write -n {namespace}"),
            (None, Some(name)) => format!("write {name}"),
            (None, None) => "`kubectl sax status -A` lists all workloads".to_owned(),
        }
    }

    fn hint(&self) -> String {
        if !self.elsewhere.is_empty() {
            return format!("; there is one in {}", self.elsewhere.join(" and "));
        }
        match self.suggestions.is_empty() {
            true => String::new(),
            false => format!("; did you mean {}?", self.suggestions.join(" or ")),
        }
    }
}
