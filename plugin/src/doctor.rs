//! What is wrong with a deployment, or with the cluster before there is one: what
//! `kubectl sax doctor` tells. Pure: from what was read of the cluster. `-o json` prints
//! [`Report`] as it is.
//!
//! A check never says a second time what a policy judges: its findings carry the policy's code.

mod access;
mod account;
mod evidence;
mod images;
mod jobset;
mod leader;
mod names;
mod place;
mod pods;
mod policies;
mod pools;
mod program;
mod security;
mod slices;
mod webhook;

use serde::Serialize;

pub(crate) use evidence::{Answer, Controller, Evidence, JobSetSeen, Right, Scope, WebhookSeen};

use crate::judge::{Judge, JudgeError};

/// All that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The verdict in one line.
    pub(crate) verdict: String,
    /// How many findings are problems.
    pub(crate) problems: usize,
    /// How many are warnings.
    pub(crate) warnings: usize,
    /// What was looked at.
    #[serde(flatten)]
    pub(crate) scope: Scope,
    /// The findings, problems first.
    pub(crate) findings: Vec<Finding>,
    /// Every check with what it saw.
    pub(crate) checks: Vec<Check>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    /// The check that found it.
    pub(crate) check: &'static str,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The policy's code, where a policy says so: `kubectl sax explain CODE`.
    pub(crate) code: Option<String>,
    /// The object, as kubectl takes it, such as `node/tpu1-3`.
    pub(crate) object: String,
    /// What was found and what is expected.
    pub(crate) message: String,
    /// What follows from it, or more about it.
    pub(crate) detail: Option<String>,
    /// The one action that mends it.
    pub(crate) fix: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Severity {
    /// Good to know.
    Note,
    /// Unwise or unfinished, or nobody here can know.
    Warning,
    /// It can't work.
    Problem,
}

/// What a check saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    /// Its name.
    pub(crate) name: &'static str,
    /// How it ended.
    pub(crate) state: State,
    /// What it saw, in one line.
    pub(crate) seen: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    /// Nothing is wrong.
    Good,
    /// Its worst finding is a warning.
    Warning,
    /// At least one problem.
    Problem,
    /// It couldn't look.
    Unknown,
}

/// A check's answer.
struct Outcome {
    seen: String,
    known: bool,
    findings: Vec<Finding>,
}

/// Runs all checks.
///
/// # Errors
/// When an object is none that a policy can judge.
pub(crate) fn examine(evidence: &Evidence, judge: &Judge) -> Result<Report, JudgeError> {
    let mut checks = Vec::new();
    let mut findings = Vec::new();
    let mut add = |name: &'static str, outcome: Option<Outcome>| {
        let Some(outcome) = outcome else { return };
        checks.push(outcome.check(name));
        findings.extend(outcome.findings.into_iter().map(|mut finding| {
            finding.check = name;
            finding
        }));
    };
    add("program", program::check(evidence));
    add("cluster", Some(Outcome::good(evidence.version.clone())));
    add("permissions", Some(access::check(evidence)));
    add("jobset", Some(jobset::check(evidence)));
    add("webhook", Some(webhook::check(evidence)));
    add("pools", Some(pools::check(evidence)));
    add("names", names::check(evidence));
    add("deployment", place::check(evidence));
    add("policies", policies::check(evidence, judge)?);
    add("images", images::check(evidence));
    add("identity", account::check(evidence));
    add("security", security::check(evidence));
    add("slices", slices::check(evidence));
    add("leaders", leader::check(evidence));
    add("pods", pods::check(evidence));
    Ok(Report::of(evidence.scope.clone(), checks, findings))
}

impl Report {
    /// Nothing can be looked at: the cluster doesn't answer, or not to us.
    pub(crate) fn unreachable(scope: Scope, cause: &str, fix: Option<String>) -> Self {
        let finding = Finding {
            fix,
            ..Finding::problem("cluster", cause)
        };
        let outcome = Outcome::found("no answer", vec![finding]);
        let check = outcome.check("cluster");
        let findings = outcome.findings.into_iter();
        let findings = findings.map(|finding| Finding {
            check: "cluster",
            ..finding
        });
        Self::of(scope, vec![check], findings.collect())
    }

    fn of(scope: Scope, checks: Vec<Check>, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let count = |severity| {
            let of_it = findings
                .iter()
                .filter(|finding| finding.severity == severity);
            of_it.count()
        };
        let (problems, warnings) = (count(Severity::Problem), count(Severity::Warning));
        Self {
            verdict: verdict(problems, warnings, &scope),
            problems,
            warnings,
            scope,
            findings,
            checks,
        }
    }
}

impl Finding {
    /// Something that can't work.
    fn problem(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            check: "",
            severity: Severity::Problem,
            code: None,
            object: object.into(),
            message: message.into(),
            detail: None,
            fix: None,
        }
    }

    fn warning(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::problem(object, message)
        }
    }

    fn note(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::problem(object, message)
        }
    }

    fn because(self, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        Self { detail, ..self }
    }

    fn fixed_by(self, fix: impl Into<String>) -> Self {
        let fix = Some(fix.into());
        Self { fix, ..self }
    }
}

impl Outcome {
    fn good(seen: impl Into<String>) -> Self {
        Self::found(seen, Vec::new())
    }

    fn found(seen: impl Into<String>, findings: Vec<Finding>) -> Self {
        Self {
            seen: seen.into(),
            known: true,
            findings,
        }
    }

    fn unknown(seen: impl Into<String>) -> Self {
        Self {
            known: false,
            ..Self::good(seen)
        }
    }

    fn check(&self, name: &'static str) -> Check {
        let worst = self.findings.iter().map(|finding| finding.severity).max();
        let state = match worst {
            Some(Severity::Problem) => State::Problem,
            Some(Severity::Warning) => State::Warning,
            _ if !self.known => State::Unknown,
            _ => State::Good,
        };
        Check {
            name,
            state,
            seen: self.seen.clone(),
        }
    }
}

fn verdict(problems: usize, warnings: usize, scope: &Scope) -> String {
    let counted = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let found = match (problems, warnings) {
        (0, 0) => "no problems".to_owned(),
        (0, _) => format!("no problems, {}", counted(warnings, "warning")),
        (_, 0) => counted(problems, "problem"),
        _ => format!(
            "{}, {}",
            counted(problems, "problem"),
            counted(warnings, "warning")
        ),
    };
    format!("{found}: {scope}")
}
