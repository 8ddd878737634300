//! Is there anything to look at, in this namespace of this cluster?

use std::collections::BTreeSet;

use super::{Evidence, Finding, Outcome};
use crate::servers::Role;
use crate::standing::Workload;
use crate::suggest;

pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    let scope = &evidence.scope;
    if evidence.no_namespace {
        let namespace = &scope.namespace;
        let finding = Finding::problem(format!("namespace/{namespace}"), "isn't there");
        let finding = finding.fixed_by(format!("kubectl create namespace {namespace}"));
        return Some(Outcome::found("no namespace", vec![finding]));
    }
    let servers = evidence.servers();
    if servers.is_empty() && evidence.workloads().is_empty() {
        return (!scope.preflight)
            .then(|| Outcome::found("nothing found", vec![nothing(evidence)]));
    }
    let roles: BTreeSet<Role> = servers.iter().map(|(_, server)| server.role).collect();
    let names: BTreeSet<_> = servers
        .iter()
        .map(|(object, _)| object.display_name())
        .collect();
    let names: Vec<_> = names.into_iter().collect();
    let finding = (!roles.contains(&Role::Admin) && roles.contains(&Role::Model)).then(no_admin);
    Some(Outcome::found(
        names.join(", "),
        finding.into_iter().collect(),
    ))
}

/// Nothing of that name here; something elsewhere, perhaps.
fn nothing(evidence: &Evidence) -> Finding {
    let scope = &evidence.scope;
    let context = scope.context.as_ref();
    let context = context.map(|context| format!(" of context {context}"));
    let name = scope.name.as_ref().map(|name| format!(" {name}"));
    let message = format!(
        "no Sax deployment{} in namespace {}{}",
        name.clone().unwrap_or_default(),
        scope.namespace,
        context.unwrap_or_default()
    );
    let object = format!("namespace/{}", scope.namespace);
    match elsewhere(evidence) {
        Some(found) => {
            let message = format!("{message}; found one in namespace {}", found.namespace);
            let name = name.unwrap_or_default();
            Finding::problem(object, message)
                .fixed_by(format!("kubectl sax doctor{name} -n {}", found.namespace))
        }
        None => Finding::problem(object, message).fixed_by(next(evidence)),
    }
}

/// A workload with chips in another namespace: of the name, if one was asked for.
fn elsewhere(evidence: &Evidence) -> Option<&Workload> {
    let name = evidence.scope.name.as_deref();
    let mut others = evidence.standing.workloads.iter();
    others.find(|workload| {
        workload.namespace != evidence.scope.namespace
            && name.is_none_or(|name| workload.is_called(name))
    })
}

/// What to do where there is nothing.
fn next(evidence: &Evidence) -> String {
    let known = evidence.objects.iter().map(|object| object.name.as_str());
    let name = evidence.scope.name.as_deref().unwrap_or_default();
    match suggest::nearest(name, known) {
        Some(near) if !name.is_empty() => format!("kubectl sax doctor {near}"),
        _ => "kubectl sax doctor --preflight, then kubectl sax deploy; or name another context \
              with --context"
            .to_owned(),
    }
}

fn no_admin() -> Finding {
    let message = "there are model servers and no admin server: they join no cell";
    Finding::warning("admin server", message)
        .fixed_by("kubectl sax deploy, or apply the admin server's Deployment")
}
