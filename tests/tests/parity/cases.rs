//! The case files of all policies.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use admission::{Finding, Request, Severity, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

/// Where objects stand that don't say it.
const NAMESPACE: &str = "default";

/// One case file.
#[derive(Debug)]
pub(crate) struct Case {
    /// The policy that it is about.
    pub(crate) policy: String,
    /// The code that its folder is about, or another topic.
    pub(crate) topic: String,
    /// The file's name without its ending; the first word says what it expects.
    pub(crate) claim: String,
    /// The file's content.
    pub(crate) content: Content,
}

/// What stands in a case file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Content {
    #[serde(default)]
    operation: CaseOperation,
    /// Of the case's policy; the others have their defaults.
    #[serde(default = "empty")]
    pub(crate) settings: Value,
    /// Objects that are there.
    #[serde(default)]
    pub(crate) context: Vec<Value>,
    pub(crate) object: Value,
    #[serde(default)]
    pub(crate) old_object: Option<Value>,
    pub(crate) expect: Expectation,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum CaseOperation {
    #[default]
    Create,
    Update,
}

/// What the case's policy must say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    #[serde(default)]
    pub(crate) findings: Vec<ExpectedFinding>,
    /// RFC 6902 operations.
    #[serde(default)]
    patch: Vec<Value>,
}

/// A finding, of whose texts only parts are told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedFinding {
    pub(crate) code: String,
    severity: ExpectedSeverity,
    path: String,
    message: Option<String>,
    fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExpectedSeverity {
    Deny,
    Warn,
}

/// All cases, by policy, topic and claim.
pub(crate) fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(read_all)
}

impl Case {
    /// The file, from the workspace's root.
    pub(crate) fn name(&self) -> String {
        let Self {
            policy,
            topic,
            claim,
            ..
        } = self;
        format!("policies/{policy}/cases/{topic}/{claim}.yaml")
    }

    /// Whether an object is changed and not made.
    pub(crate) fn is_update(&self) -> bool {
        self.content.operation == CaseOperation::Update
    }

    /// The review that the case describes.
    pub(crate) fn request(&self) -> Request {
        let Content {
            object, old_object, ..
        } = &self.content;
        let request = Request::from_manifest(object.clone(), NAMESPACE);
        let request = request.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        match old_object {
            Some(old) if self.is_update() => request.updating(old.clone()),
            None if !self.is_update() => request,
            _ => panic!("{}: UPDATE goes with oldObject", self.name()),
        }
    }
}

impl Expectation {
    /// Whether a denial is expected.
    pub(crate) fn denies(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.severity == ExpectedSeverity::Deny)
    }

    /// What differs, or nothing.
    pub(crate) fn difference(&self, found: &Verdict) -> Option<String> {
        let same = self.findings.len() == found.findings.len()
            && self.findings.iter().zip(&found.findings).all(agrees);
        if !same {
            return Some(format!(
                "expected {:#?}\nfound {:#?}",
                self.findings, found.findings
            ));
        }
        let (expected, patch) = (json!(self.patch), json!(found.patch));
        (expected != patch).then(|| format!("expected patch {expected}\nfound patch    {patch}"))
    }
}

fn agrees((expected, found): (&ExpectedFinding, &Finding)) -> bool {
    let holds = |part: &Option<String>, whole: &str| {
        part.as_ref()
            .is_none_or(|part| whole.contains(part.as_str()))
    };
    let severity = match expected.severity {
        ExpectedSeverity::Deny => Severity::Deny,
        ExpectedSeverity::Warn => Severity::Warn,
    };
    (expected.code.as_str(), severity, expected.path.as_str())
        == (found.code.as_str(), found.severity, found.path.as_str())
        && holds(&expected.message, &found.message)
        && holds(&expected.fix, &found.fix)
}

fn empty() -> Value {
    json!({})
}

fn read_all() -> Vec<Case> {
    let mut cases = Vec::new();
    for policy in folders(&xtask::workspace_root().join("policies")) {
        for topic in folders(&policy.join("cases")) {
            let files = entries(&topic).into_iter();
            let files = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
            cases.extend(files.map(|file| read(&policy, &topic, &file)));
        }
    }
    assert!(!cases.is_empty(), "there are no case files");
    cases
}

fn read(policy: &Path, topic: &Path, file: &Path) -> Case {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| fail(file, &error));
    let content = serde_saphyr::from_str(&text).unwrap_or_else(|error| fail(file, &error));
    Case {
        policy: last_name(policy),
        topic: last_name(topic),
        claim: last_name(&file.with_extension("")),
        content,
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = entries(folder);
    found.retain(|path| path.is_dir());
    found
}

/// What a folder holds, by name; nothing where there is no folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    if !folder.exists() {
        return Vec::new();
    }
    let found = std::fs::read_dir(folder).unwrap_or_else(|error| fail(folder, &error));
    let mut found: Vec<PathBuf> = found
        .map(|entry| entry.unwrap_or_else(|error| fail(folder, &error)).path())
        .collect();
    found.sort();
    found
}

fn last_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn fail<T>(path: &Path, error: &dyn std::fmt::Display) -> T {
    panic!("{}: {error}", path.display())
}
