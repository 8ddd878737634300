//! `cargo xtask test`: formatting, lints, every test and a minute of each fuzz target, summed into
//! one line.

use std::io::{BufRead, BufReader, Write, stdout};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use xtask::cargo;
use xtask::progress::{self, say};

use crate::fuzz;
use crate::setup::{PRODUCT_FOLDER, program_folder, python, shells, wasm_compiler};

/// Seconds for each fuzz target.
const FUZZ_SECONDS: u64 = 60;

/// Checks that count as one test each.
const CHECKS: [(&str, &[&str]); 2] = [
    ("formatting", &["fmt", "--all", "--check"]),
    (
        "clippy",
        &[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ],
    ),
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: u64,
    failed: u64,
}

/// Runs everything, whatever fails, and prints the sum as the last line.
///
/// # Errors
/// When the set-up fails, so that nothing could be tested.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    wasm_compiler()?;
    shells();
    python();
    let mut totals = Totals::default();
    for (name, arguments) in CHECKS {
        totals.count_check(
            name,
            progress::run(name, cargo::command(root).args(arguments)),
        );
    }
    totals.add(build_and_test(root)?);
    totals.add(fuzz_all());
    writeln!(
        stdout(),
        "{} passed, {} failed",
        totals.passed,
        totals.failed
    )
    .context("write to stdout")?;
    Ok(if totals.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds the programs and the tests at once, with one set of dependencies; the end-to-end tests
/// then find the programs ready.
fn build_and_test(root: &Path) -> Result<Totals> {
    let mut build = cargo::command(root);
    build.args(["build", "--workspace", "--all-targets"]);
    if let Err(error) = progress::run("building the programs and all tests", &mut build) {
        say(&format!("the build FAILED: {error:#}"));
        return Ok(Totals {
            passed: 0,
            failed: 1,
        });
    }
    prepare_kubernetes()?;
    say("running all tests");
    let mut test = cargo::command(root);
    test.args(["test", "--workspace", "--no-fail-fast"])
        .env(PRODUCT_FOLDER, program_folder()?);
    run_tests(&mut test)
}

/// Each target counts as one test, and so does a build that fails.
fn fuzz_all() -> Totals {
    match fuzz::run_all(FUZZ_SECONDS) {
        Ok(fuzz::Outcome { passed, failed }) => Totals { passed, failed },
        Err(error) => {
            say(&format!("fuzzing FAILED: {error:#}"));
            Totals {
                passed: 0,
                failed: 1,
            }
        }
    }
}

/// Minutes the first time; here it shows its progress, within a test it couldn't.
fn prepare_kubernetes() -> Result<()> {
    let mut harness = Command::new(program_folder()?.join("controlplane"));
    let status = harness.arg("bin").stdout(Stdio::null()).status();
    ensure!(
        status.context("run the test harness")?.success(),
        "the control plane of the end-to-end tests can't be built"
    );
    Ok(())
}

/// Passes the tests' output through and sums their results.
fn run_tests(command: &mut Command) -> Result<Totals> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("run cargo test")?;
    let mut totals = Totals::default();
    let output = child.stdout.take().context("read from cargo test")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("read from cargo test")?;
        let line = String::from_utf8_lossy(&line);
        totals.add(parse_result(&line).unwrap_or_default());
        writeln!(stdout(), "{line}").context("write to stdout")?;
    }
    let status = child.wait().context("wait for cargo test")?;
    if !status.success() && totals.failed == 0 {
        // A test program that didn't compile or was killed prints no result.
        totals.failed = 1;
    }
    Ok(totals)
}

/// Reads a line such as `test result: ok. 12 passed; 1 failed; 0 ignored; ...`.
fn parse_result(line: &str) -> Option<Totals> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |word: &str| {
        counts
            .split("; ")
            .find_map(|part| part.strip_suffix(word)?.trim().parse().ok())
    };
    Some(Totals {
        passed: count("passed")?,
        failed: count("failed")?,
    })
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    fn count_check(&mut self, name: &str, outcome: Result<()>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                say(&format!("{name} FAILED: {error:#}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Totals, parse_result};

    #[test]
    fn a_result_line_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(
            parse_result(line),
            Some(Totals {
                passed: 12,
                failed: 3
            })
        );
    }

    #[test]
    fn other_lines_are_not_counted() {
        for line in [
            "test a::b ... ok",
            "running 3 tests",
            "a test result: ok. 1 passed; 0 failed",
        ] {
            assert_eq!(parse_result(line), None, "{line}");
        }
    }
}
