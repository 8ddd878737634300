//! What is in the cluster, judged: for people, and as PolicyReports.

use std::collections::BTreeMap;

use admission::{Finding, Severity};
use serde_json::{Value, json};

use super::lint::{finding_line, sum};
use super::{Cell, Table, yaml};
use crate::audit::Audit;
use crate::printer::Printer;
use crate::verdicts::Verdict;

/// The API of the Kubernetes policy working group, which dashboards read.
const API_VERSION: &str = "wgpolicyk8s.io/v1alpha2";
/// Who reports, and the reports' name.
const SOURCE: &str = "kubectl-sax";

/// A line for each object that something is found of, its findings below, and the sum.
pub(crate) fn audit_text(audit: &Audit, namespaces: bool, printer: &Printer) -> String {
    let mut table = Table::new(["NAMESPACE", "OBJECT", "DENIED", "WARNED", "INCOMPLETE"]);
    let found = |verdict: &&Verdict| {
        verdict.findings().next().is_some() || !verdict.decision.patch.0.is_empty()
    };
    let mut any = false;
    for verdict in audit.verdicts.results.iter().filter(found) {
        any = true;
        table.row(row(verdict, namespaces));
        for finding in verdict.findings() {
            table.line(finding_line(finding, printer).trim_end());
        }
    }
    let table = if any {
        table.text(printer)
    } else {
        String::new()
    };
    table + &summary(audit, printer)
}

fn row(verdict: &Verdict, namespaces: bool) -> [Cell; 5] {
    let namespace = verdict.subject.namespace.clone().filter(|_| namespaces);
    let decision = &verdict.decision;
    let number = |count: usize| Cell::from(count.to_string());
    [
        Cell::from(namespace.unwrap_or_default()),
        Cell::from(verdict.subject.display_name()),
        number(decision.denials.len()),
        number(decision.warnings.len()),
        number(decision.patch.0.len()),
    ]
}

fn summary(audit: &Audit, printer: &Printer) -> String {
    let controlled = match audit.controlled {
        0 => String::new(),
        count => format!("; {count} more are judged with what controls them"),
    };
    sum(&audit.verdicts, &controlled, printer)
}

/// A PolicyReport for each namespace, and one for what is in none.
pub(crate) fn policy_reports(audit: &Audit) -> String {
    let mut reports: BTreeMap<Option<&str>, Vec<(&Verdict, &str)>> = BTreeMap::new();
    for (verdict, uid) in audit.verdicts.results.iter().zip(&audit.uids) {
        let namespace = verdict.subject.namespace.as_deref();
        reports.entry(namespace).or_default().push((verdict, uid));
    }
    let documents: Vec<_> = reports
        .iter()
        .map(|(namespace, verdicts)| yaml(&report(*namespace, verdicts)))
        .collect();
    documents.join("---\n")
}

fn report(namespace: Option<&str>, verdicts: &[(&Verdict, &str)]) -> Value {
    let kind = match namespace {
        Some(_) => "PolicyReport",
        None => "ClusterPolicyReport",
    };
    let mut metadata = json!({
        "name": SOURCE,
        "labels": {"app.kubernetes.io/managed-by": SOURCE},
    });
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    let results: Vec<_> = verdicts
        .iter()
        .flat_map(|(verdict, uid)| {
            let result = |finding| result(verdict, uid, finding);
            verdict.findings().map(result).collect::<Vec<_>>()
        })
        .collect();
    let clean = |(verdict, _): &&(&Verdict, &str)| verdict.findings().next().is_none();
    let count = |severity| {
        let findings = verdicts.iter().flat_map(|(verdict, _)| verdict.findings());
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    };
    json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": metadata,
        "summary": {
            "pass": verdicts.iter().filter(clean).count(),
            "fail": count(Severity::Deny),
            "warn": count(Severity::Warn),
            "error": 0,
            "skip": 0,
        },
        "results": results,
    })
}

fn result(verdict: &Verdict, uid: &str, finding: &Finding) -> Value {
    let subject = &verdict.subject;
    let mut resource = json!({
        "apiVersion": subject.api_version,
        "kind": subject.kind,
        "name": subject.name,
        "uid": uid,
    });
    if let Some(namespace) = &subject.namespace {
        resource["namespace"] = namespace.as_str().into();
    }
    let result = match finding.severity {
        Severity::Deny => "fail",
        Severity::Warn => "warn",
    };
    json!({
        "source": SOURCE,
        "policy": finding.policy,
        "rule": finding.code,
        "result": result,
        "message": finding.message,
        "properties": {"path": finding.path, "fix": finding.fix},
        "resources": [resource],
    })
}
