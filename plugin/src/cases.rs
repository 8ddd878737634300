//! A policy's cases: files with a review and the verdict that the policy must give, or with a
//! choice and the order that a placement policy must give.
//!
//! The format is the SDK's (`sdk::testing`), which runs the same files natively; here they run
//! as the cluster runs the policy.

mod choice;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use admission::{Call, Finding, Operation, Request, Severity, Verdict};
use runtime::LoadedPolicy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::judge::recorded;

/// One case.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    #[serde(default)]
    operation: CaseOperation,
    #[serde(default = "empty_object")]
    settings: Value,
    #[serde(default)]
    context: Vec<Value>,
    object: Value,
    old_object: Option<Value>,
    expect: Expectation,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum CaseOperation {
    #[default]
    Create,
    Update,
    Delete,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    #[serde(default)]
    findings: Vec<ExpectedFinding>,
    /// The exact patch: RFC 6902 operations.
    #[serde(default)]
    patch: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedFinding {
    code: String,
    severity: CaseSeverity,
    path: String,
    message: Option<String>,
    fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CaseSeverity {
    Deny,
    Warn,
}

/// What a case asks the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// What it says of an object.
    Review,
    /// Which domains it prefers for a group.
    Choice,
}

/// A case file, read.
pub(crate) struct CaseFile {
    text: String,
    /// What it asks.
    pub(crate) kind: Kind,
}

/// Why a case can't be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaseError {
    /// The file can't be read.
    #[error("can't be read: {0}")]
    Read(#[from] io::Error),
    /// The file is no case.
    #[error("is no case: {0}")]
    NotACase(String),
    /// A choice, and a policy that makes none.
    #[error("is a choice, and the policy exports no `choose`: only a placement policy has choices")]
    NoPlacementPolicy,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As expected.
    Passed,
    /// The policy said something else: what was expected and what was found.
    Differs(String),
}

/// The case files of a folder and all below it, by path.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

impl CaseFile {
    /// Reads one case file. What has domains is a choice.
    pub(crate) fn read(path: &Path) -> Result<Self, CaseError> {
        let text = fs::read_to_string(path)?;
        let members: Value = parse(&text)?;
        let kind = match members.get("domains") {
            Some(_) => Kind::Choice,
            None => Kind::Review,
        };
        Ok(Self { text, kind })
    }

    /// Asks the policy, and compares what it says.
    pub(crate) fn run(&self, policy: &LoadedPolicy) -> Result<Ended, CaseError> {
        match self.kind {
            Kind::Choice => choice::run(&self.text, policy),
            Kind::Review => review(&self.text, policy),
        }
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, CaseError> {
    serde_saphyr::from_str(text).map_err(not_a_case)
}

fn not_a_case(error: impl std::fmt::Display) -> CaseError {
    CaseError::NotACase(error.to_string())
}

fn review(text: &str, policy: &LoadedPolicy) -> Result<Ended, CaseError> {
    let case: Case = parse(text)?;
    policy.check_settings(&case.settings).map_err(not_a_case)?;
    let request = case.request().map_err(not_a_case)?;
    let object_json = case.object.to_string().into_bytes();
    let old_object_json = case
        .old_object
        .as_ref()
        .map(|old| old.to_string().into_bytes());
    let settings_json = case.settings.to_string().into_bytes();
    let call = Call {
        request: &request,
        object_json: &object_json,
        old_object_json: old_object_json.as_deref(),
        settings_json: &settings_json,
    };
    let objects = Arc::new(recorded(&case.context));
    Ok(match policy.review(&call, Some(&objects), None) {
        Ok(answer) => case.expect.compare(&answer.verdict),
        Err(error) => Ended::Differs(format!("the policy {error}\n")),
    })
}

impl Case {
    fn request(&self) -> Result<Request, admission::ManifestError> {
        let request = Request::from_manifest(self.object.clone(), "default")?;
        Ok(match (self.operation, &self.old_object) {
            (CaseOperation::Update, Some(old)) => request.updating(old.clone()),
            (CaseOperation::Update, None) => Request {
                operation: Operation::Update,
                ..request
            },
            (CaseOperation::Create, _) => request,
            (CaseOperation::Delete, _) => Request {
                operation: Operation::Delete,
                old_object: request.object,
                object: None,
                ..request
            },
        })
    }
}

impl Expectation {
    fn compare(&self, verdict: &Verdict) -> Ended {
        let mut difference = String::new();
        let found = &verdict.findings;
        let same = self.findings.len() == found.len()
            && self
                .findings
                .iter()
                .zip(found)
                .all(|(expected, found)| expected.matches(found));
        if !same {
            difference += &self.findings_difference(found);
        }
        let (expected, patch) = (json!(self.patch), json!(verdict.patch));
        if expected != patch {
            difference += &format!("expected patch {expected}\nfound patch    {patch}\n");
        }
        match difference.is_empty() {
            true => Ended::Passed,
            false => Ended::Differs(difference),
        }
    }

    fn findings_difference(&self, found: &[Finding]) -> String {
        let expected: String = self
            .findings
            .iter()
            .map(|expected| format!("expected {}\n", expected.line()))
            .collect();
        let found: String = found.iter().map(found_line).collect();
        let or_none = |lines: String, what: &str| match lines.is_empty() {
            true => format!("{what} no finding\n"),
            false => lines,
        };
        or_none(expected, "expected") + &or_none(found, "found   ")
    }
}

impl ExpectedFinding {
    fn matches(&self, found: &Finding) -> bool {
        let holds = |part: &Option<String>, whole: &str| {
            part.as_ref()
                .is_none_or(|part| whole.contains(part.as_str()))
        };
        self.code == found.code
            && self.severity == CaseSeverity::of(found.severity)
            && self.path == found.path
            && holds(&self.message, &found.message)
            && holds(&self.fix, &found.fix)
    }

    fn line(&self) -> String {
        let mut line = format!("{} [{}] {}", self.severity.word(), self.code, self.path);
        if let Some(message) = &self.message {
            line += &format!(": ...{message}...");
        }
        if let Some(fix) = &self.fix {
            line += &format!(" fix: ...{fix}...");
        }
        line
    }
}

impl CaseSeverity {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Deny => Self::Deny,
            Severity::Warn => Self::Warn,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
        }
    }
}

fn found_line(finding: &Finding) -> String {
    format!(
        "found    {} {finding}\n",
        CaseSeverity::of(finding.severity).word()
    )
}

fn empty_object() -> Value {
    Value::Object(Default::default())
}
