//! Runs the binary, away from the user's own cluster and settings.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// How a run ended and what it said.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, which knows nothing of the user's own cluster and settings.
fn binary(folder: &Path, arguments: &[&str]) -> Command {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| tempfile::tempdir().expect("a folder must be creatable"));
    let mut binary = Command::new(env!("CARGO_BIN_EXE_kubectl-sax"));
    binary
        .args(arguments)
        .current_dir(folder)
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("HOME", cache.path())
        .env("KUBECTL_SAX_CACHE_DIR", cache.path().join("cache"));
    binary
}

/// Runs `kubectl-sax` with a reader that has gone already, as with `| head`.
pub(crate) fn sax_into_a_closed_pipe(arguments: &[&str]) -> Ended {
    let (reader, writer) = std::io::pipe().expect("a pipe must be creatable");
    drop(reader);
    let output = binary(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
        .stdin(Stdio::null())
        .stdout(writer)
        .output()
        .expect("the binary must end");
    Ended {
        status: output.status.code(),
        stdout: String::new(),
        stderr: String::from_utf8(output.stderr).expect("output must be UTF-8"),
    }
}

/// Runs `kubectl-sax` in `folder`.
pub(crate) fn sax_in(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Ended {
    let mut child = binary(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary must start");
    let mut pipe = child.stdin.take().expect("stdin must be a pipe");
    // A run that reads no stdin may end before it is written.
    let written = pipe.write_all(stdin);
    drop(pipe);
    let output = child.wait_with_output().expect("the binary must end");
    assert!(written.is_ok() || !output.status.success());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output must be UTF-8");
    Ended {
        status: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Starts `kubectl-sax`, which ends when the caller says so.
pub(crate) fn started(arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Child {
    binary(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .expect("the binary must start")
}

/// Runs `kubectl-sax` with this stdin.
pub(crate) fn sax(arguments: &[&str], stdin: &str) -> Ended {
    sax_in(
        Path::new(env!("CARGO_MANIFEST_DIR")),
        arguments,
        stdin.as_bytes(),
    )
}

/// Everything of a run as one text, for a snapshot.
impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self.status.unwrap_or(-1);
        let Self { stdout, stderr, .. } = self;
        write!(f, "exit {status}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}
