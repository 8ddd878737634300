//! Detached processes: they outlive their starter, and only they are ever ended.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::Ending;
use crate::wait::{Look, until};

/// How long processes get to end by themselves. Their data goes with them, so there is nothing to
/// save; the API server alone would take five seconds.
const GRACE: Duration = Duration::from_millis(300);

/// How long the kernel gets to end them.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a process that was asked to end may take to finish what it does.
const FAREWELL: Duration = Duration::from_secs(20);

/// How much of a log is shown when its process died.
const TAIL_LINES: usize = 15;

/// One process, told from a later one of the same id by its start time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    /// What it is, such as `etcd`; also the stem of its log.
    pub(super) name: String,
    /// The process id.
    pub(super) pid: i32,
    /// Clock ticks from boot to its start, as in `/proc/<pid>/stat`.
    pub(super) started: u64,
}

impl Process {
    /// Starts `command` in a process group of its own, so that Ctrl-C reaches it not, with its
    /// output in `logs/<name>.log`.
    ///
    /// # Errors
    /// When it can't be started.
    pub(super) fn start(name: &str, command: &mut Command, logs: &Path) -> Result<Self> {
        let path = logs.join(format!("{name}.log"));
        // What an earlier process of this name said is part of the story.
        let log = File::options().create(true).append(true).open(&path);
        let log = log.with_context(|| format!("create {}", path.display()))?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        let child = command.spawn().with_context(|| {
            format!("start {name} ({})", command.get_program().to_string_lossy())
        })?;
        let pid = i32::try_from(child.id())?;
        let Some(started) = start_time(pid) else {
            bail!("{name} ended at once; {}", log_tail(logs, name))
        };
        Ok(Self {
            name: name.to_owned(),
            pid,
            started,
        })
    }

    /// Whether this very process still runs.
    #[must_use]
    pub(super) fn is_alive(&self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Ends it, and waits until it is gone.
    ///
    /// # Errors
    /// When it doesn't end.
    pub(super) fn end(&self, ending: Ending) -> Result<()> {
        let signal = match ending {
            Ending::Asked => Signal::TERM,
            Ending::Killed => Signal::KILL,
        };
        if let Some(handle) = self.handle() {
            pidfd_send_signal(&handle, signal)
                .with_context(|| format!("end {} (process {})", self.name, self.pid))?;
        }
        until(&format!("{} to end", self.name), FAREWELL, || {
            Ok(match self.is_alive() {
                true => Look::Waiting("it still runs".to_owned()),
                false => Look::Ready(()),
            })
        })
    }

    /// The command that it was started with, its environment included.
    ///
    /// # Errors
    /// When it isn't running.
    pub(super) fn command(&self) -> Result<Command> {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", self.pid);
            std::fs::read(&path).with_context(|| format!("read {path}"))
        };
        let words = |bytes: Vec<u8>| -> Vec<OsString> {
            let words = bytes.split(|byte| *byte == 0);
            let words = words.filter(|word| !word.is_empty());
            words
                .map(|word| OsString::from_vec(word.to_vec()))
                .collect()
        };
        let mut line = words(read("cmdline")?).into_iter();
        let program = line.next().context("a process without a command line")?;
        let mut command = Command::new(program);
        command.args(line).env_clear();
        for variable in words(read("environ")?) {
            if let Some((name, value)) = variable.to_string_lossy().split_once('=') {
                command.env(name, value);
            }
        }
        Ok(command)
    }

    /// A handle that stays on this process even when its id is used again.
    fn handle(&self) -> Option<OwnedFd> {
        let handle = pidfd_open(Pid::from_raw(self.pid)?, PidfdFlags::empty()).ok()?;
        self.is_alive().then_some(handle)
    }
}

/// Ends all of `processes`, the last started first: politely, then by force.
///
/// # Errors
/// When one survives; the message names it.
pub(super) fn end_all(processes: &[Process]) -> Result<()> {
    let handles: Vec<_> = processes
        .iter()
        .rev()
        .filter_map(|process| Some((process, process.handle()?)))
        .collect();
    for (signal, patience) in [(Signal::TERM, GRACE), (Signal::KILL, DEADLINE)] {
        for (process, handle) in handles.iter().filter(|(process, _)| process.is_alive()) {
            match pidfd_send_signal(handle, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => {
                    return Err(error).with_context(|| {
                        format!("end {} (process {})", process.name, process.pid)
                    });
                }
            }
        }
        let survivors = || {
            handles
                .iter()
                .filter(|(process, _)| process.is_alive())
                .count()
        };
        let ended = until("processes to end", patience, || {
            Ok(match survivors() {
                0 => Look::Ready(()),
                alive => Look::Waiting(format!("{alive} still run")),
            })
        });
        if ended.is_ok() {
            return Ok(());
        }
    }
    match handles.iter().find(|(process, _)| process.is_alive()) {
        Some((process, _)) => bail!("{} (process {}) doesn't end", process.name, process.pid),
        None => Ok(()),
    }
}

/// The end of a process's log, for an error message.
#[must_use]
pub(super) fn log_tail(logs: &Path, name: &str) -> String {
    let path = logs.join(format!("{name}.log"));
    let text = std::fs::read(&path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    format!("the end of {}:\n{}", path.display(), tail.join("\n"))
}

/// The start time of a process that runs; a dead one that nobody has waited for counts as gone,
/// but not before its last thread has ended: until then its ports are taken.
fn start_time(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    // Fields 20 and 22 of the whole line; the third (state) has been taken.
    let threads = fields.nth(16)?;
    let started = fields.nth(1)?.parse().ok();
    let is_dead = matches!(state, "Z" | "X") && matches!(threads, "0" | "1");
    started.filter(|_| !is_dead)
}

#[cfg(test)]
mod tests {
    use super::{Process, end_all};
    use std::process::Command;

    fn sleeper(logs: &std::path::Path) -> Process {
        Process::start("sleep", Command::new("sleep").arg("60"), logs).expect("must start")
    }

    #[test]
    fn a_process_ends_when_told_and_only_once() {
        let logs = std::env::temp_dir();
        let process = sleeper(&logs);
        assert!(process.is_alive());
        end_all(std::slice::from_ref(&process)).expect("must end");
        assert!(!process.is_alive());
        end_all(&[process]).expect("a process that is gone needs no ending");
    }

    #[test]
    fn another_process_of_the_same_id_is_left_alone() {
        let logs = std::env::temp_dir();
        let process = sleeper(&logs);
        let earlier = Process {
            started: process.started - 1,
            ..process.clone()
        };
        end_all(&[earlier]).expect("nothing to do");
        assert!(process.is_alive());
        end_all(&[process]).expect("must end");
    }
}
