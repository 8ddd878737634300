//! SARIF 2.1.0, what code-scanning services read.

use admission::{Finding, Severity};
use serde_json::{Value, json};

use super::pretty_json;
use crate::input::{Place, Unusable};
use crate::judge::Page;
use crate::verdicts::{Verdict, Verdicts};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// All findings with the rules behind them.
pub(crate) fn lint_sarif(verdicts: &Verdicts, pages: &[Page]) -> String {
    let results: Vec<_> = verdicts.results.iter().flat_map(results).collect();
    let found = |page: &&Page| {
        let mut findings = verdicts.results.iter().flat_map(Verdict::findings);
        findings.any(|finding| finding.code == page.code)
    };
    let rules: Vec<_> = pages.iter().filter(found).map(rule).collect();
    let notifications: Vec<_> = verdicts.unusable.iter().map(notification).collect();
    pretty_json(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "kubectl-sax",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": verdicts.unusable.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    }))
}

fn rule(page: &Page) -> Value {
    json!({
        "id": page.code,
        "shortDescription": {"text": page.title},
        "help": {"text": page.text, "markdown": page.text},
        "defaultConfiguration": {"level": level(page.severity)},
    })
}

fn results(verdict: &Verdict) -> impl Iterator<Item = Value> {
    verdict.findings().map(|finding| result(verdict, finding))
}

fn result(verdict: &Verdict, finding: &Finding) -> Value {
    let mut location = physical(&verdict.place);
    let object = verdict.subject.display_name();
    let name = format!("{object}{}", finding.path);
    location["logicalLocations"] = json!([{"fullyQualifiedName": name}]);
    json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": {"text": finding.to_string()},
        "locations": [location],
    })
}

fn notification(unusable: &Unusable) -> Value {
    let mut notification = json!({"level": "error", "message": {"text": unusable.to_string()}});
    if let Unusable::Document { place, .. } = unusable {
        notification["locations"] = json!([physical(place)]);
    }
    notification
}

fn physical(place: &Place) -> Value {
    let uri = if place.source == "-" {
        "stdin"
    } else {
        &place.source
    };
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri},
        "region": {"startLine": place.line.unwrap_or(1)},
    }})
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Deny => "error",
        Severity::Warn => "warning",
    }
}
