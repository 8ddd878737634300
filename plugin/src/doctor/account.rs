//! Who the servers are to Google: their service account and what binds it.

use std::collections::BTreeMap;

use super::{Evidence, Finding, Outcome};
use crate::plan::Site;
use crate::scaffold::{Object, WORKLOAD_IDENTITY};

/// What every Google service account's email ends with.
const GOOGLE: &str = "gserviceaccount.com";

pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    // On its node's network a Pod is the node's service account: SAX019 says so.
    let mut accounts: BTreeMap<String, bool> = BTreeMap::new();
    for (_, server) in evidence.servers() {
        let matters = accounts.entry(server.account).or_default();
        *matters |= !server.host_network;
    }
    if accounts.is_empty() {
        return None;
    }
    if evidence.is_unread("serviceaccounts") {
        return Some(Outcome::unknown("service accounts can't be listed"));
    }
    let found = accounts
        .iter()
        .map(|(name, matters)| (name, matters, stored(evidence, name)));
    let found: Vec<_> = found.collect();
    let findings = found
        .iter()
        .filter_map(|(name, matters, account)| match account {
            // Kubernetes makes this one itself.
            None if *name == "default" => None,
            None => Some(missing(evidence, name)),
            Some(account) if **matters => unbound(evidence, name, account),
            Some(_) => None,
        });
    let findings = findings.collect();
    let seen = found.iter().map(|(name, _, account)| {
        let email = account
            .and_then(email)
            .unwrap_or("its node's service account");
        format!("{name} is {email}")
    });
    let seen: Vec<_> = seen.collect();
    Some(Outcome::found(seen.join(", "), findings))
}

fn stored<'a>(evidence: &'a Evidence, name: &str) -> Option<&'a Object> {
    let mut objects = evidence.objects.iter();
    objects.find(|object| object.kind == "ServiceAccount" && object.name == name)
}

fn missing(evidence: &Evidence, name: &str) -> Finding {
    let namespace = &evidence.scope.namespace;
    let message = format!("isn't in namespace {namespace}: no Pod that names it is made");
    Finding::problem(format!("serviceaccount/{name}"), message).fixed_by(format!(
        "kubectl create serviceaccount {name} -n {namespace}"
    ))
}

fn unbound(evidence: &Evidence, name: &str, account: &Object) -> Option<Finding> {
    let object = format!("serviceaccount/{name}");
    let namespace = &evidence.scope.namespace;
    let project = Site::of_context(evidence.scope.context.as_deref()).project;
    let project = project.as_deref().unwrap_or("PROJECT_ID");
    let annotate = format!(
        "kubectl annotate serviceaccount {name} -n {namespace} --overwrite \
         {WORKLOAD_IDENTITY}=sax-iam-sa@{project}.iam.{GOOGLE}"
    );
    let Some(email) = email(account) else {
        let message = format!(
            "found no annotation {WORKLOAD_IDENTITY}: to Google its Pods are their node's service account"
        );
        let detail = format!(
            "fine if that may write to the bucket; else annotate it, and let it act: gcloud iam \
             service-accounts add-iam-policy-binding sax-iam-sa@{project}.iam.{GOOGLE} \
             --role=roles/iam.workloadIdentityUser \
             --member=\"serviceAccount:{project}.svc.id.goog[{namespace}/{name}]\""
        );
        return Some(
            Finding::warning(object, message)
                .because(detail)
                .fixed_by(annotate),
        );
    };
    if email.contains('@') && email.ends_with(GOOGLE) && !email.contains("PROJECT_ID") {
        return None;
    }
    let message = format!(
        "annotation {WORKLOAD_IDENTITY}: found {email:?}, expected ACCOUNT@PROJECT.iam.{GOOGLE}"
    );
    Some(Finding::problem(object, message).fixed_by(annotate))
}

fn email(account: &Object) -> Option<&str> {
    let annotations = account.value.pointer("/metadata/annotations")?;
    annotations[WORKLOAD_IDENTITY].as_str()
}
