//! `deploy --replace` and `scale`: delete what can't become what is wanted, so that it can be made again.
//!
//! ```text
//!   look at all ─► conflict or refusal: end, nothing is changed
//!        ▼
//!   ours? ─► no: end      say what stops ─► ask ─► no: end
//!        ▼
//!   delete exactly what was looked at ─► wait until it is gone ─► (apply)
//! ```
//!
//! Ended anywhere, a second run finishes: what is still there is looked at anew, what is on its
//! way out is waited for, and what is gone is made from the same flags.

use admission::Decision;

use super::Rollout;
use crate::cluster::{ClusterError, FieldConflict, Obstacle, Way, jobs_of, unchangeable_fields};
use crate::commands::deleting::{confirm, counted};
use crate::commands::judging::judge_change;
use crate::failure::Failure;
use crate::scaffold::{JobSet, Object, belongs_to};

/// The policies' code for a change of what can't change.
const IMMUTABLE: &str = "TPU113";

/// What stands in the way, by what is to be done about it.
#[derive(Default)]
struct Found {
    /// To delete.
    replaced: Vec<(Object, Obstacle)>,
    /// Being deleted already.
    leaving: Vec<Object>,
}

/// Deletes what can't become what is wanted, and waits until it is gone; the names of what was
/// deleted, or on a dry run would be.
pub(super) async fn replace(run: &Rollout<'_>) -> Result<Vec<String>, Failure> {
    let found = look(run).await?;
    for (stored, _) in &found.replaced {
        require_ours(run, stored)?;
    }
    for (stored, obstacle) in &found.replaced {
        tell(run, stored, obstacle).await?;
    }
    if run.options.dry_run {
        return rehearse(run, &found).await;
    }
    if !found.replaced.is_empty() {
        ask(run, &found).await?;
    }
    for (stored, _) in &found.replaced {
        run.deleting().delete(stored).await?;
    }
    let replaced = found.replaced.into_iter().map(|(stored, _)| stored);
    let gone: Vec<Object> = replaced.chain(found.leaving).collect();
    for stored in &gone {
        run.deleting().wait_gone(stored).await?;
    }
    Ok(gone.iter().map(Object::display_name).collect())
}

/// All conflicts of all objects, or what stands in the way.
async fn look(run: &Rollout<'_>) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut conflicts: Vec<FieldConflict> = Vec::new();
    for object in run.objects {
        match run.cluster.way(object, &run.options).await {
            Ok(Way::Apply) => {}
            Ok(Way::Replace { stored, obstacle }) => found.replaced.push((stored, obstacle)),
            Ok(Way::Wait { stored }) => found.leaving.push(stored),
            Err(ClusterError::Conflict(more)) => conflicts.extend(more),
            Err(cause) => return Err(cause.into()),
        }
    }
    match conflicts.is_empty() {
        true => Ok(found),
        false => Err(ClusterError::Conflict(conflicts).into()),
    }
}

/// Only what a deploy of this name made is ever deleted.
fn require_ours(run: &Rollout<'_>, stored: &Object) -> Result<(), Failure> {
    match belongs_to(stored, &run.names.instance) {
        true => Ok(()),
        false => Err(Failure::NotOurs {
            object: stored.display_name(),
            namespace: run.namespace.to_owned(),
            deployment: run.names.instance.clone(),
        }),
    }
}

/// Says why an object has to go, and what goes with it.
async fn tell(run: &Rollout<'_>, stored: &Object, obstacle: &Obstacle) -> Result<(), Failure> {
    let name = stored.display_name();
    for reason in reasons(run, stored, obstacle)? {
        run.printer.warning(&format!("{name} {reason}"))?;
    }
    let phases = run.cluster.pods_of(stored).await?;
    let running = phases.iter().filter(|phase| *phase == "Running").count();
    let mut lost = counted(phases.len(), "Pod");
    if stored.is::<JobSet>() {
        let jobs = counted(jobs_of(stored), "Job");
        lost = format!("{jobs} and {lost}");
    }
    let what = if stored.is::<JobSet>() {
        "its model servers stop, and models are not served until new ones have loaded them"
    } else {
        "what it runs stops until it is made again"
    };
    let text = format!("deleting {name} deletes {lost} ({running} Running): {what}");
    Ok(run.printer.warning(&text)?)
}

fn reasons(
    run: &Rollout<'_>,
    stored: &Object,
    obstacle: &Obstacle,
) -> Result<Vec<String>, Failure> {
    let refusal = match obstacle {
        Obstacle::Ended(message) => {
            return Ok(vec![format!("has {message}, and doesn't start again")]);
        }
        Obstacle::Refused(refusal) => refusal,
    };
    let wanted = run
        .objects
        .iter()
        .find(|object| (&object.kind, &object.name) == (&stored.kind, &stored.name));
    let decision = wanted.map(|object| judge_change(run.judge, object, stored));
    let found = decision.transpose()?.map(|decision| changes(&decision));
    Ok(match found.filter(|changes| !changes.is_empty()) {
        Some(changes) => changes,
        None => vec![format!(
            "can't be changed in place: {}",
            unchangeable_fields(refusal)
        )],
    })
}

/// What the policies know to be a change of what can't change.
fn changes(decision: &Decision) -> Vec<String> {
    let findings = decision.denials.iter();
    let immutable = findings.filter(|finding| finding.code == IMMUTABLE);
    immutable
        .map(|finding| {
            format!(
                "can't be changed in place: {}: {}",
                finding.path, finding.message
            )
        })
        .collect()
}

async fn ask(run: &Rollout<'_>, found: &Found) -> Result<(), Failure> {
    let objects: Vec<_> = found.replaced.iter().map(|(stored, _)| stored).collect();
    let names: Vec<_> = objects.iter().map(|object| object.display_name()).collect();
    let question = format!("Delete {} and make it again?", names.join(", "));
    confirm(run.printer, run.yes, &question, &objects).await
}

/// Lets the server go through the deletions.
async fn rehearse(run: &Rollout<'_>, found: &Found) -> Result<Vec<String>, Failure> {
    for (stored, _) in &found.replaced {
        run.deleting().delete(stored).await?;
    }
    let replaced = found.replaced.iter().map(|(stored, _)| stored);
    let all = replaced.chain(&found.leaving);
    Ok(all.map(Object::display_name).collect())
}
