//! What linting found: the results that every format shows.

use admission::{Decision, Finding};
use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::input::{Manifest, Place, Unusable};

/// All of one run.
#[derive(Debug)]
pub(crate) struct Verdicts {
    /// One for each object, in reading order.
    pub(crate) results: Vec<Verdict>,
    /// What couldn't be judged.
    pub(crate) unusable: Vec<Unusable>,
}

/// What the policies say of one object.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Where the object stands.
    pub(crate) place: Place,
    /// What it is, and where it would live.
    pub(crate) subject: Subject,
    /// Findings, patch, and the object with the patch applied.
    pub(crate) decision: Decision,
}

/// What an object is called. Field order and names are the JSON contract of design §7.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subject {
    /// Such as `apps/v1`.
    pub(crate) api_version: String,
    /// Such as `Deployment`.
    pub(crate) kind: String,
    /// None for cluster-scoped kinds.
    pub(crate) namespace: Option<String>,
    /// The generateName where there is no name.
    pub(crate) name: String,
}

impl Subject {
    /// Of an object in this namespace, as the request has it.
    pub(crate) fn of(object: &Value, namespace: Option<String>) -> Self {
        let text = |pointer: &str| {
            let found = object.pointer(pointer).and_then(Value::as_str);
            found.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let name = text("/metadata/name").or_else(|| text("/metadata/generateName"));
        Self {
            api_version: text("/apiVersion").unwrap_or_default(),
            kind: text("/kind").unwrap_or_default(),
            namespace,
            name: name.unwrap_or_default(),
        }
    }

    /// The way kubectl names it: `deployment.apps/sax-admin-server`.
    pub(crate) fn display_name(&self) -> String {
        let kind = self.kind.to_lowercase();
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}/{}", self.name),
            None => format!("{kind}/{}", self.name),
        }
    }
}

impl Verdict {
    /// Of one manifest.
    pub(crate) fn new(manifest: &Manifest, namespace: Option<String>, decision: Decision) -> Self {
        Self {
            place: manifest.place.clone(),
            subject: Subject::of(&manifest.object, namespace),
            decision,
        }
    }

    /// Denials first, then warnings.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.decision.denials.iter().chain(&self.decision.warnings)
    }
}

impl Verdicts {
    /// How many denials there are.
    pub(crate) fn denials(&self) -> usize {
        let counts = self.results.iter();
        counts.map(|result| result.decision.denials.len()).sum()
    }

    /// How many warnings there are.
    pub(crate) fn warnings(&self) -> usize {
        let counts = self.results.iter();
        counts.map(|result| result.decision.warnings.len()).sum()
    }

    /// Denied where there is a denial; if `strict`, also where there is a warning.
    pub(crate) fn exit(&self, strict: bool) -> Exit {
        match (self.denials(), self.warnings()) {
            (0, 0) => Exit::Fine,
            (0, _) if !strict => Exit::Fine,
            _ => Exit::Denied,
        }
    }
}
