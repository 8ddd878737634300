//! The program of the user's own that shows differences, as kubectl has it: `KUBECTL_EXTERNAL_DIFF`
//! is its name and its first arguments, two folders are the last.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::cluster::Preview;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::system;

/// Where its name stands.
const VARIABLE: &str = "KUBECTL_EXTERNAL_DIFF";

/// The program's name and first arguments; `None` where no program is asked for.
pub(super) fn external() -> Option<Vec<String>> {
    let line = std::env::var(VARIABLE).ok()?;
    let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

/// Shows what the program makes of the objects as they are and as they would be.
pub(super) fn show(
    words: &[String],
    previews: &[Preview],
    text: impl Fn(&Preview) -> (String, String),
    printer: &Printer,
) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir()?;
    let (stored, wanted) = (folder.path().join("STORED"), folder.path().join("WANTED"));
    for side in [&stored, &wanted] {
        fs::create_dir(side)?;
    }
    for preview in previews {
        let name = preview.wanted.display_name().replace('/', ".");
        let (before, after) = text(preview);
        if preview.stored.is_some() {
            fs::write(stored.join(&name), before)?;
        }
        fs::write(wanted.join(&name), after)?;
    }
    let output = run(words, &stored, &wanted)?;
    printer.data(&String::from_utf8_lossy(&output.stdout))?;
    match output.status.code() {
        Some(0) => Ok(Exit::Fine),
        Some(1) => Ok(Exit::Differs),
        _ => Err(failed(
            words,
            String::from_utf8_lossy(&output.stderr).trim(),
        )),
    }
}

fn run(words: &[String], stored: &Path, wanted: &Path) -> Result<Output, Failure> {
    let (program, arguments) = words
        .split_first()
        .expect("external() gives at least a name");
    let run = Command::new(program)
        .args(arguments)
        .arg(stored)
        .arg(wanted)
        .output();
    run.map_err(|cause| failed(words, &system::plain(&cause)))
}

fn failed(words: &[String], reason: &str) -> Failure {
    Failure::Flag {
        flag: VARIABLE,
        message: format!("{}: {reason}", words.join(" ")),
    }
}
