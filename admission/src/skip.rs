//! `kubectl-sax.dev/skip`: policies that an object's author keeps away from it, where the
//! policies' own settings allow that.
//!
//! What a workload says has to reach the Pods that it makes, and no controller copies a
//! workload's own annotations to them. So a new workload's word is written into its Pod templates:
//!
//! ```text
//!   JobSet  skip: tpu-defaults ─► Job template ─► Pod template ─► (JobSet) ─► Job ─► Pod
//! ```
//!
//! There it forges nothing: the annotation counts only for policies that may be skipped, whoever
//! wrote it. Templates of JobSets and Jobs can't change, so what comes later reaches no Pods; nor
//! does it in a Deployment, where it would start a rollout.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation};
use serde_json::{Map, Value, json};

use crate::kind::text;
use crate::patch;
use crate::policy::Policy;
use crate::request::{Operation, Request};

/// Names policies, separated by commas, that leave the object alone.
const SKIP: &str = "kubectl-sax.dev/skip";

/// Whether `policy` lets objects opt out and this one does: by its own word, or by that of each
/// of its Pod templates.
pub(crate) fn is_skipped(policy: &Policy, object: &Value) -> bool {
    if !policy.skippable {
        return false;
    }
    let is_named = |holder: &Value| {
        let mut names = said(holder).unwrap_or_default().split(',');
        names.any(|name| name.trim() == policy.name)
    };
    let templates = pod_templates(object);
    is_named(object)
        || !templates.is_empty()
            && templates
                .iter()
                .all(|path| object.pointer(path).is_some_and(is_named))
}

/// Lets the templates of `object` say what it says itself, and the object with that patch.
/// Nothing where it opts out of none of `policies`, or they say so already.
pub(crate) fn carry(
    request: &Request,
    object: &Value,
    policies: &[&Policy],
) -> Option<(Patch, Value)> {
    let operations = match (request.operation, &request.old_object) {
        (Operation::Create, _) => spread(object, policies),
        (Operation::Update, Some(old)) => follow(old, object),
        _ => Vec::new(),
    };
    if operations.is_empty() {
        return None;
    }
    let patch = Patch(operations);
    // An object that is as deep as can be read takes no more members, and stays as it is.
    let carried = patch::apply(object, &patch).ok()?;
    Some((patch, carried))
}

/// A new object's word, in each template that has none of its own.
fn spread(object: &Value, policies: &[&Policy]) -> Vec<PatchOperation> {
    let Some(word) = said(object) else {
        return Vec::new();
    };
    if !policies.iter().any(|policy| is_skipped(policy, object)) {
        return Vec::new();
    }
    let templates = templates(object).into_iter();
    templates
        .filter_map(|path| write(object, &path, word))
        .collect()
}

/// What the stored templates were told and the new ones lack is told again, as long as the object
/// says it; where the object no longer says it, templates that may change forget it.
fn follow(old: &Value, new: &Value) -> Vec<PatchOperation> {
    let (before, now) = (said(old), said(new));
    if before.is_none() && now.is_none() {
        return Vec::new();
    }
    let can_forget = is_changeable(new) && now.is_none();
    let templates = templates(new).into_iter().filter_map(|path| {
        let was = said(old.pointer(&path)?)?;
        let template = said(new.pointer(&path)?);
        match template {
            None if now == Some(was) => write(new, &path, was),
            Some(word) if can_forget && before == Some(word) => Some(forget(&path)),
            _ => None,
        }
    });
    templates.collect()
}

/// What the metadata of the object or template at `holder` says.
fn said(holder: &Value) -> Option<&str> {
    let word = text(holder, &["metadata", "annotations", SKIP])?;
    (!word.trim().is_empty()).then_some(word)
}

/// Writes the annotation into the template at `path`, which must have none. None where
/// something of a wrong type is in the way: the policies say so.
fn write(object: &Value, path: &str, word: &str) -> Option<PatchOperation> {
    let template = object.pointer(path)?.as_object()?;
    let (place, value) = match member(template, "metadata")? {
        None => ("metadata", json!({"annotations": {SKIP: word}})),
        Some(metadata) => match member(metadata, "annotations")? {
            None => ("metadata/annotations", json!({SKIP: word})),
            Some(annotations) if annotations.get(SKIP).is_none_or(Value::is_null) => {
                ("metadata/annotations/kubectl-sax.dev~1skip", json!(word))
            }
            Some(_) => return None,
        },
    };
    let path = PointerBuf::parse(format!("{path}/{place}")).ok()?;
    Some(PatchOperation::Add(AddOperation { path, value }))
}

fn forget(path: &str) -> PatchOperation {
    let path = format!("{path}/metadata/annotations/kubectl-sax.dev~1skip");
    let path = PointerBuf::parse(path).expect("a path of a template is a pointer");
    PatchOperation::Remove(RemoveOperation { path })
}

/// The object in `key`; the inner none where it is absent, the outer where it is no object.
fn member<'v>(holder: &'v Map<String, Value>, key: &str) -> Option<Option<&'v Map<String, Value>>> {
    match holder.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_object().map(Some),
    }
}

/// Where the Pod templates of a workload stand.
fn pod_templates(object: &Value) -> Vec<String> {
    let all = templates(object).into_iter();
    all.filter(|path| !path.ends_with("/template") || path.ends_with("/spec/template"))
        .collect()
}

/// Where a workload's templates stand, outer ones first: those of Pods, and of Jobs in a JobSet.
fn templates(object: &Value) -> Vec<String> {
    let mut found = match kind_of(object) {
        ("jobset.x-k8s.io", "JobSet") => of_jobset(object),
        ("batch", "Job") | ("apps", "Deployment" | "StatefulSet") => {
            vec!["/spec/template".to_owned()]
        }
        ("leaderworkerset.x-k8s.io", "LeaderWorkerSet") => ["leaderTemplate", "workerTemplate"]
            .map(|name| format!("/spec/leaderWorkerTemplate/{name}"))
            .to_vec(),
        _ => Vec::new(),
    };
    found.retain(|path| object.pointer(path).is_some_and(Value::is_object));
    found
}

fn of_jobset(jobset: &Value) -> Vec<String> {
    let jobs = jobset.pointer("/spec/replicatedJobs");
    let jobs = jobs.and_then(Value::as_array).map_or(0, Vec::len);
    let of_job = |index| {
        let job = format!("/spec/replicatedJobs/{index}/template");
        let pod = format!("{job}/spec/template");
        [job, pod]
    };
    (0..jobs).flat_map(of_job).collect()
}

/// Whether the templates of a stored object may change.
fn is_changeable(object: &Value) -> bool {
    !matches!(kind_of(object), (_, "JobSet" | "Job"))
}

/// Group and kind.
fn kind_of(object: &Value) -> (&str, &str) {
    let member = |key| text(object, &[key]).unwrap_or_default();
    let group = member("apiVersion").split_once('/');
    (group.map_or("", |(group, _)| group), member("kind"))
}

#[cfg(test)]
#[path = "skip_tests.rs"]
mod tests;
