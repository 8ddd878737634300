//! Runs the binary, away from the user's own cluster and settings.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How a run ended and what it said.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A run that was watched.
pub(crate) struct Bounded {
    pub(crate) ended: Ended,
    /// The most memory that it had at a time, in bytes; 0 where the system doesn't say.
    pub(crate) peak: u64,
    /// Was it ended by us?
    pub(crate) killed: bool,
}

/// Far longer than any verb of a test works: who is still there hangs.
const GUARD: Duration = Duration::from_secs(240);

/// The binary, which knows nothing of the user's own cluster and settings.
fn binary(folder: &Path, arguments: &[&str]) -> Command {
    let mut binary = at_home(env!("CARGO_BIN_EXE_kubectl-sax"), folder);
    binary.args(arguments);
    binary
}

/// A program that finds nothing of the user's.
fn at_home(program: &str, folder: &Path) -> Command {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| tempfile::tempdir().expect("a folder must be creatable"));
    let mut binary = Command::new(program);
    binary
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

/// The same, watched: it is ended when it hangs.
pub(crate) fn sax_bounded(arguments: &[&str], stdin: &str) -> Bounded {
    let mut child = binary(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary must start");
    // It may end before it reads.
    let _ = child
        .stdin
        .take()
        .map(|mut pipe| pipe.write_all(stdin.as_bytes()));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let stdout = scope.spawn(|| text_of(stdout));
        let stderr = scope.spawn(|| text_of(stderr));
        let (status, peak, killed) = watch(&mut child);
        let text =
            |reader: std::thread::ScopedJoinHandle<'_, String>| reader.join().unwrap_or_default();
        let ended = Ended {
            status,
            stdout: text(stdout),
            stderr: text(stderr),
        };
        Bounded {
            ended,
            peak,
            killed,
        }
    })
}

fn text_of(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    let read = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
    assert!(matches!(read, Some(Ok(_))), "a pipe must be readable");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Until it ends: its status, the most memory that it had, and whether we had to end it.
#[expect(
    clippy::disallowed_methods,
    reason = "it waits for a process to end, within GUARD"
)]
fn watch(child: &mut Child) -> (Option<i32>, u64, bool) {
    let (begun, mut peak) = (Instant::now(), 0);
    loop {
        peak = peak.max(memory(child.id()));
        if let Some(status) = child.try_wait().expect("a child must be waitable") {
            return (status.code(), peak, false);
        }
        if begun.elapsed() > GUARD {
            child.kill().expect("a child must be killable");
            let status = child.wait().expect("a child must be waitable");
            return (status.code(), peak, true);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The most memory that a process had so far, in bytes, where Linux says so.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() << 10
}

/// Runs `kubectl-sax` on a terminal of so many columns: what is on the screen is its `stdout`.
pub(crate) fn sax_on_a_terminal(
    columns: u16,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Ended {
    let quoted = |word: &&str| format!("'{}'", word.replace('\'', r"'\''"));
    let words: Vec<_> = arguments.iter().map(quoted).collect();
    let binary = env!("CARGO_BIN_EXE_kubectl-sax");
    let command = format!(
        "stty cols {columns} rows 50; exec '{binary}' {}",
        words.join(" ")
    );
    let mut terminal = at_home("script", Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(["-qec", &command, "/dev/null"])
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("script must start: it is util-linux's");
    // Its end would be typed as one, and be seen.
    let held = terminal.stdin.take();
    let output = terminal.wait_with_output().expect("the binary must end");
    drop(held);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output must be UTF-8");
    Ended {
        status: output.status.code(),
        stdout: text(output.stdout).replace("\r\n", "\n"),
        stderr: text(output.stderr),
    }
}

/// Everything of a run as one text, for a snapshot.
impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self.status.unwrap_or(-1);
        let Self { stdout, stderr, .. } = self;
        write!(f, "exit {status}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}
