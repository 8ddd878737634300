//! A zip file that somebody else can look at: the report, the objects, Events and the ends of the
//! logs. Secrets are never read; what looks like one is taken out of the rest.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::doctor::Evidence;
use crate::redaction::{redact, redact_text};
use crate::render::pretty_yaml;
use crate::scaffold::{Object, without_managed_fields};

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its path in the zip file.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

/// The end of a container's log, or why there is none.
pub(crate) struct LogEnd {
    /// The Pod.
    pub(crate) pod: String,
    /// The container.
    pub(crate) container: String,
    /// Its last lines.
    pub(crate) text: String,
}

impl Entry {
    /// A file of this text.
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }
}

/// All files but the report, redacted.
pub(crate) fn entries(evidence: &Evidence, logs: &[LogEnd], redacted: bool) -> Vec<Entry> {
    let objects = evidence
        .objects
        .iter()
        .map(|object| object_entry(object, redacted));
    let pods = evidence.pods.iter().map(|pod| {
        let object = Object::from_value(pod.clone());
        object_entry(&object, redacted)
    });
    let events = evidence.events.iter().map(event_line).collect::<String>();
    let logs = logs.iter().map(|log| {
        let path = format!("logs/{}.{}.log", log.pod, log.container);
        Entry::new(path, plain(&log.text, redacted))
    });
    objects
        .chain(pods)
        .chain([Entry::new("events.txt", plain(&events, redacted))])
        .chain(logs)
        .collect()
}

/// Writes a new zip file.
///
/// # Errors
/// When it exists, or can't be written.
pub(crate) fn write(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut zip = ZipWriter::new(file);
    for entry in entries {
        zip.start_file(&*entry.path, SimpleFileOptions::default())?;
        zip.write_all(entry.text.as_bytes())?;
    }
    zip.finish()?.sync_all()
}

fn object_entry(object: &Object, redacted: bool) -> Entry {
    let mut value = without_managed_fields(&object.value);
    if redacted {
        redact(&mut value);
    }
    let kind = object.kind.to_lowercase();
    Entry::new(
        format!("objects/{kind}-{}.yaml", object.name),
        pretty_yaml(&value),
    )
}

/// `2026-01-01T00:00:00Z Warning FailedCreate Job/a: message`
fn event_line(event: &Value) -> String {
    let text = |pointer: &str| {
        event
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or("-")
    };
    let time = [
        "/lastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ];
    let mut times = time
        .iter()
        .filter_map(|pointer| event.pointer(pointer).and_then(Value::as_str));
    format!(
        "{} {} {} {}/{}: {}\n",
        times.next().unwrap_or("-"),
        text("/type"),
        text("/reason"),
        text("/involvedObject/kind"),
        text("/involvedObject/name"),
        text("/message")
    )
}

fn plain(text: &str, redacted: bool) -> String {
    match redacted {
        true => redact_text(text),
        false => text.to_owned(),
    }
}
