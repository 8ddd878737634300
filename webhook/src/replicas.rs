//! What each replica says of itself, in a Lease of its own in our namespace: which certificate it
//! serves, for one. A record that isn't renewed any more is nobody's, by the reader's own clock.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::Preconditions;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::time::{Instant as Later, sleep, sleep_until};

use crate::placer::{ApiError, ApiServer};

/// Label of such a Lease, with the value `true`.
pub(crate) const REPLICA_LABEL: &str = "kubectl-sax.dev/serves";
/// What annotations of such a Lease begin with.
const PREFIX: &str = "kubectl-sax.dev/";
/// Between two renewals of one's own record.
const RENEW: Duration = Duration::from_secs(5);
/// Between two looks at all of them.
const LOOK: Duration = Duration::from_secs(1);
/// A record that didn't change for so long is of a replica that is gone.
const GONE: Duration = Duration::from_secs(20);
/// And after so long it is deleted.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// What one replica says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    /// What it calls itself.
    pub(crate) identity: String,
    said: BTreeMap<String, String>,
}

/// Through which the parts of this replica say something.
#[derive(Clone)]
pub(crate) struct Voice(Arc<watch::Sender<BTreeMap<String, String>>>);

/// The replicas that are there; `None` until they were looked at once.
pub(crate) type Live = watch::Receiver<Option<Vec<Record>>>;

/// Keeps this replica's record, and looks at all.
pub(crate) struct Replicas {
    api: ApiServer,
    identity: String,
    said: watch::Receiver<BTreeMap<String, String>>,
    live: watch::Sender<Option<Vec<Record>>>,
    seen: Seen,
}

/// Since when each record stands as it does, on our clock.
#[derive(Default)]
struct Seen(HashMap<String, (Option<MicroTime>, Instant)>);

impl Record {
    /// What it says under this key.
    pub(crate) fn said(&self, key: &str) -> Option<&str> {
        self.said.get(key).map(String::as_str)
    }

    /// A replica that serves a leaf of this authority.
    #[cfg(test)]
    pub(crate) fn of(identity: &str, authority: &str) -> Record {
        Record {
            identity: identity.to_owned(),
            said: [("authority".to_owned(), authority.to_owned())].into(),
        }
    }

    fn read(lease: &Lease) -> Record {
        let annotations = lease.metadata.annotations.iter().flatten();
        let said = annotations.filter_map(|(key, value)| {
            let key = key.strip_prefix(PREFIX)?;
            Some((key.to_owned(), value.clone()))
        });
        let holder = lease
            .spec
            .as_ref()
            .and_then(|spec| spec.holder_identity.clone());
        Record {
            identity: holder.unwrap_or_default(),
            said: said.collect(),
        }
    }
}

impl Voice {
    /// What is said goes nowhere.
    #[cfg(test)]
    pub(crate) fn unheard() -> Voice {
        Voice(Arc::new(watch::channel(BTreeMap::new()).0))
    }

    /// Says something at once; the key is a word, which stands as `kubectl-sax.dev/<key>`.
    pub(crate) fn say(&self, key: &str, value: String) {
        self.0.send_if_modified(|said| {
            let before = said.insert(key.to_owned(), value.clone());
            before.as_ref() != Some(&value)
        });
    }
}

impl Replicas {
    /// The records in the API server's namespace, with one of this replica's own.
    pub(crate) fn new(api: ApiServer, identity: String) -> (Replicas, Voice, Live) {
        let (voice, said) = watch::channel(BTreeMap::new());
        let (live, known) = watch::channel(None);
        let replicas = Replicas {
            api,
            identity,
            said,
            live,
            seen: Seen::default(),
        };
        (replicas, Voice(Arc::new(voice)), known)
    }

    /// Renews and looks until `stop` is done; then takes its own record away.
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut renew = Later::now();
        loop {
            if Later::now() >= renew {
                renew = Later::now() + self.renew().await;
            }
            self.look().await;
            tokio::select! {
                () = &mut stop => break,
                () = sleep(LOOK) => {}
                () = sleep_until(renew) => {}
                () = changed(&mut self.said) => renew = Later::now(),
            }
        }
        let gone = self
            .api
            .delete_lease(&self.name(), Preconditions::default())
            .await;
        if let Err(error) = gone {
            tracing::debug!(%error, "the replica's own record stays until it is forgotten");
        }
    }

    /// When to renew again.
    async fn renew(&mut self) -> Duration {
        let lease = self.record();
        match self.api.apply_lease(&self.name(), &lease).await {
            Ok(_) => RENEW,
            Err(error) => {
                tracing::warn!(%error, "this replica's record can't be written");
                LOOK
            }
        }
    }

    async fn look(&mut self) {
        let selector = format!("{REPLICA_LABEL}=true");
        match self.api.list_leases(&selector).await {
            Ok(leases) => self.publish(&leases).await,
            Err(error) => tracing::debug!(%error, "the replicas can't be looked at"),
        }
    }

    async fn publish(&mut self, leases: &[Lease]) {
        let (live, forgotten) = self.seen.sort(leases, Instant::now());
        self.live.send_if_modified(|known| {
            let differs = known.as_ref() != Some(&live);
            *known = Some(live);
            differs
        });
        for name in forgotten {
            match self.api.delete_lease(&name, Preconditions::default()).await {
                Ok(_) => tracing::info!(name, "forgot a replica that is gone"),
                Err(error) if ApiError::is_stale(&error) => {}
                Err(error) => tracing::debug!(%error, name, "a record can't be deleted"),
            }
        }
    }

    fn record(&mut self) -> Value {
        let said = self.said.borrow_and_update().clone();
        let annotations = said
            .into_iter()
            .map(|(key, value)| (format!("{PREFIX}{key}"), value));
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self.name(),
                "namespace": self.api.namespace,
                "labels": {REPLICA_LABEL: "true", "app.kubernetes.io/part-of": "kubectl-sax"},
                "annotations": annotations.collect::<BTreeMap<_, _>>(),
            },
            "spec": {
                "holderIdentity": self.identity,
                "leaseDurationSeconds": GONE.as_secs(),
                "renewTime": MicroTime(Timestamp::now()),
            },
        })
    }

    /// An identity is no name of an object, and may be long.
    fn name(&self) -> String {
        let digest = Sha256::digest(&self.identity);
        let short: String = digest
            .iter()
            .take(5)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("sax-webhook-serves-{short}")
    }
}

impl Seen {
    /// Who is there, and the names of those that have been gone for long.
    fn sort(&mut self, leases: &[Lease], now: Instant) -> (Vec<Record>, Vec<String>) {
        let (mut live, mut forgotten, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
        for lease in leases {
            let name = lease.metadata.name.clone().unwrap_or_default();
            let renewed = lease.spec.as_ref().and_then(|spec| spec.renew_time.clone());
            let before = self.0.get(&name).filter(|(at, _)| *at == renewed);
            let since = before.map_or(now, |(_, since)| *since);
            match now.saturating_duration_since(since) {
                quiet if quiet < GONE => live.push(Record::read(lease)),
                quiet if quiet >= FORGOTTEN => forgotten.push(name.clone()),
                _ => {}
            }
            seen.insert(name, (renewed, since));
        }
        self.0 = seen;
        (live, forgotten)
    }
}

/// Without anybody left to speak nothing changes.
async fn changed(said: &mut watch::Receiver<BTreeMap<String, String>>) {
    if said.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(name: &str, renewed: i64, leaf: &str) -> Lease {
        let renewed = Timestamp::from_second(renewed).unwrap();
        serde_json::from_value(json!({
            "metadata": {"name": name, "annotations": {"kubectl-sax.dev/leaf": leaf, "other": "x"}},
            "spec": {"holderIdentity": format!("id-{name}"), "renewTime": MicroTime(renewed)},
        }))
        .unwrap()
    }

    #[test]
    fn a_replica_that_stops_renewing_is_gone_by_our_clock_whatever_its_own_says() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        let names = |found: (Vec<Record>, Vec<String>)| -> (Vec<String>, Vec<String>) {
            (
                found.0.into_iter().map(|record| record.identity).collect(),
                found.1,
            )
        };
        // One's clock is years behind, and it renews; the other stopped.
        for seconds in 0..=130_u64 {
            let leases = [
                lease("a", seconds as i64, "1"),
                lease("b", 2_000_000_000, "2"),
            ];
            let now = start + Duration::from_secs(seconds);
            let (live, forgotten) = names(seen.sort(&leases, now));
            let expected = if seconds < 20 {
                vec!["id-a", "id-b"]
            } else {
                vec!["id-a"]
            };
            assert_eq!(live, expected, "after {seconds} s");
            assert_eq!(forgotten.is_empty(), seconds < 120, "after {seconds} s");
        }
    }

    #[test]
    fn what_a_replica_says_is_read_without_the_annotations_of_others() {
        let record = Record::read(&lease("a", 1, "abc"));
        assert_eq!(record.said("leaf"), Some("abc"));
        assert_eq!(record.said.len(), 1);
    }
}
