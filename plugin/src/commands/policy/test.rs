//! `policy test`: run a policy's cases.

use std::path::{Path, PathBuf};

use regex::Regex;
use runtime::LoadedPolicy;
use serde_json::{Value, json};

use crate::cases::{self, CaseError, CaseFile, Ended, Kind};
use crate::cli::{TestArgs, TestFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::{JudgeError, engine};
use crate::printer::{Printer, Tone};
use crate::render::{JunitOutcome, JunitTest, junit, pretty_json};
use crate::subject::Subject;

/// The folder of a policy's cases of reviews.
const CASES: &str = "cases";
/// The folder of a placement policy's cases of choices.
const CHOICES: &str = "choices";

/// One case, run.
struct Tested {
    /// The file below the folder of cases; with its folder where that is the one of choices.
    name: String,
    /// What it asks; `None` where it can't be read.
    kind: Option<Kind>,
    ended: Result<Ended, CaseError>,
}

/// A folder of case files.
struct Folder {
    path: PathBuf,
    /// Names are told from here.
    base: PathBuf,
}

pub(super) fn run(args: &TestArgs, printer: &Printer) -> Result<Exit, Failure> {
    let filter = filter(args)?;
    let subject = Subject::find(&args.policy, &engine().map_err(JudgeError::from)?)?;
    let folders = folders(args, &subject)?;
    let mut tested = Vec::new();
    for folder in &folders {
        for path in case_files(&folder.path)? {
            let name = path.strip_prefix(&folder.base).unwrap_or(&path);
            let name = name.display().to_string();
            if filter.as_ref().is_none_or(|filter| filter.is_match(&name)) {
                tested.push(Tested::run(name, &path, &subject.module));
            }
        }
    }
    if tested.is_empty() {
        return Err(no_cases(&folders, args.run.as_deref()));
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

/// The folder that the user names; else those that stand beside the policy.
fn folders(args: &TestArgs, subject: &Subject) -> Result<Vec<Folder>, Failure> {
    let whole = |path: PathBuf| Folder {
        base: path.clone(),
        path,
    };
    if let Some(folder) = &args.cases {
        return Ok(vec![whole(folder.clone())]);
    }
    let base = subject.folder.clone().ok_or_else(|| Failure::Flag {
        flag: "--cases",
        message: format!(
            "policy {} is built in and has no folder here: name the folder of its cases",
            subject.name
        ),
    })?;
    let (cases, choices) = (base.join(CASES), base.join(CHOICES));
    let has_choices = choices.is_dir();
    let mut folders = Vec::new();
    if cases.is_dir() || !has_choices {
        folders.push(whole(cases));
    }
    if has_choices {
        let path = choices;
        folders.push(Folder { path, base });
    }
    Ok(folders)
}

fn case_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    cases::files(folder).map_err(|cause| Failure::Read {
        flag: "--cases",
        path: folder.to_owned(),
        cause,
    })
}

fn no_cases(folders: &[Folder], filter: Option<&str>) -> Failure {
    let folders: Vec<String> = folders
        .iter()
        .map(|folder| folder.path.display().to_string())
        .collect();
    let folders = folders.join(" and ");
    match filter {
        Some(filter) => Failure::Flag {
            flag: "--run",
            message: format!("no case below {folders} matches {filter:?}"),
        },
        None => Failure::Flag {
            flag: "--cases",
            message: format!("no .yaml file below {folders}"),
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
    let cases: Vec<Value> = tested.iter().map(Tested::json).collect();
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
    fn run(name: String, path: &Path, policy: &LoadedPolicy) -> Self {
        let file = CaseFile::read(path);
        Self {
            name,
            kind: file.as_ref().ok().map(|file| file.kind),
            ended: file.and_then(|file| file.run(policy)),
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "kind": self.kind,
            "passed": self.passed(),
            "message": self.explanation(),
        })
    }

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
