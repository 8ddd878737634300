//! A deployment in a namespace of its own, and a `kubectl sax` that a test sits in front of.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sax_tests::controlplane::Cluster;
use sax_tests::kubectl::Answer;
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::Value;

use crate::shared::{product, temporary};

/// For one thing to be seen on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);
/// The deployment's name.
pub(super) const NAME: &str = "lm175b";
/// Its model servers.
pub(super) const JOBSET: &str = "lm175b-model-server-set";
/// A slice that no pool of the tests' clusters has: its Pods stay Pending and hinder nobody.
pub(super) const NOWHERE: [&str; 2] = ["--slice", "v5e:4x4"];

/// A deployment in a namespace of its own.
pub(super) struct Deployment {
    pub(super) namespace: TempNamespace<'static>,
    cluster: &'static Cluster,
}

/// A running `kubectl sax deploy`.
pub(super) struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What came out so far, and what is to come.
    seen: String,
    output: Receiver<String>,
}

impl Deployment {
    pub(super) fn in_new_namespace(cluster: &'static Cluster, purpose: &str) -> Self {
        Self::of(cluster, temporary(cluster, purpose))
    }

    pub(super) fn of(cluster: &'static Cluster, namespace: TempNamespace<'static>) -> Self {
        Self { namespace, cluster }
    }

    /// Runs `deploy` with nobody at a terminal.
    pub(super) fn deploy(&self, more: &[&str]) -> Answer {
        let arguments = self.arguments(more);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        product()
            .sax(self.cluster.kubectl(), &arguments, "")
            .expect("kubectl-sax must run")
    }

    /// [`Self::deploy`] that has to end with this status.
    #[track_caller]
    pub(super) fn deploy_ends(&self, status: i32, more: &[&str]) -> Answer {
        let answer = self.deploy(more);
        assert_eq!(answer.status, Some(status), "{answer:?}");
        answer
    }

    /// Starts `deploy` without waiting for its end.
    pub(super) fn start(&self, more: &[&str]) -> Session {
        let mut command = Command::new(&product().plugin);
        command.args(self.arguments(more));
        self.session(command)
    }

    /// Starts `deploy` on a terminal.
    pub(super) fn start_on_a_terminal(&self, more: &[&str]) -> Session {
        let program = product().plugin.to_string_lossy().into_owned();
        let words: Vec<_> = std::iter::once(program)
            .chain(self.arguments(more))
            .collect();
        let mut command = Command::new("script");
        // Quiet, with the command's own status, written through at once, and no record kept.
        command.args(["-qefc", &words.join(" "), "/dev/null"]);
        self.session(command)
    }

    pub(super) fn jobset(&self) -> Value {
        let jobsets = self
            .namespace
            .list("jobsets")
            .expect("JobSets must be listed");
        let jobset = jobsets
            .into_iter()
            .find(|one| one["metadata"]["name"] == JOBSET);
        jobset.expect("the JobSet must be there")
    }

    pub(super) fn run(&self, arguments: &[&str]) {
        if let Err(error) = self.namespace.run(arguments) {
            panic!("{error:#}");
        }
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let common = ["deploy", NAME, "--bucket", "my-models", "-n"];
        let place = [self.namespace.name()];
        let all = common.iter().chain(&place).chain(more);
        all.map(|word| (*word).to_owned()).collect()
    }

    fn session(&self, mut command: Command) -> Session {
        let mut child = command
            .env("KUBECONFIG", self.cluster.kubectl().kubeconfig())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command must start");
        let (sender, output) = channel();
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("stdout must be a pipe")),
            Box::new(child.stderr.take().expect("stderr must be a pipe")),
        ];
        for mut stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                    if sender.send(text).is_err() {
                        return;
                    }
                }
            });
        }
        Session {
            stdin: child.stdin.take(),
            child,
            seen: String::new(),
            output,
        }
    }
}

impl Session {
    /// Waits until this text was printed.
    pub(super) fn await_text(&mut self, text: &str) {
        let shown = until(text, DEADLINE, || {
            self.seen.extend(self.output.try_iter());
            Ok(match self.seen.contains(text) {
                true => Look::Ready(()),
                false => Look::Waiting(self.seen.clone()),
            })
        });
        shown.unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// Types a line.
    pub(super) fn answer(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin must be open");
        writeln!(stdin, "{line}").expect("the line must be taken");
    }

    /// Ctrl-C.
    pub(super) fn interrupt(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let sent = kill_process(pid.expect("a process must have an id"), Signal::INT);
        sent.expect("the signal must be sent");
    }

    /// The exit status and all that was printed.
    pub(super) fn end(mut self) -> (Option<i32>, String) {
        let ended = until("the command to end", DEADLINE, || {
            self.seen.extend(self.output.try_iter());
            Ok(match self.child.try_wait()? {
                Some(status) => Look::Ready(status),
                None => Look::Waiting(self.seen.clone()),
            })
        });
        let status = ended.unwrap_or_else(|error| panic!("{error:#}"));
        // The readers end with their pipes.
        self.seen.extend(self.output.iter());
        (status.code(), self.seen)
    }
}
