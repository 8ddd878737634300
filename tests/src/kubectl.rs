//! The built kubectl, bound to one cluster.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// kubectl with the kubeconfig of one cluster.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
}

/// What a command printed and how it ended; a test may expect the failure.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Exit status 0.
    pub success: bool,
    /// The exit status; none where a signal ended it.
    pub status: Option<i32>,
    /// The command's stdout.
    pub stdout: String,
    /// The command's stderr.
    pub stderr: String,
}

impl Answer {
    /// Of a command that has ended.
    #[must_use]
    pub fn of(output: &Output) -> Self {
        Self {
            success: output.status.success(),
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Kubectl {
    /// `program` is the kubectl to run; no other configuration than `kubeconfig` is read.
    #[must_use]
    pub fn new(program: &Path, kubeconfig: &Path) -> Self {
        Self {
            program: program.to_path_buf(),
            kubeconfig: kubeconfig.to_path_buf(),
        }
    }

    /// The kubectl itself.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The file that names the cluster.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs kubectl, whatever comes of it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn try_run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<Answer> {
        self.try_run_with(arguments, "")
    }

    /// [`Self::try_run`] with `stdin`.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn try_run_with<A: AsRef<OsStr>>(&self, arguments: &[A], stdin: &str) -> Result<Answer> {
        let mut command = Command::new(&self.program);
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments);
        answer(&mut command, stdin)
    }

    /// Runs kubectl and returns its stdout.
    ///
    /// # Errors
    /// When it fails; the message has its arguments and stderr.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<String> {
        self.run_with(arguments, "")
    }

    /// [`Self::run`] with `stdin`.
    ///
    /// # Errors
    /// When it fails; the message has its arguments and stderr.
    pub fn run_with<A: AsRef<OsStr>>(&self, arguments: &[A], stdin: &str) -> Result<String> {
        let answer = self.try_run_with(arguments, stdin)?;
        if !answer.success {
            let arguments: Vec<_> = arguments
                .iter()
                .map(|argument| argument.as_ref().to_string_lossy())
                .collect();
            bail!(
                "`kubectl {}` failed: {}",
                arguments.join(" "),
                answer.stderr.trim_end()
            );
        }
        Ok(answer.stdout)
    }

    /// `kubectl get ... -o json`, parsed.
    ///
    /// # Errors
    /// When it fails or prints no JSON.
    pub fn get(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.run(&[&["get", "-o", "json"], arguments].concat())?;
        serde_json::from_str(&text)
            .with_context(|| format!("parse `kubectl get {}`", arguments.join(" ")))
    }

    /// The items of `kubectl get ... -o json`.
    ///
    /// # Errors
    /// When it fails or prints no list.
    pub fn list(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        match self.get(arguments)?.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => bail!("`kubectl get {}` printed no list", arguments.join(" ")),
        }
    }

    /// Server-side apply of a manifest (YAML or JSON).
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        self.run_with(
            &[
                "apply",
                "--server-side",
                "--force-conflicts",
                "--field-manager=sax-tests",
                "-f",
                "-",
            ],
            manifest,
        )?;
        Ok(())
    }
}

/// Runs a command with `stdin` and collects what it says.
///
/// # Errors
/// When it can't be started.
pub(crate) fn answer(command: &mut Command, stdin: &str) -> Result<Answer> {
    let output = feed(command, stdin)
        .with_context(|| format!("run {}", command.get_program().to_string_lossy()))?;
    Ok(Answer::of(&output))
}

fn feed(command: &mut Command, stdin: &str) -> std::io::Result<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let pipe = child.stdin.take();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A command that reads only part of its input has said why on stderr.
            pipe.map(|mut pipe| pipe.write_all(stdin.as_bytes()).ok())
        });
        child.wait_with_output()
    })
}
