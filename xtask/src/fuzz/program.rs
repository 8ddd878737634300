//! One target's program, which libFuzzer drives, and its folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::report::Report;
use crate::setup::program_folder;

/// Bytes of an input. What a limit is about is reached by repetition, not by length.
const MOST_BYTES: &str = "-max_len=4096";
/// Seconds for one input: what takes longer hangs.
const TIMEOUT: &str = "-timeout=10";
/// MiB of memory in use.
const MEMORY: &str = "-rss_limit_mb=2048";
/// Lines of libFuzzer's talk that are shown of a run that failed.
const TAIL: usize = 40;

/// One target's program.
pub(super) struct Program {
    target: String,
    path: PathBuf,
    /// Committed inputs, which are read.
    corpus: PathBuf,
    /// Where what it finds on this machine is kept for its next run.
    found: PathBuf,
    /// Where it leaves an input that breaks something.
    broken: PathBuf,
    dictionary: PathBuf,
}

impl Program {
    /// The program that was built for a target; makes its folders.
    ///
    /// # Errors
    /// When a folder can't be made.
    pub(super) fn of(root: &Path, target: &str) -> Result<Self> {
        let own = root.join("target/fuzz").join(target);
        let program = Self {
            target: target.to_owned(),
            path: program_folder()?.join(target),
            corpus: root.join("fuzz/corpus").join(target),
            found: own.join("corpus"),
            broken: own.join("broken"),
            dictionary: root.join("fuzz/dictionaries").join(target),
        };
        for folder in [&program.found, &program.broken] {
            fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        Ok(program)
    }

    /// Runs for so many seconds, and says what was done in one line.
    ///
    /// # Errors
    /// When an input breaks something: the message names it, and how to see it again.
    pub(super) fn fuzz(&self, seconds: u64) -> Result<String> {
        let mut command = self.command();
        command
            .arg(format!("-max_total_time={seconds}"))
            .args(["-print_final_stats=1", "-use_value_profile=0"])
            .args([&self.found, &self.corpus]);
        let (held, talk) = talk_of(&mut command)?;
        match held {
            true => Ok(Report::of(&talk).line(&self.target)),
            false => bail!("{}", self.failure(&talk)),
        }
    }

    /// Replaces the committed inputs that libFuzzer named by as few as reach all that they and the new
    /// ones reach. What somebody gave a name stays.
    ///
    /// # Errors
    /// When they can't be read or written.
    pub(super) fn keep(&self) -> Result<()> {
        let kept = self.found.with_file_name("kept");
        if kept.exists() {
            fs::remove_dir_all(&kept).with_context(|| format!("empty {}", kept.display()))?;
        }
        fs::create_dir_all(&kept).with_context(|| format!("make {}", kept.display()))?;
        let mut command = self.command();
        // Which edges are reached, not how often: that keeps tens of inputs and not thousands.
        command
            .args(["-set_cover_merge=1", "-use_counters=0"])
            .args([&kept, &self.corpus, &self.found]);
        let (done, talk) = talk_of(&mut command)?;
        if !done {
            bail!(
                "{}: its corpus can't be merged\n{}",
                self.target,
                tail(&talk)
            );
        }
        for path in files(&self.corpus)?.iter().filter(|path| is_numbered(path)) {
            fs::remove_file(path).with_context(|| format!("remove {}", path.display()))?;
        }
        for path in files(&kept)? {
            let to = self.corpus.join(path.file_name().unwrap_or_default());
            fs::copy(&path, &to).with_context(|| format!("write {}", to.display()))?;
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args([MOST_BYTES, TIMEOUT, MEMORY]);
        command.arg(format!("-artifact_prefix={}/", self.broken.display()));
        if self.dictionary.exists() {
            command.arg(format!("-dict={}", self.dictionary.display()));
        }
        command
    }

    fn failure(&self, talk: &str) -> String {
        let Self { target, .. } = self;
        let written = talk.split("Test unit written to ").nth(1);
        let input = written.and_then(|rest| rest.lines().next());
        let again = match input {
            Some(input) => format!(
                "the input is {input}\nsee it again: cargo run --package sax-fuzz --bin {target} -- {input}"
            ),
            None => "libFuzzer left no input".to_owned(),
        };
        format!("{}\n{target} FAILED: {again}", tail(talk))
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let paths: std::io::Result<_> = entries.map(|entry| Ok(entry?.path())).collect();
    paths.with_context(|| format!("read {}", folder.display()))
}

/// Whether libFuzzer named the file: by the SHA-1 of it, in hexadecimal.
fn is_numbered(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it ended well, and what it said.
fn talk_of(command: &mut Command) -> Result<(bool, String)> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {program}"))?;
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.success(), talk))
}

fn tail(talk: &str) -> String {
    let lines: Vec<&str> = talk.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
