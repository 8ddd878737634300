//! What one replica says of itself, as a Lease holds it.

use std::collections::BTreeMap;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;

use super::{LABEL, LIFE};

/// What annotations of such a Lease begin with.
const PREFIX: &str = "kubectl-sax.dev/";
/// As much of an identity as a name of an object has room for.
const LONGEST: usize = 200;

/// What one replica says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    /// What it calls itself.
    pub(crate) identity: String,
    /// By words, which stand as annotations `kubectl-sax.dev/<word>`.
    pub(super) said: BTreeMap<String, String>,
}

impl Record {
    /// What it says under this word.
    pub(crate) fn said(&self, word: &str) -> Option<&str> {
        self.said.get(word).map(String::as_str)
    }

    /// A replica that says this.
    #[cfg(test)]
    pub(crate) fn of(identity: &str, said: &[(&str, &str)]) -> Record {
        let said = said.iter();
        Record {
            identity: identity.to_owned(),
            said: said
                .map(|(word, text)| ((*word).to_owned(), (*text).to_owned()))
                .collect(),
        }
    }

    pub(super) fn read(lease: &Lease) -> Record {
        let annotations = lease.metadata.annotations.iter().flatten();
        let said = annotations.filter_map(|(key, value)| {
            let word = key.strip_prefix(PREFIX)?;
            Some((word.to_owned(), value.clone()))
        });
        let spec = lease.spec.as_ref();
        let holder = spec.and_then(|spec| spec.holder_identity.clone());
        Record {
            identity: holder.unwrap_or_default(),
            said: said.collect(),
        }
    }

    /// The Lease that holds it, renewed at `now` by this replica's clock.
    pub(super) fn to_lease(&self, now: Timestamp) -> Lease {
        let labels = [
            (LABEL, "true"),
            ("app.kubernetes.io/part-of", "kubectl-sax"),
        ];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let said = self.said.iter();
        let annotations = said.map(|(word, text)| (format!("{PREFIX}{word}"), text.clone()));
        Lease {
            metadata: ObjectMeta {
                name: Some(name(&self.identity)),
                labels: Some(labels.into()),
                annotations: Some(annotations.collect()),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: i32::try_from(LIFE.as_secs()).ok(),
                renew_time: Some(MicroTime(now)),
                ..LeaseSpec::default()
            }),
        }
    }
}

/// The Lease's name: an identity is no name that an object may have.
pub(super) fn name(identity: &str) -> String {
    let fitting = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let name: String = identity.chars().map(fitting).take(LONGEST).collect();
    format!("sax-webhook-replica-{}", name.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_replica_says_is_read_back_without_the_annotations_of_others() {
        let record = Record::of("Node.A_12_3f", &[("leaf", "abc")]);
        let mut lease = record.to_lease(Timestamp::UNIX_EPOCH);
        let annotations = lease.metadata.annotations.as_mut().unwrap();
        annotations.insert("other".to_owned(), "x".to_owned());
        assert_eq!(Record::read(&lease), record);
        let name = lease.metadata.name.as_deref();
        assert_eq!(name, Some("sax-webhook-replica-node-a-12-3f"));
    }
}
