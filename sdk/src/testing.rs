//! Runs a policy's case files natively, in milliseconds and under a debugger.
//!
//! ```yaml
//! # A slice of 32 chips has 8 VMs of 4 chips.
//! object: {...}
//! expect:
//!   findings:
//!   - {code: TPU007, severity: deny, path: /spec/replicatedJobs/0/template/spec/parallelism}
//! ```

mod choices;
mod pointers;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cluster::{Cluster, ReadError};
use crate::document::Document;
use crate::export::judge;
use crate::patch::Patch;
use crate::policy::Policy;
use crate::review::{Kind, Operation, Review};
use crate::verdict::{Finding, Severity};

pub use choices::check_choices;
pub use pointers::pointers;

/// One case: a review, settings, and the verdict that is expected.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
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

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CaseSeverity {
    Deny,
    Warn,
}

/// Why a case did not run, or did not give what it expects.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The file can't be read.
    #[error("failed to read case {path}")]
    Unreadable {
        /// The case file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no case.
    #[error("{path} is not a case: {reason}")]
    NotACase {
        /// The case file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The policy said something else.
    #[error("{path}:\n{difference}")]
    Differs {
        /// The case file.
        path: PathBuf,
        /// What was expected and what was found.
        difference: String,
    },
}

/// Checks every case file below `folder` against `P`.
///
/// # Panics
/// With all cases that fail, or if there is none: for use in a test.
#[track_caller]
pub fn check_cases<P: Policy>(folder: impl AsRef<Path>) {
    check_all(folder.as_ref(), check_case::<P>);
}

/// Checks every case file below `folder`.
#[track_caller]
fn check_all(folder: &Path, check: impl Fn(&Path) -> Result<(), CaseError>) {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    assert!(
        !files.is_empty(),
        "no case files below {}",
        folder.display()
    );
    let failures: Vec<String> = files
        .iter()
        .filter_map(|file| check(file).err())
        .map(|error| error.to_string())
        .collect();
    let (failed, all) = (failures.len(), files.len());
    assert!(
        failures.is_empty(),
        "{failed} of {all} cases fail:\n\n{}",
        failures.join("\n\n")
    );
}

/// Checks one case file against `P`.
///
/// # Errors
/// See [`CaseError`].
pub fn check_case<P: Policy>(path: &Path) -> Result<(), CaseError> {
    let case: Case = read(path)?;
    let not_a_case = |reason: String| CaseError::NotACase {
        path: path.to_owned(),
        reason,
    };
    let review = case.review().map_err(not_a_case)?;
    let settings = serde_json::from_value(case.settings.clone())
        .map_err(|error| not_a_case(format!("the settings do not fit the policy: {error}")))?;
    let (findings, patch) = judge::<P>(&review, &settings, &Recorded(&case.context));
    let difference = case.expect.difference(&findings, &patch);
    if difference.is_empty() {
        Ok(())
    } else {
        Err(CaseError::Differs {
            path: path.to_owned(),
            difference,
        })
    }
}

/// What `P` says of a creation of `object`, with `context` in place of a cluster: for tests that
/// make their objects themselves.
///
/// # Errors
/// The object has no `apiVersion` or `kind`.
pub fn review<P: Policy>(
    object: &Value,
    settings: &P::Settings,
    context: &[Value],
) -> Result<(Vec<Finding>, Patch), String> {
    let case = Case {
        operation: CaseOperation::Create,
        settings: empty_object(),
        context: Vec::new(),
        object: object.clone(),
        old_object: None,
        expect: Expectation {
            findings: Vec::new(),
            patch: Vec::new(),
        },
    };
    Ok(judge::<P>(&case.review()?, settings, &Recorded(context)))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, CaseError> {
    let text = std::fs::read_to_string(path).map_err(|source| CaseError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    serde_saphyr::from_str(&text).map_err(|error| CaseError::NotACase {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
}

fn empty_object() -> Value {
    Value::Object(Default::default())
}

impl Case {
    fn review(&self) -> Result<Review, String> {
        let text = |pointer: &str| self.object.pointer(pointer).and_then(Value::as_str);
        let api_version = text("/apiVersion").ok_or("the object has no apiVersion")?;
        let kind = text("/kind").ok_or("the object has no kind")?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Ok(Review {
            operation: self.operation.into(),
            kind: Kind {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: kind.to_owned(),
            },
            resource: format!("{}s", kind.to_lowercase()),
            subresource: String::new(),
            namespace: Some(text("/metadata/namespace").unwrap_or("default").to_owned()),
            name: text("/metadata/name").unwrap_or_default().to_owned(),
            dry_run: false,
            object: Document::from(&self.object).noting_wrong_types(),
            old_object: self.old_object.as_ref().map(Document::from),
        })
    }
}

impl Expectation {
    fn difference(&self, findings: &[Finding], patch: &Patch) -> String {
        let mut difference = String::new();
        let same = self.findings.len() == findings.len()
            && self
                .findings
                .iter()
                .zip(findings)
                .all(|(expected, found)| expected.matches(found));
        if !same {
            describe_findings(&mut difference, &self.findings, findings);
        }
        let expected = Value::Array(self.patch.clone());
        let found = patch.to_json();
        if expected != found {
            difference.push_str(&format!(
                "  expected patch {expected}\n  found patch    {found}\n"
            ));
        }
        difference
    }
}

fn describe_findings(out: &mut String, expected: &[ExpectedFinding], found: &[Finding]) {
    for ExpectedFinding {
        code,
        severity,
        path,
        message,
        fix,
    } in expected
    {
        let text = format!("  expected {code} {severity:?} {path} {message:?} {fix:?}\n");
        out.push_str(&text);
    }
    for Finding {
        code,
        severity,
        path,
        message,
        fix,
    } in found
    {
        let written = writeln!(
            out,
            "  found    {code} {severity:?} {path} {message:?} {fix:?}"
        );
        written.expect("writing to a String must succeed");
    }
    if found.is_empty() {
        out.push_str("  found no finding\n");
    }
}

impl ExpectedFinding {
    fn matches(&self, found: &Finding) -> bool {
        let holds = |part: &Option<String>, whole: &str| {
            part.as_ref()
                .is_none_or(|part| whole.contains(part.as_str()))
        };
        self.code == found.code
            && Severity::from(self.severity) == found.severity
            && self.path == found.path
            && holds(&self.message, &found.message)
            && holds(&self.fix, &found.fix)
    }
}

impl From<CaseSeverity> for Severity {
    fn from(severity: CaseSeverity) -> Self {
        match severity {
            CaseSeverity::Deny => Self::Deny,
            CaseSeverity::Warn => Self::Warn,
        }
    }
}

impl From<CaseOperation> for Operation {
    fn from(operation: CaseOperation) -> Self {
        match operation {
            CaseOperation::Create => Self::Create,
            CaseOperation::Update => Self::Update,
            CaseOperation::Delete => Self::Delete,
        }
    }
}

/// Objects on file in place of a cluster.
struct Recorded<'a>(&'a [Value]);

impl Recorded<'_> {
    fn of_kind(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Vec<&Value> {
        let text = |object: &Value, pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let mut objects: Vec<&Value> = self.0.iter().collect();
        objects.retain(|object| {
            text(object, "/apiVersion").as_deref() == Some(api_version)
                && text(object, "/kind").as_deref() == Some(kind)
                && namespace.is_none_or(|wanted| {
                    text(object, "/metadata/namespace")
                        .as_deref()
                        .unwrap_or("default")
                        == wanted
                })
        });
        objects.sort_by_key(|object| {
            (
                text(object, "/metadata/namespace"),
                text(object, "/metadata/name"),
            )
        });
        objects
    }
}

impl Cluster for Recorded<'_> {
    fn get(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Document>, ReadError> {
        let objects = self.of_kind(api_version, kind, namespace);
        let named = |object: &&Value| {
            object.pointer("/metadata/name").and_then(Value::as_str) == Some(name)
        };
        Ok(objects.into_iter().find(named).map(Document::from))
    }

    fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Document>, ReadError> {
        let objects = self.of_kind(api_version, kind, namespace);
        Ok(objects.into_iter().map(Document::from).collect())
    }
}
