//! What linting found, for people and programs.

use admission::{Finding, Severity};
use serde_json::{Value, json};

use super::{JunitOutcome, JunitTest, junit, pretty_json};
use crate::printer::{Printer, Tone};
use crate::verdicts::{Verdict, Verdicts};

/// The findings by object, one a line, and a summary.
pub(crate) fn lint_text(verdicts: &Verdicts, printer: &Printer) -> String {
    let mut text = String::new();
    for result in &verdicts.results {
        let patched = result.decision.patch.0.len();
        if result.findings().next().is_none() && patched == 0 {
            continue;
        }
        let place = &result.place;
        let name = printer.out(&result.subject.display_name(), Tone::Strong);
        text += &format!("{name} ({place})\n");
        for finding in result.findings() {
            text += &finding_line(finding, printer);
        }
        if patched > 0 {
            let what = counted(patched, "place", "places");
            text += &format!("  completes {what}; -o json shows them\n");
        }
    }
    text + &summary(verdicts, printer)
}

/// The contract of design §7.
pub(crate) fn lint_json(verdicts: &Verdicts) -> String {
    let results: Vec<_> = verdicts.results.iter().map(result_json).collect();
    pretty_json(&json!({ "results": results }))
}

/// One test for each object; what can't be used is an error.
pub(crate) fn lint_junit(verdicts: &Verdicts) -> String {
    let judged = verdicts.results.iter().map(junit_test);
    let unusable = verdicts.unusable.iter().map(|unusable| JunitTest {
        suite: "input".to_owned(),
        name: unusable.to_string(),
        outcome: JunitOutcome::Error(unusable.to_string()),
        output: String::new(),
    });
    junit("kubectl sax lint", judged.chain(unusable))
}

/// A finding in the JSON contract.
pub(crate) fn finding_json(finding: &Finding) -> Value {
    let Finding {
        code,
        policy,
        path,
        message,
        fix,
        severity: _,
    } = finding;
    json!({"code": code, "policy": policy, "path": path, "message": message, "fix": fix})
}

/// A finding with its severity, indented.
pub(crate) fn finding_line(finding: &Finding, printer: &Printer) -> String {
    let label = match finding.severity {
        Severity::Deny => printer.out("denied:", Tone::Bad),
        Severity::Warn => printer.out("warning:", Tone::Warn),
    };
    format!("  {label} {finding}\n")
}

fn result_json(result: &Verdict) -> Value {
    let subject = &result.subject;
    let decision = &result.decision;
    let findings = |findings: &[Finding]| findings.iter().map(finding_json).collect::<Vec<_>>();
    json!({
        "source": result.place.source,
        "document": result.place.document,
        "apiVersion": subject.api_version,
        "kind": subject.kind,
        "namespace": subject.namespace,
        "name": subject.name,
        "allowed": decision.allowed,
        "denials": findings(&decision.denials),
        "warnings": findings(&decision.warnings),
        "patch": decision.patch,
        "object": decision.object,
    })
}

fn junit_test(result: &Verdict) -> JunitTest {
    let decision = &result.decision;
    let lines = |findings: &[Finding]| {
        let lines: Vec<_> = findings.iter().map(Finding::to_string).collect();
        lines.join("\n")
    };
    JunitTest {
        suite: result.place.source.clone(),
        name: format!("{} ({})", result.subject.display_name(), result.place),
        outcome: match decision.allowed {
            true => JunitOutcome::Passed,
            false => JunitOutcome::Failed(lines(&decision.denials)),
        },
        output: lines(&decision.warnings),
    }
}

fn summary(verdicts: &Verdicts, printer: &Printer) -> String {
    let unusable = match verdicts.unusable.len() {
        0 => String::new(),
        count => format!(", {count} unusable"),
    };
    sum(verdicts, &unusable, printer)
}

/// The line that counts objects, denials and warnings, and what else there is to say.
pub(super) fn sum(verdicts: &Verdicts, more: &str, printer: &Printer) -> String {
    let objects = counted(verdicts.results.len(), "object", "objects");
    let denials = counted(verdicts.denials(), "denial", "denials");
    let warnings = counted(verdicts.warnings(), "warning", "warnings");
    let tone = match (verdicts.denials(), verdicts.warnings()) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Warn,
        _ => Tone::Bad,
    };
    printer.out(&format!("{objects}: {denials}, {warnings}{more}"), tone) + "\n"
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
