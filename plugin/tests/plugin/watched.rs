//! `get -w` and `get -A`: rows as they change, and those of all namespaces.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::cell::{Cell, ONE, SMALL, Way};
use crate::recorded::World;
use crate::run::{sax, started};

/// For a line to come.
const DEADLINE: Duration = Duration::from_secs(60);

/// A `get -w`, which ends when this is dropped.
struct Watch {
    child: Child,
    lines: Receiver<String>,
    talk: Receiver<String>,
}

/// The lines of a pipe as they come.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

impl Watch {
    fn start(words: &[&str]) -> Self {
        let mut child = started(words, Stdio::piped(), Stdio::piped());
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        Self {
            lines: lines(stdout),
            talk: lines(stderr),
            child,
        }
    }

    /// Waits until stderr says this.
    #[track_caller]
    fn says(&self, part: &str) {
        loop {
            match self.talk.recv_timeout(DEADLINE) {
                Ok(line) if line.contains(part) => return,
                Ok(_) => {}
                Err(_) => panic!("nobody says {part}"),
            }
        }
    }

    /// The lines up to one that holds all of these.
    #[track_caller]
    fn until(&self, parts: &[&str]) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => seen.push(line),
                Err(_) => panic!("no line has {parts:?}: {seen:#?}"),
            }
            let last = &seen[seen.len() - 1];
            if parts.iter().all(|part| last.contains(part)) {
                return seen;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

#[test]
fn a_watch_prints_a_row_when_it_changes_and_a_last_time_when_it_is_gone() {
    let cell = Cell::of(ONE);
    cell.publish("first", SMALL, "0");
    let admin = cell.admin();
    let watch = Watch::start(&["get", "models", "-w", "--admin", &admin, "--cell", "test"]);
    let begun = watch.until(&["/sax/test/first"]);
    assert!(begun[0].starts_with("NAME "), "{begun:?}");
    assert_eq!(begun.len(), 2, "{begun:?}");
    cell.publish("m", SMALL, "1");
    let seen = watch.until(&["/sax/test/m", "Loaded", "1/1"]);
    // Neither the header nor what hasn't changed is printed again.
    let again = |line: &&String| line.starts_with("NAME") || line.contains("/first");
    assert!(!seen.iter().any(|line| again(&line)), "{seen:#?}");
    let column = |line: &str| line.find(SMALL);
    assert_eq!(
        column(&begun[1]),
        column(&seen[seen.len() - 1]),
        "{begun:?} {seen:?}"
    );
    cell.done(&["unpublish", "m", "-y"]);
    watch.until(&["/sax/test/m", "Gone"]);
}

#[test]
fn a_watch_goes_on_when_the_admin_server_is_away_and_back() {
    let cell = Cell::of(ONE);
    cell.publish("m", SMALL, "1");
    let admin = cell.admin();
    let flags = [
        "--admin",
        &admin,
        "--cell",
        "test",
        "--request-timeout",
        "2s",
    ];
    let watch = Watch::start(&[&["get", "models", "-w", "-o", "name"], &flags[..]].concat());
    watch.until(&["/sax/test/m"]);
    cell.act(&sax_simulator::Action::StopAdmin);
    watch.says("warning: ");
    cell.act(&sax_simulator::Action::StartAdmin);
    let joined = ["wait", "--for=joined=1", "--timeout", "60s"];
    assert_eq!(cell.ask(Way::Admin, &joined).status, Some(0));
    cell.done(&["publish", "n", "--path", SMALL, "--unchecked"]);
    watch.until(&["/sax/test/n"]);
}

#[test]
fn cells_and_slices_of_all_namespaces_are_told_with_their_namespace() {
    let mut world = World::healthy();
    let here = world.state.objects.iter();
    let pods = here.filter(|object| object["kind"] == "Pod").cloned();
    let mut elsewhere: Vec<_> = pods.collect();
    for pod in &mut elsewhere {
        pod["metadata"]["namespace"] = "other".into();
    }
    world.state.objects.extend(elsewhere);
    let api = world.serve();
    let get = |what: &str| sax(&[&["get", what, "-A"], &api.flags()[..]].concat(), "");
    insta::assert_snapshot!("get-cells-all", get("cells"));
    insta::assert_snapshot!("get-slices-all", get("slices"));
    // Nobody answers behind these Pods: each namespace is told, and nothing else is lost.
    let servers = get("models");
    assert_eq!(servers.status, Some(4), "{servers}");
    for namespace in ["default", "other"] {
        assert!(
            servers.stderr.contains(&format!("namespace {namespace}: ")),
            "{servers}"
        );
    }
}

#[test]
fn all_namespaces_are_no_place_for_a_name_or_an_address() {
    let api = World::healthy().serve();
    let named = sax(
        &[&["get", "models", "spmd", "-A"], &api.flags()[..]].concat(),
        "",
    );
    assert_eq!(named.status, Some(1), "{named}");
    assert!(
        named
            .stderr
            .contains("can't be named across all namespaces"),
        "{named}"
    );
    let address = sax(&["get", "models", "-A", "--admin", "127.0.0.1:1"], "");
    assert_eq!(address.status, Some(1), "{address}");
    assert!(address.stderr.contains("cannot be used with"), "{address}");
}
