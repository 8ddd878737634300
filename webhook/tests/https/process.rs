//! Starts the binary and ends it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long for a machine that compiles other things at the same time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `sax-webhook`; killed when dropped.
pub(crate) struct Webhook {
    child: Child,
    folder: TempDir,
    /// The port on 127.0.0.1.
    pub(crate) port: u16,
}

impl Webhook {
    /// Starts one with the built-in policies and waits until it serves.
    pub(crate) fn start() -> Webhook {
        Webhook::start_with(&[])
    }

    /// Starts one with more arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Webhook {
        Webhook::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// Starts one whose certificate may lie in `tls` of the folder already.
    pub(crate) fn start_in(folder: TempDir, arguments: &[&str]) -> Webhook {
        let ready = folder.path().join("ready");
        let mut child = command(folder.path())
            .arg("--self-signed")
            .arg("--ready-file")
            .arg(&ready)
            .args(arguments)
            .spawn()
            .unwrap();
        wait_for("the ready file", || {
            assert_eq!(child.try_wait().unwrap(), None, "the webhook ended early");
            ready.exists()
        });
        let address = fs::read_to_string(&ready).unwrap();
        let (_, port) = address.trim().rsplit_once(':').unwrap();
        let port = port.parse().unwrap();
        Webhook {
            child,
            folder,
            port,
        }
    }

    /// The folder of its certificates.
    pub(crate) fn tls_dir(&self) -> PathBuf {
        self.folder.path().join("tls")
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut ended = None;
        wait_for("the end of the webhook", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to kill.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The binary with its folders in `folder`, its log in `folder/log`, on a free port.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sax-webhook"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--tls-dir"])
        .arg(folder.join("tls"))
        .env_remove("SAX_WEBHOOK_LOG")
        .stderr(File::create(folder.join("log")).unwrap());
    command
}

/// Waits until `happened`.
pub(crate) fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(
            started.elapsed() < PATIENCE,
            "{what} did not come within {PATIENCE:?}"
        );
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
