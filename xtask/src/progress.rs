//! Long commands: their talk is kept for the case of failure, and meanwhile one line says what
//! runs and for how long.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, IsTerminal, Write, stderr};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How many lines of a failed command's talk are shown.
const TAIL_LINES: usize = 60;

/// Shorter commands leave no trace when they succeed.
const WORTH_SAYING: Duration = Duration::from_secs(2);

/// How much is shown of what a command said last; the whole line fits a narrow terminal.
const LAST_CHARS: usize = 36;

/// Without a terminal a line this often shows that the command is alive.
const QUIET_INTERVAL: Duration = Duration::from_secs(30);

/// Writes one line to stderr. A closed stderr is no reason to stop.
pub fn say(text: &str) {
    writeln!(stderr(), "{text}").ok();
}

/// Runs `command` and shows `what` with the seconds it has taken; its own output (both streams)
/// appears only when it fails.
///
/// # Errors
/// When the command can't be started or fails; the message holds the last lines it printed.
pub fn run(what: &str, command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = std::io::pipe().context("make a pipe")?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().context("share a pipe")?)
        .stderr(writer);
    let mut child = command.spawn().with_context(|| format!("run {program}"))?;
    // The command's own ends of the pipe must close when the child ends, or reading never does.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut line = Line::new(what);
    let tail = follow(reader, &mut line);
    let status = child
        .wait()
        .with_context(|| format!("wait for {program}"))?;
    line.end(status.success());
    if !status.success() {
        bail!(
            "{what}: {program} ended with {status}\n{}",
            Vec::from(tail).join("\n")
        );
    }
    Ok(())
}

fn follow(reader: std::io::PipeReader, line: &mut Line) -> VecDeque<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for text in BufReader::new(reader).lines().map_while(Result::ok) {
            if sender.send(text).is_err() {
                break;
            }
        }
    });
    let mut tail = VecDeque::with_capacity(TAIL_LINES);
    loop {
        match receiver.recv_timeout(Duration::from_millis(200)) {
            Ok(text) => {
                if tail.len() == TAIL_LINES {
                    tail.pop_front();
                }
                line.last = text.trim().chars().take(LAST_CHARS).collect();
                tail.push_back(text);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return tail,
        }
        line.tick();
    }
}

struct Line {
    what: String,
    start: Instant,
    said: Option<Instant>,
    /// What the command said last.
    last: String,
    terminal: bool,
}

impl Line {
    fn new(what: &str) -> Self {
        let terminal = stderr().is_terminal();
        Self {
            what: what.to_owned(),
            start: Instant::now(),
            said: None,
            last: String::new(),
            terminal,
        }
    }

    fn tick(&mut self) {
        let pause = if self.terminal {
            Duration::ZERO
        } else {
            QUIET_INTERVAL
        };
        let due = match self.said {
            None => self.start.elapsed() >= WORTH_SAYING,
            Some(said) => said.elapsed() >= pause,
        };
        if due {
            self.said = Some(Instant::now());
            self.show();
        }
    }

    fn show(&self) {
        let seconds = self.start.elapsed().as_secs();
        let text = format!("{} ... {seconds} s  {}", self.what, self.last);
        let text = text.trim_end();
        if self.terminal {
            write!(stderr(), "\r\u{1b}[K{text}").ok();
            stderr().flush().ok();
        } else {
            say(text);
        }
    }

    fn end(&self, success: bool) {
        if success && self.said.is_none() {
            return;
        }
        let seconds = self.start.elapsed().as_secs_f32();
        let outcome = if success { "done" } else { "failed" };
        let clear = if self.terminal { "\r\u{1b}[K" } else { "" };
        say(&format!(
            "{clear}{} ... {outcome} after {seconds:.1} s",
            self.what
        ));
    }
}
