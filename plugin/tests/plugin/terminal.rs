//! Every table, the help and an error on a real terminal of sixty columns, with and without
//! `NO_COLOR`, beside what a pipe gets. The terminal is util-linux's `script`.

use regex::Regex;

use crate::api::Api;
use crate::cell::{Cell, TUTORIAL, TWO, Way};
use crate::recorded::{ACCOUNT, World, pod_name};
use crate::run::{Ended, sax, sax_on_a_terminal};

const WAITING: &str = include_str!("../fixtures/placement/waiting.json");
/// As wide as half a laptop's screen.
const NARROW: u16 = 60;

/// What a verb prints there; without colours it must be the same, without a single escape.
fn on_a_terminal(words: &[&str]) -> Ended {
    let colored = sax_on_a_terminal(NARROW, words, &[]);
    let plain = sax_on_a_terminal(NARROW, words, &[("NO_COLOR", "1")]);
    assert!(!plain.stdout.contains('\u{1b}'), "{words:?}: {plain}");
    assert_eq!(without_colors(&colored.stdout), plain.stdout, "{words:?}");
    assert_eq!(colored.status, plain.status, "{words:?}");
    let dumb = sax_on_a_terminal(NARROW, words, &[("TERM", "dumb")]);
    assert_eq!(dumb.stdout, plain.stdout, "{words:?}");
    colored
}

fn without_colors(text: &str) -> String {
    let colors = Regex::new("\u{1b}\\[[0-9;]*m").expect("it must be a pattern");
    colors.replace_all(text, "").into_owned()
}

/// Escapes as something that a person can read in a snapshot.
fn shown(ended: &Ended) -> String {
    ended.to_string().replace('\u{1b}', "␛")
}

/// A pipe gets neither colours nor a width, and JSON is JSON.
fn is_plain_in_a_pipe(words: &[&str], has_json: bool) {
    let piped = sax(words, "");
    assert!(!piped.stdout.contains('\u{1b}'), "{words:?}: {piped}");
    assert!(!piped.stderr.contains('\u{1b}'), "{words:?}: {piped}");
    if has_json {
        let json = sax_on_a_terminal(NARROW, &[words, &["-o", "json"]].concat(), &[]);
        let read: Result<serde_json::Value, _> = serde_json::from_str(&only_json(&json.stdout));
        assert!(read.is_ok(), "{words:?}: {json}");
    }
}

/// Without the talk before it, which shares the terminal.
fn only_json(text: &str) -> String {
    let start = text.find("{\n").unwrap_or_default();
    let end = text.rfind("\n}").map_or(text.len(), |end| end + 2);
    text[start..end].to_owned()
}

#[test]
fn the_tables_of_a_cluster_fit_a_narrow_terminal() {
    let mut world = World::healthy();
    world.object("Node", "tpu1-3")["spec"]["unschedulable"] = true.into();
    world.object("ServiceAccount", ACCOUNT)["metadata"]["annotations"] = serde_json::Value::Null;
    let log = "I1125 09:10:10.000001 140 main.py:1] JAX process: 0 / 8\nnoise\n\
               I1125 09:10:40.000005 140 base.py:5] Loading model for key: /sax/test/spmd\n";
    let key = format!("{}/sax-model-server", pod_name(0, 0));
    world.state.logs.insert(key, log.to_owned());
    world.add(serde_json::json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"}, "type": "Warning", "reason": "BackOff",
        "message": "Back-off restarting failed container sax-model-server in pod",
        "lastTimestamp": "@-2h", "involvedObject": {"kind": "Pod", "name": pod_name(0, 1)}}));
    let api = world.serve();
    let logs = ["sax", "--milestones", "--slice", "0", "--worker", "0"];
    for (name, verb, rest, has_json) in [
        ("doctor", "doctor", &["sax"][..], true),
        ("status", "status", &["sax"], true),
        ("events", "events", &["sax"], true),
        ("endpoint", "endpoint", &["sax"], true),
        ("logs", "logs", &logs, false),
        ("slices", "get slices", &[], true),
        ("cells", "get cells", &[], true),
        ("no-deployment", "endpoint", &["sx"], false),
    ] {
        let verb: Vec<_> = verb.split(' ').collect();
        let words = [&verb, &api.flags()[..], &["-n", "default"], rest].concat();
        let text = shown(&on_a_terminal(&words)).replace(api.flags()[1], "SERVER");
        insta::assert_snapshot!(format!("terminal-{name}"), text);
        is_plain_in_a_pipe(&words, has_json);
    }
}

#[test]
fn what_waits_is_told_on_a_narrow_terminal() {
    let api = Api::of(WAITING);
    for (name, verb) in [("waiting", "status"), ("topology", "topology")] {
        let words = [&[verb], &api.flags()[..]].concat();
        insta::assert_snapshot!(format!("terminal-{name}"), shown(&on_a_terminal(&words)));
        is_plain_in_a_pipe(&words, true);
    }
}

#[test]
fn the_tables_of_a_cell_fit_a_narrow_terminal() {
    let cell = Cell::of(TWO);
    cell.publish("spmd", TUTORIAL, "2");
    for (name, words) in [
        ("models", &["get", "models"][..]),
        ("models-wide", &["get", "models", "-o", "wide"]),
        ("servers", &["get", "servers"]),
        (
            "generate",
            &["generate", "spmd", "How many days are in a week?"],
        ),
        (
            "score",
            &["score", "spmd", "a week has", " seven days", " ten"],
        ),
        ("published", &["publish", "spmd", "--path", TUTORIAL]),
        ("unknown-model", &["generate", "smpd", "hi"]),
    ] {
        let flags = cell.flags(Way::Admin);
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let words = [words, &flags].concat();
        let ended = on_a_terminal(&words);
        let text = cell.plain(&ended).replace('\u{1b}', "␛");
        insta::assert_snapshot!(format!("terminal-{name}"), text);
        is_plain_in_a_pipe(&words, matches!(name, "models" | "servers" | "score"));
    }
}

#[test]
fn a_benchmark_is_a_table_and_a_picture_of_characters() {
    let cell = Cell::of(TWO);
    cell.publish("spmd", TUTORIAL, "2");
    let flags = cell.flags(Way::Admin);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let words = [&["bench", "spmd", "--requests", "6", "-c", "2"], &flags[..]].concat();
    let ended = sax_on_a_terminal(NARROW, &words, &[("NO_COLOR", "1")]);
    assert_eq!(ended.status, Some(0), "{ended}");
    let mut bars = ended.stdout.lines().filter(|line| line.contains('█'));
    let wide = bars.find(|line| line.chars().count() > NARROW.into());
    assert_eq!(wide, None, "{ended}");
    // What was measured differs, and so does the picture of it.
    let bars = Regex::new("[ ]*[█▉▊▋▌▍▎▏]+").expect("it must be a pattern");
    let numbers = Regex::new(r"\d+(\.\d+)?( ?(ns|µs|ms|s)\b)?").expect("it must be a pattern");
    let spaces = Regex::new(" +").expect("it must be a pattern");
    let text = cell.plain(&sax(&words, ""));
    let text = bars.replace_all(&text, "");
    let text = numbers.replace_all(&text, "N");
    let lines = text.lines().map(|line| spaces.replace_all(line, " "));
    let mut text: Vec<_> = lines.collect();
    text.dedup();
    insta::assert_snapshot!("terminal-bench", text.join("\n"));
}

#[test]
fn help_is_wrapped_where_the_terminal_ends() {
    for (name, words) in [
        ("help", &["-h"][..]),
        ("help-get", &["get", "models", "-h"]),
    ] {
        let ended = on_a_terminal(words);
        assert_eq!(ended.status, Some(0), "{ended}");
        let wide = ended.stdout.lines().find(|line| {
            let plain = without_colors(line);
            let example = plain.contains("kubectl sax ") || plain.starts_with("  ");
            plain.chars().count() > NARROW.into() && !example
        });
        assert_eq!(wide, None, "{ended}");
        insta::assert_snapshot!(format!("terminal-{name}"), shown(&ended));
    }
}
