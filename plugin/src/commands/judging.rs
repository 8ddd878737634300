//! What the policies say of a deployment before anything is applied.

use admission::{Decision, Finding, Request as Review};

use crate::cli::PolicyFiles;
use crate::cluster::{Cluster, is_leaving};
use crate::failure::Failure;
use crate::judge::{Judge, JudgeError};
use crate::printer::Printer;
use crate::scaffold::Object;

/// The policies that the webhook has, which may read all objects of the deployment.
pub(super) fn load_judge(policies: &PolicyFiles, objects: &[Object]) -> Result<Judge, Failure> {
    let values: Vec<_> = objects.iter().map(|object| &object.value).collect();
    Ok(Judge::load(&policies.files)?.knowing(values))
}

/// Judges the objects as new ones.
pub(super) fn judge_creation(
    judge: &Judge,
    objects: &[Object],
    printer: &Printer,
) -> Result<(), Failure> {
    let mut denied = Vec::new();
    for object in objects {
        let decision = judge.decide(&review(object)?);
        for finding in &decision.warnings {
            printer.warning(&named(object, finding))?;
        }
        denied.extend(refusal(object, &decision, printer)?);
    }
    accepted(denied)
}

/// Judges the objects as changes of what is stored. The warnings were told before.
pub(super) async fn judge_update(
    judge: &Judge,
    cluster: &Cluster,
    objects: &[Object],
    printer: &Printer,
) -> Result<(), Failure> {
    let mut denied = Vec::new();
    for object in objects {
        let Some(stored) = cluster.get(object).await? else {
            continue;
        };
        if is_leaving(&stored) {
            let object = object.display_name();
            return Err(Failure::BeingDeleted { object });
        }
        let decision = judge_change(judge, object, &stored)?;
        denied.extend(refusal(object, &decision, printer)?);
    }
    accepted(denied)
}

/// What the policies say of changing what is stored into this object.
pub(super) fn judge_change(
    judge: &Judge,
    object: &Object,
    stored: &Object,
) -> Result<Decision, JudgeError> {
    Ok(judge.decide(&review(object)?.updating(stored.value.clone())))
}

fn review(object: &Object) -> Result<Review, JudgeError> {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    Ok(Review::from_manifest(object.value.clone(), namespace)?)
}

/// Tells the denials; the object's name where there are any.
fn refusal(
    object: &Object,
    decision: &Decision,
    printer: &Printer,
) -> Result<Option<String>, Failure> {
    for finding in &decision.denials {
        printer.error(&named(object, finding))?;
    }
    Ok((!decision.allowed).then(|| object.display_name()))
}

fn accepted(denied: Vec<String>) -> Result<(), Failure> {
    match denied.is_empty() {
        true => Ok(()),
        false => Err(Failure::Denied { objects: denied }),
    }
}

fn named(object: &Object, finding: &Finding) -> String {
    format!("{}: {finding}", object.display_name())
}
