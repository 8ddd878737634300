//! `policy test`: run a policy's cases.

use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::{Value, json};

use crate::cases::{self, CaseError, Ended};
use crate::cli::{TestArgs, TestFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::{JudgeError, engine};
use crate::printer::{Printer, Tone};
use crate::render::{JunitOutcome, JunitTest, junit, pretty_json};
use crate::subject::Subject;

/// One case, run.
struct Tested {
    /// The file below the folder of cases.
    name: String,
    ended: Result<Ended, CaseError>,
}

pub(super) fn run(args: &TestArgs, printer: &Printer) -> Result<Exit, Failure> {
    let filter = filter(args)?;
    let subject = Subject::find(&args.policy, &engine().map_err(JudgeError::from)?)?;
    let folder = folder(args, &subject)?;
    let mut tested = Vec::new();
    for path in case_files(&folder)? {
        let name = path
            .strip_prefix(&folder)
            .unwrap_or(&path)
            .display()
            .to_string();
        if filter.as_ref().is_none_or(|filter| filter.is_match(&name)) {
            let ended = cases::run(&path, &subject.module);
            tested.push(Tested { name, ended });
        }
    }
    if tested.is_empty() {
        return Err(no_cases(&folder, args.run.as_deref()));
    }
    let text = match args.output {
        TestFormat::Text => text(&tested, printer),
        TestFormat::Json => json_text(&subject.name, &tested),
        TestFormat::Junit => junit_text(&subject.name, tested.iter()),
    };
    printer.data(&text)?;
    Ok(exit(&tested))
}

fn filter(args: &TestArgs) -> Result<Option<Regex>, Failure> {
    let filter = args.run.as_deref().map(Regex::new).transpose();
    filter.map_err(|error| Failure::Flag {
        flag: "--run",
        message: error.to_string(),
    })
}

fn folder(args: &TestArgs, subject: &Subject) -> Result<PathBuf, Failure> {
    let folder = args.cases.clone().or_else(|| subject.cases.clone());
    folder.ok_or_else(|| Failure::Flag {
        flag: "--cases",
        message: format!(
            "policy {} is built in and has no folder here: name the folder of its cases",
            subject.name
        ),
    })
}

fn case_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    cases::files(folder).map_err(|cause| Failure::Read {
        flag: "--cases",
        path: folder.to_owned(),
        cause,
    })
}

fn no_cases(folder: &Path, filter: Option<&str>) -> Failure {
    match filter {
        Some(filter) => Failure::Flag {
            flag: "--run",
            message: format!("no case below {} matches {filter:?}", folder.display()),
        },
        None => Failure::Flag {
            flag: "--cases",
            message: format!("no .yaml file below {}", folder.display()),
        },
    }
}

fn text(tested: &[Tested], printer: &Printer) -> String {
    let mut text = String::new();
    for test in tested.iter().filter(|test| !test.passed()) {
        let label = printer.out("failed", Tone::Bad);
        text += &format!("{label} {}\n", test.name);
        for line in test.explanation().lines() {
            text += &format!("  {line}\n");
        }
    }
    let failed = tested.iter().filter(|test| !test.passed()).count();
    let tone = if failed == 0 { Tone::Good } else { Tone::Bad };
    let summary = format!("{} passed, {failed} failed", tested.len() - failed);
    text + &printer.out(&summary, tone) + "\n"
}

fn json_text(policy: &str, tested: &[Tested]) -> String {
    let cases: Vec<Value> = tested
        .iter()
        .map(|test| json!({"name": test.name, "passed": test.passed(), "message": test.explanation()}))
        .collect();
    let failed = tested.iter().filter(|test| !test.passed()).count();
    let passed = tested.len() - failed;
    pretty_json(&json!({"policy": policy, "passed": passed, "failed": failed, "cases": cases}))
}

fn junit_text<'a>(policy: &str, tested: impl Iterator<Item = &'a Tested>) -> String {
    let tests = tested.map(|test| JunitTest {
        suite: policy.to_owned(),
        name: test.name.clone(),
        outcome: match &test.ended {
            Ok(Ended::Passed) => JunitOutcome::Passed,
            Ok(Ended::Differs(difference)) => JunitOutcome::Failed(difference.clone()),
            Err(error) => JunitOutcome::Error(error.to_string()),
        },
        output: String::new(),
    });
    junit("kubectl sax policy test", tests)
}

fn exit(tested: &[Tested]) -> Exit {
    let of_case = |test: &Tested| match test.ended {
        Ok(Ended::Passed) => Exit::Fine,
        Ok(Ended::Differs(_)) => Exit::Denied,
        Err(_) => Exit::Error,
    };
    tested.iter().map(of_case).fold(Exit::Fine, Exit::worst)
}

impl Tested {
    fn passed(&self) -> bool {
        matches!(self.ended, Ok(Ended::Passed))
    }

    fn explanation(&self) -> String {
        match &self.ended {
            Ok(Ended::Passed) => String::new(),
            Ok(Ended::Differs(difference)) => difference.clone(),
            Err(error) => error.to_string(),
        }
    }
}
