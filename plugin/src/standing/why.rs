//! Why a slice doesn't run, in lines.

use std::collections::BTreeSet;

use placement::{GATE, GroupReport, Reason, Rejection, State};
use serde::Serialize;

use crate::inventory::PodSeen;

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Why {
    /// The domain that it is about; null where it is about all.
    pub(crate) domain: Option<String>,
    /// One line.
    pub(crate) message: String,
    /// What placement found, for programs; empty where the reason isn't placement's.
    pub(crate) reasons: Vec<Reason>,
    /// The command that mends it or says more, where there is one.
    pub(crate) fix: Option<String>,
}

/// How many different troubles of Pods are told.
const TROUBLES: usize = 3;

/// What placement says: first of the group, then of every domain.
pub(crate) fn reasons(report: &GroupReport) -> Vec<Why> {
    let mut why = Vec::new();
    if report.waits() && !matches!(report.state, State::Waiting { .. }) {
        why.extend(only(&report.state.to_string()));
    }
    let mut domains: Vec<_> = report.rejected.iter().collect();
    domains.sort_by(|a, b| natord::compare(&a.domain, &b.domain));
    why.extend(domains.into_iter().map(rejected));
    why
}

/// What the scheduler and the kubelets say, each once. Pods behind our gate are placement's.
pub(super) fn of_pods(pods: &[&PodSeen]) -> Vec<Why> {
    let ours = |pod: &&&PodSeen| pod.is_gated_by(GATE);
    let others = pods.iter().filter(|pod| !ours(pod));
    let troubles: BTreeSet<String> = others.filter_map(|pod| pod.trouble()).collect();
    troubles
        .iter()
        .take(TROUBLES)
        .flat_map(|text| only(text))
        .collect()
}

/// A reason that is about all domains.
pub(super) fn only(message: &str) -> Vec<Why> {
    vec![Why {
        domain: None,
        message: message.to_owned(),
        reasons: Vec::new(),
        fix: None,
    }]
}

fn rejected(rejection: &Rejection) -> Why {
    let messages: Vec<_> = rejection.reasons.iter().map(Reason::to_string).collect();
    Why {
        domain: Some(rejection.domain.clone()),
        message: messages.join("; "),
        reasons: rejection.reasons.clone(),
        fix: rejection.reasons.iter().find_map(fix),
    }
}

/// The command that mends a reason or says more.
fn fix(reason: &Reason) -> Option<String> {
    match reason {
        Reason::Unschedulable { nodes } => Some(format!("kubectl uncordon {}", nodes.join(" "))),
        Reason::NotReady { nodes } => Some(format!("kubectl describe node {}", nodes.first()?)),
        Reason::Occupied { pod, .. } | Reason::CouldLand { pod } => {
            let (namespace, name) = pod.split_once('/')?;
            Some(format!("kubectl get pod {name} -n {namespace}"))
        }
        _ => None,
    }
}

impl Why {
    /// Is it only that these nodes are other hardware, or somebody else's by label?
    pub(crate) fn is_other_hardware(&self) -> bool {
        !self.reasons.is_empty()
            && self.reasons.iter().all(|reason| {
                matches!(
                    reason,
                    Reason::SelectorMismatch { .. }
                        | Reason::AffinityMismatch { .. }
                        | Reason::TooFewNodes { .. }
                )
            })
            && self
                .reasons
                .iter()
                .any(|reason| !matches!(reason, Reason::TooFewNodes { .. }))
    }
}
