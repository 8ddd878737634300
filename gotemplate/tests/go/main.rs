//! What Go's own `text/template` prints, we print, byte for byte; and where it fails, we fail.
//!
//! Go runs in `reference/`, with kubectl's two functions. It is on the machine: the control planes
//! of the end-to-end tests are built with it.

mod cases;
mod generated;
mod reference;

use gotemplate::Template;
use serde_json::Value;

/// What comes of a template; the error is only read by people.
type Outcome = Result<Vec<u8>, String>;

/// Both do the same with all of these.
fn assert_same(cases: &[(String, Value)]) {
    let theirs = reference::run(cases);
    assert_eq!(theirs.len(), cases.len());
    let mut different = Vec::new();
    for ((template, data), theirs) in cases.iter().zip(theirs) {
        let ours = ours(template, data);
        if ours.as_ref().ok() != theirs.as_ref().ok() {
            different.push(format!(
                "{template:?} of {data}\n  ours: {}\n  Go's: {}",
                shown(&ours),
                shown(&theirs)
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        cases.len(),
        different.join("\n")
    );
}

fn ours(template: &str, data: &Value) -> Outcome {
    let template = Template::parse(template).map_err(|error| error.to_string())?;
    template.render(data).map_err(|error| error.to_string())
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Ok(text) => format!("{:?}", String::from_utf8_lossy(text)),
        Err(error) => format!("error: {error}"),
    }
}
