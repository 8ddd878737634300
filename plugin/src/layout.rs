//! What `init` writes: a deployment as a folder of files, for `kubectl apply -k` or for Helm,
//! beside the values of which `deploy -f` makes the same objects. Pure but for [`write`].

mod helm;
mod kustomize;
mod write;

use serde_json::Value;

use crate::plan::Plan;
use crate::render::{Comments, commented_yaml};
use crate::scaffold::{Object, Request, origins};
use crate::values::{SCHEMA, Values};

pub(crate) use write::{WriteError, Written, write};

/// The name of the values file.
pub(crate) const VALUES: &str = "values.yaml";
/// The name of its schema.
const VALUES_SCHEMA: &str = "values.schema.json";

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path below the folder.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

/// A deployment with all that its files say of it.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// What it was made of, with nothing left to defaults.
    pub(crate) values: &'a Values,
    /// The same, checked.
    pub(crate) request: &'a Request,
    /// Its hardware.
    pub(crate) plan: &'a Plan,
    /// Its objects.
    pub(crate) objects: &'a [Object],
}

impl File {
    fn new(path: impl Into<String>, text: String) -> Self {
        let path = path.into();
        Self { path, text }
    }
}

impl Subject<'_> {
    /// The files of a kustomization.
    pub(crate) fn kustomization(&self) -> Vec<File> {
        kustomize::files(self)
    }

    /// The files of a Helm chart.
    pub(crate) fn chart(&self) -> Vec<File> {
        helm::files(self)
    }

    /// All objects as one stream.
    pub(crate) fn stream(&self) -> String {
        let documents = self.objects.iter().map(|object| self.document(object));
        let documents: Vec<_> = documents.collect();
        format!("# {}\n{}", self.plan, documents.join("---\n"))
    }

    /// An object with comments that say where its numbers come from.
    fn document(&self, object: &Object) -> String {
        commented_yaml(&object.value, &self.origins(object))
    }

    fn origins(&self, object: &Object) -> Comments {
        origins(object, self.request, self.plan)
    }

    /// Objects by the files that they stand in, in the order of their needs.
    fn parts(&self) -> Vec<(String, Vec<&Object>)> {
        let mut parts: Vec<(String, Vec<&Object>)> = Vec::new();
        for object in self.objects {
            let component = component(object);
            match parts.iter_mut().find(|(name, _)| *name == component) {
                Some((_, objects)) => objects.push(object),
                None => parts.push((component, vec![object])),
            }
        }
        parts
    }

    /// The values file.
    fn values_file(&self, comment: &str) -> File {
        let value = serde_json::to_value(self.values).expect("values must be JSON");
        let mut comments = Comments::default();
        comments.say("/slice", self.plan.to_string());
        let yaml = commented_yaml(&value, &comments);
        let head = format!("# yaml-language-server: $schema={VALUES_SCHEMA}\n{comment}");
        File::new(VALUES, head + &yaml)
    }

    fn schema_file(&self) -> File {
        File::new(VALUES_SCHEMA, SCHEMA.to_owned())
    }
}

/// The part of the deployment that an object belongs to, as its label says.
fn component(object: &Object) -> String {
    let label = object
        .value
        .pointer("/metadata/labels/app.kubernetes.io~1component");
    label.and_then(Value::as_str).unwrap_or("others").to_owned()
}
