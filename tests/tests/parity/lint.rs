//! `kubectl-sax lint` says what the pipeline says.

use std::io::Write;
use std::process::{Command, Stdio};

use admission::{Decision, Finding};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::cases::Case;
use crate::groups::{Group, cache, groups};
use crate::product::product;
use crate::workers::{assert_none, each};

/// Processes at once: each is busy all of its short life.
const WORKERS: usize = 2;

#[test]
fn lint_finds_and_patches_the_same_as_the_pipeline() {
    let cases: Vec<(&Group, &Case)> = groups()
        .iter()
        .flat_map(|group| group.cases.iter().map(move |case| (group, *case)))
        // It judges what is about to be made.
        .filter(|(_, case)| !case.is_update())
        .collect();
    let failures: Vec<String> = each(&cases, WORKERS, |(group, case)| {
        let difference = difference(group, case);
        let difference = difference.unwrap_or_else(|error| Some(format!("{error:#}")));
        difference.map(|difference| format!("{}: {difference}", case.name()))
    })
    .into_iter()
    .flatten()
    .collect();
    assert_none("lint", cases.len(), &failures);
}

fn difference(group: &Group, case: &Case) -> Result<Option<String>> {
    let (status, linted) = lint(group, case)?;
    let results = linted["results"]
        .as_array()
        .context("there are no results")?;
    let result = results.first().context("there is no result")?;
    ensure!(
        result["document"] == 0,
        "the first result is of another document"
    );
    let any_denied = results.iter().any(|result| result["allowed"] == false);
    let expected_status = if any_denied { 2 } else { 0 };
    if status != Some(expected_status) {
        return Ok(Some(format!("exit {status:?}, expected {expected_status}")));
    }
    let request = case.request();
    let decision = group.decide(&request);
    let expected = json!({
        "allowed": decision.allowed,
        "denials": findings(&decision.denials),
        "warnings": findings(&decision.warnings),
        "patch": decision.patch,
        "object": decision.object,
        "namespace": request.namespace,
    });
    Ok(first_difference(&expected, result, &decision))
}

fn first_difference(expected: &Value, found: &Value, decision: &Decision) -> Option<String> {
    let expected = expected.as_object().expect("it is an object");
    expected
        .iter()
        .find(|(member, expected)| found[member.as_str()] != **expected)
        .map(|(member, expected)| {
            let found = &found[member.as_str()];
            let allowed = decision.allowed;
            format!("{member}: expected {expected:#}\nfound {found:#}\n(allowed: {allowed})")
        })
}

fn findings(findings: &[Finding]) -> Vec<Value> {
    let findings = findings.iter().map(|finding| {
        json!({
            "code": finding.code,
            "policy": finding.policy,
            "path": finding.path,
            "message": finding.message,
            "fix": finding.fix,
        })
    });
    findings.collect()
}

/// Lints the case's object, with those around it as further documents.
fn lint(group: &Group, case: &Case) -> Result<(Option<i32>, Value)> {
    let mut command = Command::new(&product().plugin);
    command.args(["lint", "-o", "json", "-f", "-"]);
    if let Some(policies) = &group.policies {
        command.arg("--policies").arg(policies);
    }
    command
        .env("KUBECTL_SAX_CACHE_DIR", cache())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().context("run kubectl-sax")?;
    let documents = std::iter::once(&case.content.object).chain(&case.content.context);
    let text: Vec<String> = documents.map(Value::to_string).collect();
    // It reads all of its input before it says anything.
    let mut stdin = child.stdin.take().context("kubectl-sax has no stdin")?;
    stdin.write_all(text.join("\n").as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    let stdout = serde_json::from_slice(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let linted = stdout.with_context(|| format!("lint printed no JSON, but: {stderr}"))?;
    Ok((output.status.code(), linted))
}
