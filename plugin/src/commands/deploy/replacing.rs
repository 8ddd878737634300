//! `deploy --replace`: delete what can't become what is wanted, so that it can be made again.
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

use super::Run;
use super::judging::judge_change;
use crate::cluster::{
    ClusterError, Deletion, FieldConflict, Obstacle, Way, jobs_of, unchangeable_fields,
};
use crate::failure::Failure;
use crate::printer::Progress;
use crate::scaffold::{JobSet, Object, belongs_to};

/// The policies' code for a change of what can't change.
const IMMUTABLE: &str = "TPU113";
/// How often an object may change under our eyes, as a running JobSet's status does.
const ATTEMPTS: usize = 5;

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
pub(super) async fn replace(run: &Run<'_>) -> Result<Vec<String>, Failure> {
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
        confirm(run, &found).await?;
    }
    for (stored, _) in &found.replaced {
        delete(run, stored).await?;
    }
    let replaced = found.replaced.into_iter().map(|(stored, _)| stored);
    let gone: Vec<Object> = replaced.chain(found.leaving).collect();
    for stored in &gone {
        wait_gone(run, stored).await?;
    }
    Ok(gone.iter().map(Object::display_name).collect())
}

/// All conflicts of all objects, or what stands in the way.
async fn look(run: &Run<'_>) -> Result<Found, Failure> {
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
fn require_ours(run: &Run<'_>, stored: &Object) -> Result<(), Failure> {
    match belongs_to(stored, &run.request.names.instance) {
        true => Ok(()),
        false => Err(Failure::NotOurs {
            object: stored.display_name(),
            namespace: run.request.namespace.clone(),
            deployment: run.request.names.instance.clone(),
        }),
    }
}

/// Says why an object has to go, and what goes with it.
async fn tell(run: &Run<'_>, stored: &Object, obstacle: &Obstacle) -> Result<(), Failure> {
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

fn reasons(run: &Run<'_>, stored: &Object, obstacle: &Obstacle) -> Result<Vec<String>, Failure> {
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

async fn confirm(run: &Run<'_>, found: &Found) -> Result<(), Failure> {
    if run.args.yes {
        return Ok(());
    }
    let names = || {
        found
            .replaced
            .iter()
            .map(|(stored, _)| stored.display_name())
    };
    let question = format!(
        "Delete {} and make it again?",
        names().collect::<Vec<_>>().join(", ")
    );
    match run.printer.ask(&question).await? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::Declined),
        None => Err(Failure::NobodyToAsk {
            objects: names().collect(),
        }),
    }
}

/// Deletes what was looked at. A status that changed meanwhile is looked at again; another
/// generation, owner or object is not what the user was asked about.
async fn delete(run: &Run<'_>, stored: &Object) -> Result<(), Failure> {
    let mut looked_at = stored.clone();
    for _ in 0..ATTEMPTS {
        if run.cluster.delete_exactly(&looked_at, false).await? == Deletion::Accepted {
            let name = stored.display_name();
            run.ledger.deleting(name.clone());
            return run.say(&format!("{name} deleted"));
        }
        match run.cluster.get(stored).await? {
            None => return Ok(()),
            Some(now) if is_same(&now, stored) => looked_at = now,
            Some(_) => break,
        }
    }
    Err(Failure::ChangedMeanwhile {
        object: stored.display_name(),
    })
}

/// The same object with the same spec and labels?
fn is_same(now: &Object, stored: &Object) -> bool {
    ["/metadata/uid", "/metadata/generation", "/metadata/labels"]
        .iter()
        .all(|pointer| now.value.pointer(pointer) == stored.value.pointer(pointer))
}

async fn wait_gone(run: &Run<'_>, stored: &Object) -> Result<(), Failure> {
    let name = stored.display_name();
    let mut progress = Progress::new(run.printer);
    let waiting = run.cluster.wait_gone(stored, run.args.timeout, |pods| {
        let left = counted(pods, "Pod");
        progress.show([(format!("{name} is being deleted, {left} left"), false)]);
    });
    let waited = waiting.await;
    if let Ok(true) = waited {
        progress.show([(format!("{name} is gone"), true)]);
    }
    progress.finish()?;
    match waited? {
        true => {
            run.ledger.deleted(name);
            Ok(())
        }
        false => Err(Failure::StillThere {
            object: name,
            limit: run.args.timeout,
        }),
    }
}

/// Lets the server go through the deletions.
async fn rehearse(run: &Run<'_>, found: &Found) -> Result<Vec<String>, Failure> {
    for (stored, _) in &found.replaced {
        run.cluster.delete_exactly(stored, true).await?;
        let name = stored.display_name();
        run.say(&format!("{name} deleted (server dry run)"))?;
    }
    let replaced = found.replaced.iter().map(|(stored, _)| stored);
    let all = replaced.chain(&found.leaving);
    Ok(all.map(Object::display_name).collect())
}

/// `1 Pod`, `16 Pods`
fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
