//! `cargo xtask fuzz`: looks for inputs that break what should hold for all, and says how long it
//! looked.

mod program;
mod report;

use std::collections::VecDeque;
use std::fs;
use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use clap::Args;
use xtask::progress::{self, say};
use xtask::{cargo, workspace_root};

use crate::setup::{cxx_compiler, wasm_compiler};
use program::Program;

/// How many run at once: the machines that CI has have two cores.
const AT_ONCE: usize = 2;

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// The targets; all of them where none is named.
    targets: Vec<String>,
    /// Seconds for each.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Add what reached something new to the committed corpora.
    #[arg(long)]
    keep: bool,
}

/// How many targets held, and how many didn't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// Fuzzes what was asked for.
///
/// # Errors
/// When the set-up fails, the programs don't compile, or there is no such target.
pub(crate) fn run(root: &Path, args: &FuzzArgs) -> Result<ExitCode> {
    let all = targets(root)?;
    for target in &args.targets {
        let known = all.join(", ");
        ensure!(
            all.contains(target),
            "there is no target {target}, only {known}"
        );
    }
    let chosen = match args.targets.is_empty() {
        true => all,
        false => args.targets.clone(),
    };
    let outcome = fuzz(root, &chosen, args.seconds)?;
    if args.keep && outcome.failed == 0 {
        for target in &chosen {
            Program::of(root, target)?.keep()?;
        }
    }
    Ok(match outcome.failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Fuzzes each target for so many seconds.
///
/// # Errors
/// When the set-up fails or the programs don't compile.
pub(crate) fn run_all(seconds: u64) -> Result<Outcome> {
    let root = workspace_root();
    fuzz(&root, &targets(&root)?, seconds)
}

fn fuzz(root: &Path, targets: &[String], seconds: u64) -> Result<Outcome> {
    wasm_compiler()?;
    cxx_compiler()?;
    build(root, targets)?;
    let count = targets.len();
    say(&format!("fuzzing {count} targets, {seconds} s each"));
    let queue = Mutex::new(targets.iter().collect::<VecDeque<_>>());
    let outcome = Mutex::new(Outcome::default());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(target) = next(&queue) {
                    let held = tell(Program::of(root, target).and_then(|it| it.fuzz(seconds)));
                    count_one(&outcome, held);
                }
            });
        }
    });
    outcome
        .into_inner()
        .map_err(|_| anyhow::anyhow!("a thread that ran a target panicked"))
}

/// The next target; none where a thread has panicked, so that all end.
fn next<'a>(queue: &Mutex<VecDeque<&'a String>>) -> Option<&'a String> {
    queue.lock().ok()?.pop_front()
}

fn count_one(outcome: &Mutex<Outcome>, held: bool) {
    if let Ok(mut outcome) = outcome.lock() {
        match held {
            true => outcome.passed += 1,
            false => outcome.failed += 1,
        }
    }
}

/// Prints the line of a run, or says why it failed.
fn tell(run: Result<String>) -> bool {
    match run.and_then(|line| writeln!(stdout(), "{line}").context("write to stdout")) {
        Ok(()) => true,
        Err(error) => {
            say(&format!("{error:#}"));
            false
        }
    }
}

/// The targets are the folders of inputs.
fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz/corpus");
    let entries = fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
    let names: std::io::Result<Vec<String>> = entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect();
    let mut names = names.with_context(|| format!("read {}", folder.display()))?;
    names.sort();
    Ok(names)
}

/// Builds with all packages selected, so that dependencies have the features that they have in every
/// other build and aren't compiled again.
fn build(root: &Path, targets: &[String]) -> Result<()> {
    let mut build = cargo::command(root);
    build.args(["build", "--workspace"]);
    for target in targets {
        build.args(["--bin", target]);
    }
    build.env("RUSTC_WORKSPACE_WRAPPER", root.join("fuzz/instrument"));
    progress::run("building the fuzz targets", &mut build)
}
