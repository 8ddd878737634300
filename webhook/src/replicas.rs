//! Which replicas there are, and what each says of itself: the certificate that it serves, the
//! policies that it has loaded. One Lease a replica in our own namespace, which that replica alone
//! writes and renews; everybody reads all of them through one watch.
//!
//! In reading order: [`record`] (what is said), [`roll`] (who is there), [`leftovers`] (what
//! earlier versions left).

mod leftovers;
mod record;
mod roll;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Preconditions};
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::watcher;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::backoff::Backoff;
use crate::placer::{ApiError, ApiServer};
use crate::seen::{Seeing, Seen, config};

pub(crate) use record::Record;
use roll::Roll;

/// Label of a replica's Lease, with the value `true`.
const LABEL: &str = "kubectl-sax.dev/replica";
/// Between two renewals of one's own record, and for each.
const RENEW: Duration = Duration::from_secs(1);
/// A record that stood still while the reader's own was renewed so often is that of a replica that
/// is gone. Two renewals in a row may be lost on their way: the third comes within four seconds.
const MISSED: u32 = 5;
/// So a replica that was killed counts for so long at most; the Lease says it to people.
const LIFE: Duration = Duration::from_secs(5);

/// Through which the parts of this replica say something.
#[derive(Clone)]
pub(crate) struct Voice(Arc<watch::Sender<BTreeMap<String, String>>>);

/// The replicas that are there; `None` until they are known.
pub(crate) type Live = watch::Receiver<Option<Vec<Record>>>;

/// Keeps this replica's record, and reads all.
pub(crate) struct Replicas {
    pen: Pen,
    live: watch::Sender<Option<Vec<Record>>>,
}

/// Writes this replica's own record.
struct Pen {
    api: ApiServer,
    identity: String,
    said: watch::Receiver<BTreeMap<String, String>>,
}

/// Reads the records of all.
struct Reader {
    api: ApiServer,
    seeing: Seeing,
    leases: Seen<Lease>,
    roll: Roll,
    live: watch::Sender<Option<Vec<Record>>>,
}

impl Voice {
    /// What is said goes nowhere.
    #[cfg(test)]
    pub(crate) fn unheard() -> Voice {
        Voice(Arc::new(watch::channel(BTreeMap::new()).0))
    }

    /// Says something at once; it stands as `kubectl-sax.dev/<word>`.
    pub(crate) fn say(&self, word: &str, text: String) {
        self.0.send_if_modified(|said| {
            let before = said.insert(word.to_owned(), text.clone());
            before.as_ref() != Some(&text)
        });
    }
}

impl Replicas {
    /// The records in the API server's namespace, with one of this replica's own.
    pub(crate) fn new(api: ApiServer, identity: String) -> (Replicas, Voice, Live) {
        let (voice, said) = watch::channel(BTreeMap::new());
        let (live, known) = watch::channel(None);
        let pen = Pen {
            api,
            identity,
            said,
        };
        (Replicas { pen, live }, Voice(Arc::new(voice)), known)
    }

    /// Renews and reads until `stop` is done; then takes its own record away.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let api = self.pen.api.clone();
        let mut reader = Reader::start(&self.pen, self.live);
        let reading = async { tokio::join!(reader.run(), leftovers::sweep(&api)) };
        tokio::select! {
            () = self.pen.run(stop) => {}
            _ = reading => {}
        }
    }
}

impl Pen {
    /// A renewal that is under way when `stop` is done is finished: it must not come after the end.
    async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut backoff = Backoff::default();
        loop {
            let (wait, hears) = match self.renew().await {
                Ok(()) => {
                    backoff.reset();
                    (RENEW, true)
                }
                // What failed isn't tried again at once because there is news.
                Err(error) => {
                    tracing::warn!(%error, "this replica's record can't be written");
                    (backoff.next().min(RENEW), false)
                }
            };
            tokio::select! {
                () = &mut stop => break,
                () = sleep(wait) => {}
                () = changed(&mut self.said), if hears => {}
            }
        }
        let name = record::name(&self.identity);
        let gone = self.api.delete_lease(&name, Preconditions::default()).await;
        if let Err(error) = gone {
            tracing::warn!(%error, "this replica's record is still there; it is forgotten soon");
        }
    }

    async fn renew(&mut self) -> Result<(), ApiError> {
        let record = Record {
            identity: self.identity.clone(),
            said: self.said.borrow_and_update().clone(),
        };
        let lease = record.to_lease(Timestamp::now());
        let name = record::name(&self.identity);
        let answer = timeout(RENEW, self.api.apply_lease(&name, &lease)).await;
        answer.map_err(|_| ApiError::Silent { limit: RENEW })??;
        Ok(())
    }
}

impl Reader {
    fn start(pen: &Pen, live: watch::Sender<Option<Vec<Record>>>) -> Reader {
        let api = pen.api.clone();
        let mut seeing = Seeing::default();
        let leases: Api<Lease> = Api::namespaced(api.client.clone(), &api.namespace);
        let leases = seeing.follow("leases", Writer::default(), move || {
            watcher(leases.clone(), config().labels(LABEL))
        });
        Reader {
            api,
            seeing,
            leases,
            roll: Roll::new(record::name(&pen.identity)),
            live,
        }
    }

    async fn run(&mut self) {
        loop {
            self.seeing.changed().await;
            if self.leases.is_listed() {
                self.look().await;
            }
        }
    }

    async fn look(&mut self) {
        let (living, gone) = self.roll.call(self.leases.state());
        self.live.send_if_modified(|known| {
            let differs = known.as_ref() != Some(&living);
            *known = Some(living);
            differs
        });
        for lease in gone {
            self.forget(&lease).await;
        }
    }

    /// Unless it is renewed after all.
    async fn forget(&self, lease: &Lease) {
        let metadata = &lease.metadata;
        let only = Preconditions {
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
        };
        let name = metadata.name.as_deref().unwrap_or_default();
        match self.api.delete_lease(name, only).await {
            Ok(_) => tracing::info!(lease = name, "a replica is gone"),
            Err(error) if error.is_stale() => {}
            Err(error) => tracing::debug!(%error, lease = name, "a record can't be deleted"),
        }
    }
}

/// Without anybody left to speak nothing changes.
async fn changed(said: &mut watch::Receiver<BTreeMap<String, String>>) {
    if said.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
