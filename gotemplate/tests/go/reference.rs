//! Go, asked.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use serde_json::{Value, json};

use crate::Outcome;

/// What Go makes of cases, in their order.
pub(crate) fn run(cases: &[(String, Value)]) -> Vec<Outcome> {
    let input: String = cases.iter().map(line).collect();
    let output = go(input);
    let lines = output.lines();
    let outcomes = lines.map(|line| serde_json::from_str(line).expect("Go prints JSON"));
    outcomes
        .map(|outcome: Value| outcome_of(&outcome))
        .collect()
}

fn line((template, data): &(String, Value)) -> String {
    format!("{}\n", json!({"template": template, "data": data}))
}

fn outcome_of(outcome: &Value) -> Outcome {
    match outcome["error"].as_str() {
        Some("") => {
            let output = outcome["output"].as_str().unwrap_or_default();
            let engine = base64::engine::general_purpose::STANDARD;
            Ok(engine.decode(output).expect("Go prints Base64"))
        }
        error => Err(error.unwrap_or("no error at all").to_owned()),
    }
}

fn go(input: String) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/reference");
    let mut child = Command::new("go")
        .args(["run", "."])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Go 1.26 or newer must be in PATH: get it from https://go.dev/dl");
    let mut pipe = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("Go must run");
    writer
        .join()
        .expect("no panic")
        .expect("Go reads all cases");
    assert!(output.status.success(), "Go ended with {}", output.status);
    String::from_utf8(output.stdout).expect("Go prints UTF-8")
}
