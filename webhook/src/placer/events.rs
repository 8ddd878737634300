//! Writing Events (events.k8s.io/v1), beside the loop: a slow Event must not delay a release.

use std::time::{Duration, Instant};

use k8s_openapi::jiff::Timestamp;
use placement::GroupReport;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::api::ApiServer;
use super::journal::{Journal, Note};

/// Who says so.
const CONTROLLER: &str = "kubectl-sax.dev/placer";
/// The longest reportingInstance that the API server takes.
const LONGEST_INSTANCE: usize = 128;
/// Names of Events begin with the object's name, up to here.
const LONGEST_PREFIX: usize = 200;
/// Notes that wait to be written; more are dropped, and the next decision says them again.
const QUEUE: usize = 256;
/// How long the writer rests where nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// What the writer is told.
pub(crate) enum Word {
    /// What a decision says of all groups.
    Groups(Vec<GroupReport>),
    /// One thing, once.
    Note(Box<Note>),
    /// This replica leads no longer: another speaks now.
    Silence,
}

/// Where to tell it.
#[derive(Clone)]
pub(crate) struct Speaker(mpsc::Sender<Word>);

impl Speaker {
    /// Hands it over, or drops it when the writer is far behind.
    pub(crate) fn say(&self, word: Word) {
        if self.0.try_send(word).is_err() {
            tracing::debug!("an Event was dropped: too many wait to be written");
        }
    }
}

/// Starts the writer; it ends when no speaker is left.
pub(crate) fn start(api: ApiServer, instance: &str) -> Speaker {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let mut instance = instance.to_owned();
    instance.truncate(LONGEST_INSTANCE);
    let writer = Writer { api, instance };
    tokio::spawn(writer.run(receiver));
    Speaker(sender)
}

struct Writer {
    api: ApiServer,
    instance: String,
}

impl Writer {
    async fn run(self, mut words: mpsc::Receiver<Word>) {
        let mut journal = Journal::default();
        loop {
            let next = journal.next().unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                word = words.recv() => match word {
                    Some(Word::Groups(groups)) => journal.take(&groups, Instant::now()),
                    Some(Word::Note(note)) => self.write(&note).await,
                    Some(Word::Silence) => journal = Journal::default(),
                    None => return,
                },
                () = sleep_until(next.into()) => {
                    for note in journal.due(Instant::now()) {
                        self.write(&note).await;
                    }
                }
            }
        }
    }

    /// The name follows from what is said: said again, by whomever, it is the same Event.
    async fn write(&self, note: &Note) {
        let namespace = &note.object.namespace;
        let name = event_name(note);
        let created = match note.times {
            0 | 1 => {
                self.api
                    .create_event(namespace, &self.event(note, &name))
                    .await
            }
            _ => self.again(note, &name).await,
        };
        let written = match created {
            Err(error) if error.code() == Some(409) => self.again(note, &name).await,
            // It has been forgotten.
            Err(error) if error.code() == Some(404) && note.times > 1 => {
                self.api
                    .create_event(namespace, &self.event(note, &name))
                    .await
            }
            other => other,
        };
        if let Err(error) = written {
            tracing::warn!(%error, namespace, event = name, "an Event could not be written");
        }
    }

    async fn again(&self, note: &Note, name: &str) -> Result<Value, super::api::ApiError> {
        let series = json!({"count": note.times.max(2), "lastObservedTime": now()});
        let patch = json!({"series": series});
        self.api
            .patch_event(&note.object.namespace, name, patch)
            .await
    }

    fn event(&self, note: &Note, name: &str) -> Value {
        let object = &note.object;
        json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": object.namespace},
            "eventTime": now(),
            "reportingController": CONTROLLER,
            "reportingInstance": self.instance,
            "action": "Place",
            "reason": note.reason,
            "type": if note.warning { "Warning" } else { "Normal" },
            "regarding": {
                "apiVersion": object.api_version,
                "kind": object.kind,
                "namespace": object.namespace,
                "name": object.name,
                "uid": object.uid,
            },
            "note": note.text,
        })
    }
}

fn event_name(note: &Note) -> String {
    let prefix: String = note.object.name.chars().take(LONGEST_PREFIX).collect();
    let said = format!("{} {} {}", note.object.uid, note.reason, note.text);
    format!("{prefix}.{:016x}", fnv(said.as_bytes()))
}

/// FNV-1a, 64 bits: the same on every replica and in every version.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Microseconds, as the API server writes a MicroTime.
fn now() -> String {
    format!("{:.6}", Timestamp::now())
}
