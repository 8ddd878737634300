//! `audit`: read, judge, print.

use std::collections::BTreeSet;

use admission::MatchRule;
use runtime::Grant;
use serde_json::Value;

use super::block_on;
use crate::audit::{self, Audit, api_versions, is_wanted, split};
use crate::cli::{AuditArgs, AuditFormat};
use crate::cluster::{
    Cluster, ClusterError, Listing, PoliciesInForce, PolicyInForce, Served, offline_namespace,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::{Printer, Progress};
use crate::render;
use crate::scaffold::without_managed_fields;

pub(super) fn run(args: &AuditArgs, printer: &Printer) -> Result<Exit, Failure> {
    let (judge, objects, around) = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        let (judge, grants) = in_force(args, &cluster, printer).await?;
        let rules = judge.rules();
        let (objects, around) = read(args, &cluster, &rules, &grants, printer).await?;
        Ok((judge, objects, around))
    })?;
    let (audit, judge) = audit::judged(judge, objects, &around);
    printer.data(&rendered(args, &audit, &judge, printer))?;
    Ok(audit.verdicts.exit(args.strict))
}

/// The policies of the cluster, and those of the command line; and what the former read.
async fn in_force(
    args: &AuditArgs,
    cluster: &Cluster,
    printer: &Printer,
) -> Result<(Judge, BTreeSet<Grant>), Failure> {
    let found = match cluster.policies_in_force().await {
        // A user of one namespace may see no cluster-scoped object; the built-in policies do.
        Err(ClusterError::NotAllowed(permissions)) => PoliciesInForce::unknown(&permissions),
        found => found?,
    };
    for reason in &found.left_out {
        printer.warning(&format!("left out: {reason}"))?;
    }
    let judge = Judge::load_with(&args.policies.files, &found.policies)?;
    let grants = found.policies.iter().flat_map(PolicyInForce::grants);
    Ok((judge, grants.cloned().collect()))
}

/// The objects to judge, and those that policies may read besides: the namespaces, and all of
/// what a policy of the cluster is granted, with the rights of whoever asks.
async fn read(
    args: &AuditArgs,
    cluster: &Cluster,
    rules: &[MatchRule],
    grants: &BTreeSet<Grant>,
    printer: &Printer,
) -> Result<(Vec<Value>, Vec<Value>), Failure> {
    let namespace = match args.all_namespaces {
        true => None,
        false => Some(offline_namespace(&args.connection)?),
    };
    let labels = args.selector.as_ref().map(ToString::to_string);
    let mut reading = Reading {
        cluster,
        namespace: namespace.as_deref(),
        labels: labels.as_deref(),
        missing: Vec::new(),
    };
    let mut progress = Progress::new(printer);
    let mut objects = Vec::new();
    for served in wanted(cluster, rules).await? {
        // What has no namespace isn't in the one that was asked for.
        if !served.namespaced && namespace.is_some() {
            continue;
        }
        objects.extend(reading.list(&served).await?);
        progress.show([(format!("{} objects read", objects.len()), false)]);
    }
    progress.finish()?;
    let mut around = reading.namespaces().await?;
    for grant in grants {
        around.extend(reading.granted(grant).await?);
    }
    match reading.missing.is_empty() {
        true => Ok((objects, around)),
        false => Err(ClusterError::NotAllowed(reading.missing).into()),
    }
}

/// The resources that the policies ask for, as far as the API server serves them.
async fn wanted(cluster: &Cluster, rules: &[MatchRule]) -> Result<Vec<Served>, Failure> {
    let asked = api_versions(rules);
    let is_open = |(group, version): &(String, String)| group == "*" || version == "*";
    let mut versions: Vec<String> = asked
        .iter()
        .filter(|pair| !is_open(pair))
        .map(joined)
        .collect();
    if asked.iter().any(is_open) {
        let open = |version: &String| {
            let (group, _) = split(version);
            let is_asked = |(wanted, _): &(String, String)| wanted == "*" || wanted == group;
            asked.iter().filter(|pair| is_open(pair)).any(is_asked)
        };
        versions.extend(cluster.api_versions().await?.into_iter().filter(open));
    }
    versions.sort();
    versions.dedup();
    let mut found = Vec::new();
    for version in versions {
        let served = cluster.served(&version).await?;
        found.extend(served.into_iter().filter(|served| is_wanted(rules, served)));
    }
    Ok(found)
}

fn joined((group, version): &(String, String)) -> String {
    match group.is_empty() {
        true => version.clone(),
        false => format!("{group}/{version}"),
    }
}

/// Reads lists, and keeps in mind which ones it may not read: all of them are told at once.
struct Reading<'a> {
    cluster: &'a Cluster,
    namespace: Option<&'a str>,
    labels: Option<&'a str>,
    missing: Vec<crate::cluster::Permission>,
}

impl Reading<'_> {
    async fn list(&mut self, served: &Served) -> Result<Vec<Value>, Failure> {
        let listing = Listing {
            namespace: self.namespace.filter(|_| served.namespaced),
            labels: self.labels,
            ..Listing::all(&served.api_version, &served.resource, &served.kind)
        };
        self.read(&listing).await
    }

    /// The namespaces' labels and annotations decide what is filled in. A user of one namespace
    /// may not be allowed to list them: that one is asked for by its name.
    async fn namespaces(&mut self) -> Result<Vec<Value>, Failure> {
        let fields = self.namespace.map(|name| format!("metadata.name={name}"));
        let listing = Listing {
            fields: fields.as_deref(),
            ..Listing::all("v1", "namespaces", "Namespace")
        };
        self.read(&listing).await
    }

    /// All objects of a kind: a part of them would be judged by as if it were all.
    async fn granted(&mut self, grant: &Grant) -> Result<Vec<Value>, Failure> {
        let served = self.cluster.served(&grant.api_version).await?;
        match served.iter().find(|served| served.kind == grant.kind) {
            Some(served) => {
                let listing = Listing::all(&served.api_version, &served.resource, &served.kind);
                self.read(&listing).await
            }
            None => Ok(Vec::new()),
        }
    }

    async fn read(&mut self, listing: &Listing<'_>) -> Result<Vec<Value>, Failure> {
        match self.cluster.list(listing, without_managed_fields).await {
            Ok(found) => Ok(found.unwrap_or_default()),
            Err(ClusterError::NotAllowed(permissions)) => {
                self.missing.extend(permissions);
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn rendered(args: &AuditArgs, audit: &Audit, judge: &Judge, printer: &Printer) -> String {
    match args.output {
        AuditFormat::Text => render::audit_text(audit, args.all_namespaces, printer),
        AuditFormat::Json => render::lint_json(&audit.verdicts),
        AuditFormat::Sarif => render::lint_sarif(&audit.verdicts, &judge.pages()),
        AuditFormat::PolicyReport => render::policy_reports(audit),
    }
}
