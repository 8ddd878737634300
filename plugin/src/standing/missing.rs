//! A workload that isn't there, and what was probably meant.

use std::collections::BTreeSet;

use super::{Standing, Workload};
use crate::suggest;

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
    /// The name in the namespace that looks most like it.
    suggestion: Option<String>,
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
        let near = suggest::nearest(bare, here.map(|workload| workload.name.as_str()));
        MissingWorkload {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            elsewhere: elsewhere.into_iter().collect(),
            suggestion: near.map(str::to_owned),
        }
    }
}

impl MissingWorkload {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match (self.elsewhere.first(), &self.suggestion) {
            (Some(namespace), _) => format!("write -n {namespace}"),
            (None, Some(name)) => format!("write {name}"),
            (None, None) => "`kubectl sax status -A` lists all workloads".to_owned(),
        }
    }

    fn hint(&self) -> String {
        if !self.elsewhere.is_empty() {
            return format!("; there is one in {}", self.elsewhere.join(" and "));
        }
        match &self.suggestion {
            None => String::new(),
            Some(name) => format!("; did you mean {name}?"),
        }
    }
}
