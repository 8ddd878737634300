//! Which replicas there are, and what each has loaded: a Lease of its own, renewed while it lives,
//! with what it has loaded as an annotation.
//!
//! As in the election of a leader nobody trusts another's clock: a replica counts as gone when its
//! Lease hasn't changed for [`LIFE`] on the reader's clock.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::api::ApiServer;
use crate::backoff::Backoff;

/// Marks the Lease of a replica.
pub(super) const LABEL: &str = "kubectl-sax.dev/replica";
/// What it has loaded, as JSON.
const LOADED: &str = "kubectl-sax.dev/loaded";
/// A Lease is renewed this often.
const PACE: Duration = Duration::from_secs(3);
/// A Lease that hasn't changed for so long is that of a replica that is gone.
pub(super) const LIFE: Duration = Duration::from_secs(10);

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

/// A replica that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replica {
    /// What it calls itself.
    pub(super) name: String,
    /// What it has loaded.
    pub(super) report: Report,
}

/// Renews this replica's own Lease.
pub(super) struct Heartbeat {
    pub(super) api: ApiServer,
    pub(super) identity: String,
    pub(super) report: watch::Receiver<Report>,
}

/// Who reads the Leases: since when each stands as it does.
#[derive(Default)]
pub(super) struct Roll(HashMap<String, Seen>);

struct Seen {
    renewed: Option<MicroTime>,
    since: Instant,
}

impl Heartbeat {
    /// Tells what is loaded as soon as it changes, until nobody reports any more; then takes the
    /// Lease away.
    pub(super) async fn run(mut self) {
        let name = lease_name(&self.identity);
        let mut backoff = Backoff::default();
        loop {
            let report = self.report.borrow_and_update().clone();
            let told = self
                .api
                .apply_lease(&name, &lease(&self.identity, &report))
                .await;
            let wait = match told {
                Ok(()) => {
                    backoff.reset();
                    PACE
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot tell which policies are loaded");
                    backoff.next()
                }
            };
            match timeout(wait, self.report.changed()).await {
                Ok(Err(_)) => break,
                // A failure must not be repeated at once because there is news.
                Ok(Ok(())) if wait < PACE => sleep(wait).await,
                Ok(Ok(())) | Err(_) => {}
            }
        }
        if let Err(error) = self.api.delete_lease(&name, None).await {
            tracing::warn!(%error, "this replica's Lease could not be removed; it is forgotten soon");
        }
    }
}

impl Roll {
    /// The replicas that live, by name, and the Leases of those that are long gone.
    pub(super) fn call<'a>(
        &mut self,
        leases: impl Iterator<Item = &'a Lease>,
        now: Instant,
    ) -> (Vec<Replica>, Vec<&'a Lease>) {
        let mut last = std::mem::take(&mut self.0);
        let (mut living, mut gone) = (Vec::new(), Vec::new());
        for lease in leases {
            let name = lease.metadata.name.clone().unwrap_or_default();
            let renewed = lease.spec.as_ref().and_then(|spec| spec.renew_time.clone());
            let same = last.remove(&name).filter(|seen| seen.renewed == renewed);
            let since = same.map_or(now, |seen| seen.since);
            match now.saturating_duration_since(since) < LIFE {
                true => living.push(replica(lease)),
                false => gone.push(lease),
            }
            self.0.insert(name, Seen { renewed, since });
        }
        living.sort_by(|one, other| one.name.cmp(&other.name));
        (living, gone)
    }
}

fn replica(lease: &Lease) -> Replica {
    let holder = lease
        .spec
        .as_ref()
        .and_then(|spec| spec.holder_identity.clone());
    let annotations = lease.metadata.annotations.as_ref();
    let told = annotations.and_then(|annotations| annotations.get(LOADED));
    Replica {
        name: holder.unwrap_or_default(),
        // What can't be read is not loaded.
        report: told
            .and_then(|told| serde_json::from_str(told).ok())
            .unwrap_or_default(),
    }
}

fn lease(identity: &str, report: &Report) -> Lease {
    let text = serde_json::to_string(report).expect("a report must be JSON");
    let labels = [
        (LABEL, "true"),
        ("app.kubernetes.io/part-of", "kubectl-sax"),
    ];
    Lease {
        metadata: ObjectMeta {
            name: Some(lease_name(identity)),
            labels: Some(
                labels
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            ),
            annotations: Some([(LOADED.to_owned(), text)].into()),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some(identity.to_owned()),
            lease_duration_seconds: i32::try_from(LIFE.as_secs()).ok(),
            renew_time: Some(MicroTime(Timestamp::now())),
            ..LeaseSpec::default()
        }),
    }
}

/// A name that an object may have.
fn lease_name(identity: &str) -> String {
    let fitting = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let name: String = identity.chars().map(fitting).take(200).collect();
    format!("sax-webhook-replica-{}", name.trim_matches('-'))
}

#[cfg(test)]
#[path = "replicas_tests.rs"]
mod tests;
