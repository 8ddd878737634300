//! Server-side apply, object by object.

use kube::api::{Patch, PatchParams, ValidationDirective};

use super::{Cluster, ClusterError, to_object};
use crate::scaffold::Object;

/// How to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApplyOptions {
    /// Who owns the fields afterwards.
    pub(crate) field_manager: String,
    /// Take fields that others own?
    pub(crate) force: bool,
    /// Let the server go through all of it and store nothing?
    pub(crate) dry_run: bool,
}

/// What an apply did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The object is new.
    Created,
    /// It was changed.
    Configured,
    /// It was like that already.
    Unchanged,
}

impl Cluster {
    /// Applies one object and says what became of it.
    pub(crate) async fn apply(
        &self,
        object: &Object,
        options: &ApplyOptions,
    ) -> Result<(Object, Outcome), ClusterError> {
        let before = self.get(object).await?;
        let params = PatchParams {
            dry_run: options.dry_run,
            force: options.force,
            field_manager: Some(options.field_manager.clone()),
            field_validation: Some(ValidationDirective::Strict),
        };
        let patch = Patch::Apply(&object.value);
        let applied = self.api(object).patch(&object.name, &params, &patch).await;
        let applied = applied
            .map_err(|cause| self.error(cause).of_apply(&object.display_name()))
            .map(to_object)?;
        let outcome = outcome(before.as_ref(), &applied);
        Ok((applied, outcome))
    }
}

/// A server-side apply that changes nothing leaves the resource version alone.
fn outcome(before: Option<&Object>, after: &Object) -> Outcome {
    let version = |object: &Object| object.value.pointer("/metadata/resourceVersion").cloned();
    match before {
        None => Outcome::Created,
        Some(before) if version(before) == version(after) => Outcome::Unchanged,
        Some(_) => Outcome::Configured,
    }
}
