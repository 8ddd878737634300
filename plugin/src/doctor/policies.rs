//! What the policies say of the stored objects: the same engine as the webhook's.

use admission::{Finding as Said, Request};

use super::{Evidence, Finding, Outcome, Severity};
use crate::judge::{Judge, JudgeError};
use crate::scaffold::Object;

/// Judges each object as if it were new: what was let in before our webhook is judged too.
pub(super) fn check(evidence: &Evidence, judge: &Judge) -> Result<Option<Outcome>, JudgeError> {
    let objects = evidence.examined();
    if objects.is_empty() {
        return Ok(None);
    }
    let mut findings = Vec::new();
    for object in &objects {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let decision = judge.decide(&Request::from_manifest(object.value.clone(), namespace)?);
        let of = |severity| move |said: &Said| finding(object, said, severity);
        findings.extend(decision.denials.iter().map(of(Severity::Problem)));
        findings.extend(decision.warnings.iter().map(of(Severity::Warning)));
    }
    let seen = match objects.len() {
        1 => "1 object judged".to_owned(),
        count => format!("{count} objects judged"),
    };
    Ok(Some(Outcome::found(seen, findings)))
}

fn finding(object: &Object, said: &Said, severity: Severity) -> Finding {
    Finding {
        severity,
        code: Some(said.code.clone()),
        fix: Some(said.fix.clone()).filter(|fix| !fix.is_empty()),
        ..Finding::problem(
            object.display_name(),
            format!("{}: {}", said.path, said.message),
        )
    }
}
