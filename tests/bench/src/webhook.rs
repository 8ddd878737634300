//! The webhook as a process of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use sax_tests::https::Client;

/// How long a start may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Folders that starts of the webhook share: its certificate, its policies, its cache.
pub(crate) struct Folders {
    root: tempfile::TempDir,
}

/// A running webhook; it ends with this value.
pub(crate) struct Webhook {
    process: Child,
    address: String,
    authority: PathBuf,
    log: PathBuf,
    /// From before the process until it serves.
    pub(crate) took: Duration,
}

impl Folders {
    pub(crate) fn new() -> Result<Self> {
        let root = tempfile::tempdir().context("make a folder")?;
        for name in ["tls", "policies"] {
            fs::create_dir(root.path().join(name)).context("make a folder")?;
        }
        Ok(Self { root })
    }

    /// Where documents and components are put.
    pub(crate) fn policies(&self) -> PathBuf {
        self.root.path().join("policies")
    }

    /// Forgets what was compiled.
    pub(crate) fn cool(&self) -> Result<()> {
        let cache = self.cache();
        match cache.exists() {
            true => fs::remove_dir_all(&cache).context("empty the cache"),
            false => Ok(()),
        }
    }

    /// Starts the webhook and returns when it serves.
    pub(crate) fn start(&self, program: &Path) -> Result<Webhook> {
        let path = |name: &str| self.root.path().join(name);
        let (ready, log) = (path("address"), path("log"));
        if ready.exists() {
            fs::remove_file(&ready).context("remove the ready file of an earlier start")?;
        }
        let mut command = Command::new(program);
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--self-signed",
                "--tls-dir",
            ])
            .arg(path("tls"))
            .arg("--policies")
            .arg(self.policies())
            .arg("--cache-dir")
            .arg(self.cache())
            .arg("--ready-file")
            .arg(&ready);
        run(command, &ready, log, &path("tls"))
    }

    /// Starts the server that only parses, with the certificate that the webhook made.
    pub(crate) fn start_parser(&self) -> Result<Webhook> {
        self.start_parser_with(&self.root.path().join("tls"))
    }

    /// Starts the server that only parses, with the certificate in the folder `tls`.
    pub(crate) fn start_parser_with(&self, tls: &Path) -> Result<Webhook> {
        let path = |name: &str| self.root.path().join(name);
        let ready = path("parser-address");
        let program = std::env::current_exe().context("find this program")?;
        let mut command = Command::new(program);
        command.arg("--parse-only").arg(tls).arg(&ready);
        run(command, &ready, path("parser-log"), tls)
    }

    fn cache(&self) -> PathBuf {
        self.root.path().join("cache")
    }
}

impl Webhook {
    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A connection of its own.
    pub(crate) fn connect(&self) -> Result<Client> {
        let authority = fs::read(&self.authority).context("read ca.crt")?;
        Client::connect(&self.address, "localhost", &authority)
    }

    /// A figure of the kernel's about the process, such as `VmRSS`, in bytes.
    pub(crate) fn memory(&self, figure: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))
            .context("read the memory of sax-webhook")?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'))
            .and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kibibytes.with_context(|| format!("no {figure} in /proc"))? * 1_024)
    }

    /// How long the threads of the process have computed.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        let tasks = format!("/proc/{}/task", self.process.id());
        for task in fs::read_dir(tasks).context("list the threads of a server")? {
            let path = task.context("list the threads of a server")?.path();
            // A thread may end between the two looks; then it computes no more.
            let Ok(text) = fs::read_to_string(path.join("schedstat")) else {
                continue;
            };
            let computed = text.split(' ').next().map(str::parse::<u64>);
            nanoseconds += computed.context("read /proc")?.context("read /proc")?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    fn wait(&mut self, ready: &Path, start: Instant) -> Result<String> {
        while start.elapsed() < PATIENCE {
            if let Ok(address) = fs::read_to_string(ready)
                && !address.is_empty()
            {
                return Ok(address.trim().to_owned());
            }
            if self
                .process
                .try_wait()
                .context("look at sax-webhook")?
                .is_some()
            {
                break;
            }
            pause();
        }
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        bail!("sax-webhook does not serve:\n{log}")
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nobody to end and nothing to learn.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Starts a server and returns when it serves; its certificate is in `tls`.
fn run(mut command: Command, ready: &Path, log: PathBuf, tls: &Path) -> Result<Webhook> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log).context("make a log file")?);
    let start = Instant::now();
    let process = command
        .spawn()
        .with_context(|| format!("start {:?}", command.get_program()))?;
    let mut webhook = Webhook {
        process,
        address: String::new(),
        authority: tls.join("ca.crt"),
        log,
        took: Duration::ZERO,
    };
    webhook.address = webhook.wait(ready, start)?;
    webhook.took = start.elapsed();
    Ok(webhook)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a wait with a deadline, finer than the harness's, whose 50 ms would blur what is measured"
)]
fn pause() {
    std::thread::sleep(Duration::from_micros(500));
}
