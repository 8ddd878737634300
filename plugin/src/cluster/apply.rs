//! Server-side apply, object by object.

use std::fmt;

use k8s_openapi::api::core::v1::Namespace;
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

/// Why not all objects were applied.
#[derive(Debug)]
pub(crate) struct ApplyFailure {
    /// Those that were, as kubectl names them.
    pub(crate) applied: Vec<String>,
    /// Those that weren't.
    pub(crate) open: Vec<String>,
    /// What stopped it.
    pub(crate) cause: ClusterError,
}

/// Applies objects in order, and tells each. First the server goes through all of them without
/// storing any, so that a conflict or a refusal leaves nothing half done.
pub(crate) async fn apply_all(
    cluster: &Cluster,
    objects: &[Object],
    options: &ApplyOptions,
    mut tell: impl FnMut(&Object, Outcome),
) -> Result<Vec<Object>, ApplyFailure> {
    rehearse(cluster, objects, options)
        .await
        .map_err(|cause| ApplyFailure {
            applied: Vec::new(),
            open: names(objects),
            cause,
        })?;
    let mut results: Vec<Object> = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let (result, outcome) = match cluster.apply(object, options).await {
            Ok(applied) => applied,
            Err(cause) if options.dry_run && misses_namespace_of(objects, object, &cause) => {
                (object.clone(), Outcome::Created)
            }
            Err(cause) => {
                let stored = if options.dry_run { &[] } else { &results[..] };
                return Err(ApplyFailure {
                    applied: names(stored),
                    open: names(objects.get(index..).unwrap_or_default()),
                    cause,
                });
            }
        };
        tell(&result, outcome);
        results.push(result);
    }
    Ok(results)
}

fn names(objects: &[Object]) -> Vec<String> {
    objects.iter().map(Object::display_name).collect()
}

/// All conflicts of all objects, or the first other refusal.
async fn rehearse(
    cluster: &Cluster,
    objects: &[Object],
    options: &ApplyOptions,
) -> Result<(), ClusterError> {
    let rehearsal = options.rehearsal();
    let mut all = Vec::new();
    for object in objects {
        match cluster.apply(object, &rehearsal).await {
            Ok(_) => {}
            Err(cause) if misses_namespace_of(objects, object, &cause) => {}
            Err(ClusterError::Conflict(conflicts)) => all.extend(conflicts),
            Err(cause) => return Err(cause),
        }
    }
    if all.is_empty() {
        Ok(())
    } else {
        Err(ClusterError::Conflict(all))
    }
}

/// Does the server only miss the namespace that one of the objects before makes? A dry run
/// doesn't make it.
fn misses_namespace_of(objects: &[Object], object: &Object, cause: &ClusterError) -> bool {
    let missing = cause.missing_namespace();
    missing.is_some()
        && missing == object.namespace.as_deref()
        && objects
            .iter()
            .any(|made| made.is::<Namespace>() && Some(made.name.as_str()) == missing)
}

impl ApplyOptions {
    /// The same, with nothing stored.
    pub(super) fn rehearsal(&self) -> Self {
        Self {
            dry_run: true,
            ..self.clone()
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
        })
    }
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
