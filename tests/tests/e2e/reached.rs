//! What runs in a Pod is reached by plain kubectl: its logs, commands in it, its ports. All that
//! the plugin does with Saxml rests on these three.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use sax_tests::controlplane::kubelet;
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::json;

use crate::forward::Forward;
use crate::shared::{plain, temporary};

/// For a Pod to run, and for kwok to see an object.
const DEADLINE: Duration = Duration::from_secs(60);

const POD: &str = "talks";

#[test]
fn logs_are_the_lines_of_the_pods_file() {
    let namespace = running("logs");
    let folder = plain().folder().join("pod-logs");
    std::fs::create_dir_all(&folder).expect("the folder must be made");
    let file = folder.join(namespace.name());
    let line = |second: u32, text: &str| format!("2026-01-02T03:04:{second:02}.5Z stderr F {text}");
    let text = [line(5, "first"), line(6, "second"), String::new()].join("\n");
    std::fs::write(&file, text).expect("the log must be written");
    apply(&namespace, &kubelet::logs(POD, &file));
    assert_eq!(answer(&namespace, &["logs", POD]), "first\nsecond\n");
    assert_eq!(answer(&namespace, &["logs", "--tail=1", POD]), "second\n");
    let stamped = answer(&namespace, &["logs", "--timestamps", POD]);
    assert!(stamped.starts_with("2026-01-02T03:04:05"), "{stamped}");
}

#[test]
fn a_command_runs_in_the_pod_with_its_variables_and_its_failure_is_told() {
    let namespace = running("exec");
    apply(&namespace, &kubelet::exec(POD, &[("CELL", "/sax/test")]));
    let command = ["exec", POD, "--", "sh", "-c", "echo $CELL"];
    assert_eq!(answer(&namespace, &command), "/sax/test\n");
    let failing = ["exec", POD, "--", "sh", "-c", "exit 7"];
    let failed = namespace
        .try_run_with(&failing, "")
        .expect("kubectl must run");
    // kwok hands on that it failed and its status as text; a kubelet sends the status itself.
    assert!(!failed.success, "{}", failed.stdout);
    assert!(failed.stderr.contains("exit status 7"), "{}", failed.stderr);
}

#[test]
fn a_port_of_the_pod_is_the_one_behind_it() {
    let namespace = running("port");
    let behind = echo();
    apply(&namespace, &kubelet::ports(POD, &[(10_000, behind)]));
    // kwok has seen the object when the port answers.
    let heard = until("the Pod's port to answer", DEADLINE, || {
        let forward = Forward::start(&namespace, POD, 10_000);
        Ok(match forward.ask("hello") {
            Ok(heard) => Look::Ready(heard),
            other => Look::Waiting(format!("{other:?}")),
        })
    });
    assert_eq!(heard.expect("must answer"), "hello");
}

/// A namespace in which the Pod [`POD`] runs.
fn running(purpose: &str) -> TempNamespace<'static> {
    let namespace = temporary(plain(), purpose);
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD},
        "spec": {"containers": [{"name": "main", "image": "nothing"}]},
    });
    namespace
        .apply(&pod.to_string())
        .expect("the Pod must be created");
    let wait = ["wait", "--for=condition=Ready", "--timeout=60s", "pod", POD];
    namespace.run(&wait).expect("the Pod must run");
    namespace
}

fn apply(namespace: &TempNamespace<'_>, object: &serde_json::Value) {
    let applied = namespace.apply(&object.to_string());
    applied.unwrap_or_else(|error| panic!("{error:#}"));
}

/// What kubectl prints once kwok knows what it plays.
fn answer(namespace: &TempNamespace<'_>, arguments: &[&str]) -> String {
    until("kubectl to reach the Pod", DEADLINE, || {
        let answer = namespace.try_run_with(arguments, "")?;
        Ok(if answer.success && !answer.stdout.trim().is_empty() {
            Look::Ready(answer.stdout)
        } else {
            Look::Waiting(answer.stdout + &answer.stderr)
        })
    })
    .unwrap_or_else(|error| panic!("{error:#}"))
}

/// The port of a server that answers one connection after the other with what it hears.
fn echo() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port must be free");
    let port = listener.local_addr().expect("it listens").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut heard = [0; 5];
            let answered = (&stream)
                .read_exact(&mut heard)
                .and_then(|()| (&stream).write_all(&heard));
            // Who only looks whether somebody listens says nothing.
            drop(answered);
        }
    });
    port
}
