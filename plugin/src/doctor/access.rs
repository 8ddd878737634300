//! What the user may do: asked of the API server, verb by verb.

use std::collections::BTreeSet;

use super::{Evidence, Finding, Outcome, Right};
use crate::cluster::ClusterError;

/// The verb without which nothing is deployed.
const DEPLOY: &str = "deploy";

pub(super) fn check(evidence: &Evidence) -> Outcome {
    let refused = |right: &&Right| right.allowed == Some(false);
    let denied: Vec<&Right> = evidence.rights.iter().filter(refused).collect();
    let verbs: BTreeSet<_> = denied.iter().map(|right| right.needed_by).collect();
    let mut findings: Vec<_> = verbs
        .into_iter()
        .map(|verb| missing(verb, &denied, evidence))
        .collect();
    findings.extend(unread(evidence));
    let asked = evidence
        .rights
        .iter()
        .filter(|right| right.allowed.is_some());
    let asked = asked.count();
    let seen = format!("{} of {asked} allowed", asked - denied.len());
    match asked {
        0 => Outcome {
            findings,
            ..Outcome::unknown("nobody says what is allowed")
        },
        _ => Outcome::found(seen, findings),
    }
}

/// What one verb of ours lacks, as one finding.
fn missing(verb: &'static str, denied: &[&Right], evidence: &Evidence) -> Finding {
    let lacking = denied.iter().filter(|right| right.needed_by == verb);
    let lacking: Vec<_> = lacking.copied().collect();
    let list: Vec<_> = lacking
        .iter()
        .map(|right| format!("{} {}", right.verb, right.resource))
        .collect();
    let user = user(evidence);
    let message = format!("{user} isn't allowed to {}", list.join(", "));
    let finding = match verb {
        DEPLOY => Finding::problem("permissions", message),
        _ => Finding::warning("permissions", message),
    };
    finding
        .because(format!(
            "`kubectl sax {verb}` needs it; an administrator can allow it"
        ))
        .fixed_by(grant(verb, &lacking, evidence))
}

/// The command that allows it, for an administrator.
fn grant(verb: &str, lacking: &[&Right], evidence: &Evidence) -> String {
    let words = |word: fn(&Right) -> &'static str| {
        let words: BTreeSet<_> = lacking.iter().map(|right| word(right)).collect();
        words.into_iter().collect::<Vec<_>>().join(",")
    };
    let verbs = words(|right| right.verb);
    let resources = words(|right| right.resource);
    let name = format!("sax-{verb}");
    let user = user(evidence);
    if lacking.iter().all(|right| right.namespaced) {
        let namespace = &evidence.scope.namespace;
        return format!(
            "kubectl create role {name} -n {namespace} --verb={verbs} --resource={resources} && \
             kubectl create rolebinding {name} -n {namespace} --role={name} --user={user}"
        );
    }
    format!(
        "kubectl create clusterrole {name} --verb={verbs} --resource={resources} && \
         kubectl create clusterrolebinding {name} --clusterrole={name} --user={user}"
    )
}

/// Lists that were refused although nobody said so before.
fn unread(evidence: &Evidence) -> Option<Finding> {
    let unread = evidence.unread.clone();
    if unread.is_empty() {
        return None;
    }
    let refused = ClusterError::NotAllowed(unread);
    let fix = refused.fix().unwrap_or_default();
    let finding = Finding::warning("permissions", refused.to_string());
    let finding = finding.because("what these lists hold isn't known, and isn't judged below");
    Some(finding.fixed_by(fix))
}

fn user(evidence: &Evidence) -> &str {
    evidence.user.as_deref().unwrap_or("USER")
}
