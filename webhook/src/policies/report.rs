//! What each replica has loaded, as its record says it.

use std::collections::BTreeMap;

use runtime::Entry;
use serde::{Deserialize, Serialize};

use crate::replicas::Record;

/// Under which word a record says what became of each WasmPolicy, as JSON.
pub(super) const LOADED: &str = "loaded";
/// Under which word it says by which policies that replica judges, in order, as JSON: what
/// `kubectl sax webhook status` shows.
pub(super) const IN_FORCE: &str = "policies";

/// What a replica has loaded, by policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report(pub(super) BTreeMap<String, Said>);

/// What a replica has loaded of one policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// Of the WasmPolicy.
    pub(super) uid: String,
    /// Which of its generations is in force there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) generation: Option<i64>,
    /// Of its component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    /// Why the newest generation isn't in force there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<String>,
}

/// A policy that reviews are judged by.
#[derive(Debug, Serialize)]
struct InForce<'a> {
    name: &'a str,
    version: &'a str,
    digest: &'a str,
    from: String,
}

/// A replica that judges, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replica {
    /// What it calls itself.
    pub(super) name: String,
    /// What it has loaded.
    pub(super) report: Report,
}

impl<'a> InForce<'a> {
    fn of(entry: &'a Entry) -> Self {
        InForce {
            name: &entry.policy.name,
            version: &entry.module.description().version,
            digest: &entry.digest,
            from: entry.source.to_string(),
        }
    }
}

impl Report {
    /// As a record says it.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a report must be JSON")
    }
}

/// The policies of a set, in order, as a record says it.
pub(super) fn in_force(entries: &[Entry]) -> String {
    let all: Vec<_> = entries.iter().map(InForce::of).collect();
    serde_json::to_string(&all).expect("policies must be JSON")
}

impl Replica {
    /// Those of the records that have said what they loaded: a replica that starts doesn't answer
    /// reviews before.
    pub(super) fn all(records: &[Record]) -> Vec<Replica> {
        records.iter().filter_map(Replica::read).collect()
    }

    fn read(record: &Record) -> Option<Replica> {
        let said = record.said(LOADED)?;
        Some(Replica {
            name: record.identity.clone(),
            // What can't be read is not loaded.
            report: serde_json::from_str(said).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_not_said_yet_does_not_count_and_what_cannot_be_read_is_not_loaded() {
        let report = Report([("p".to_owned(), Said::default())].into());
        let records = [
            Record::of("starts", &[("leaf", "a")]),
            Record::of("broken", &[(LOADED, "{")]),
            Record::of("well", &[(LOADED, &report.to_text())]),
        ];
        let replica = |name: &str, report| Replica {
            name: name.to_owned(),
            report,
        };
        let expected = [
            replica("broken", Report::default()),
            replica("well", report),
        ];
        assert_eq!(Replica::all(&records), expected);
    }
}
