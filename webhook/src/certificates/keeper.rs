//! Looks at the Secret again and again, serves what it holds, and, where it leads, keeps it whole
//! and trusted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::time::sleep;

use super::kept::{Kept, Known};
use super::metrics::CertificateMetrics;
use super::mounted::{MountedError, read_clients};
use super::step::{Asked, Rules, Seen, Step, next, take};
use super::vault::{Stored, Vault};
use super::{SERVED_AUTHORITY, SERVED_LEAF};
use crate::placer::{ApiError, Leadership};
use crate::replicas::{Live, Record, Voice};
use crate::tls::{Exchange, TlsError};

/// Annotation of the Secret by which `kubectl sax webhook rotate-certs` asks for a new leaf or a
/// new authority.
const ROTATE: &str = "kubectl-sax.dev/rotate";
/// Steps that follow each other without a look between them.
const MOST_STEPS: usize = 4;

/// Keeps the certificates of all replicas.
pub(crate) struct Keeper<V> {
    /// Where they are.
    pub(crate) vault: V,
    /// By what.
    pub(crate) rules: Rules,
    /// Between two looks.
    pub(crate) look: Duration,
    /// A process that just began, and finds no Secret although something is registered, waits for
    /// so long for a replica that still knows what it held.
    pub(crate) patience: Duration,
    /// Who writes.
    pub(crate) leadership: Leadership,
    /// The authority of clients, where they are checked.
    pub(crate) clients: Option<PathBuf>,
    /// Takes what is to be served.
    pub(crate) exchange: Exchange,
    /// Counts.
    pub(crate) metrics: Arc<CertificateMetrics>,
    /// Says what is served.
    pub(crate) voice: Voice,
    /// Who else serves.
    pub(crate) live: Live,
}

/// Why a look failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeeperError {
    /// The API server says no.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No certificate can be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The Secret's leaf can't be served with.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The authority of clients can't be read.
    #[error(transparent)]
    Clients(#[from] MountedError),
}

/// What a keeper remembers. All of it can be lost: a Secret that is there is enough to go on.
#[derive(Default)]
struct Memory {
    /// What the Secret held when it was last of use.
    last: Option<Kept>,
    /// What is served: the leaf's fingerprint, and the clients' authority.
    served: Option<(String, Option<String>)>,
    /// Since when every registration trusts this bundle.
    trusted: Option<(String, Instant)>,
    /// Since when there was nothing to begin with.
    waiting: Option<Instant>,
}

impl<V: Vault> Keeper<V> {
    /// Until it is dropped.
    pub(crate) async fn run(self) {
        let mut memory = Memory::default();
        loop {
            if let Err(error) = self.look(&mut memory).await {
                self.tell(&error);
            }
            // Nothing to serve with yet: whoever makes the Secret is quick.
            let first = memory.served.is_none();
            sleep(if first {
                self.look.min(Duration::from_millis(250))
            } else {
                self.look
            })
            .await;
        }
    }

    /// Somebody else was faster: the next look sees it.
    fn tell(&self, error: &KeeperError) {
        if matches!(error, KeeperError::Api(error) if error.is_stale()) {
            tracing::debug!(%error, "the certificates were written by another");
            return;
        }
        self.metrics.failed();
        tracing::warn!(%error, "the certificates couldn't be looked after; what is served stays");
    }

    async fn look(&self, memory: &mut Memory) -> Result<(), KeeperError> {
        for _ in 0..MOST_STEPS {
            let Some(stored) = self.vault.read().await? else {
                return self.restore(memory).await;
            };
            let kept = Kept::read(&stored.data);
            self.serve(&kept, memory)?;
            if !self.leadership.holds() || !self.advance(stored, kept, memory).await? {
                break;
            }
        }
        Ok(())
    }

    /// One step, where one is due.
    async fn advance(
        &self,
        stored: Stored,
        kept: Kept,
        memory: &mut Memory,
    ) -> Result<bool, KeeperError> {
        let whole = kept.authority.is_some() && kept.leaf.is_some();
        // A Secret that somebody broke gets back what it held.
        let kept = match (&memory.last, whole) {
            (Some(last), false) => last.clone(),
            _ => kept,
        };
        if whole {
            self.spread_trust(&kept, memory).await?;
        }
        let asked = asked(&stored.annotations);
        let seen = self.seen(&kept, memory);
        let step = next(&kept, asked, &seen, &self.rules);
        if step == Step::Nothing && whole {
            return Ok(false);
        }
        let after = take(step, kept, SystemTime::now(), &self.rules)?;
        self.write(stored, &after, step).await?;
        self.metrics.stepped(step.word());
        tracing::info!(step = step.word(), "the certificates' Secret was changed");
        Ok(true)
    }

    async fn write(&self, mut stored: Stored, after: &Kept, step: Step) -> Result<(), KeeperError> {
        stored.data.extend(after.data());
        let done = match asked(&stored.annotations) {
            Asked {
                authority: true, ..
            } => step == Step::NewAuthority,
            Asked { leaf: true, .. } => step == Step::NewLeaf,
            Asked { .. } => false,
        };
        if done {
            stored.annotations.remove(ROTATE);
        }
        Ok(self.vault.replace(stored).await?)
    }

    /// The registrations trust what the Secret holds.
    async fn spread_trust(&self, kept: &Kept, memory: &mut Memory) -> Result<(), KeeperError> {
        let bundle = kept.bundle();
        // What is written is seen by API servers from then on.
        let trust = self.vault.trust(&bundle).await?;
        self.metrics.paused(trust.paused);
        if !trust.already {
            memory.trusted = None;
        }
        if memory
            .trusted
            .as_ref()
            .is_none_or(|(known, _)| *known != bundle)
        {
            memory.trusted = Some((bundle, Instant::now()));
        }
        Ok(())
    }

    fn seen(&self, kept: &Kept, memory: &Memory) -> Seen {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = since.map(|since| since.as_secs()).unwrap_or_default();
        let trusted = memory.trusted.as_ref().map(|(_, since)| since.elapsed());
        Seen {
            now: i64::try_from(now).unwrap_or(i64::MAX),
            trusted_for: trusted,
            all_serve_newest: kept.authority.as_ref().is_some_and(|authority| {
                let live = self.live.borrow();
                all_serve(live.as_deref(), &authority.facts.key)
            }),
        }
    }

    /// There is no Secret. Whoever knows what it held puts it back, so nothing changes for
    /// anybody; a process that just began makes a new one only where none can know.
    async fn restore(&self, memory: &mut Memory) -> Result<(), KeeperError> {
        if let Some(last) = &memory.last {
            self.vault.create(last.data()).await?;
            tracing::warn!("the certificates' Secret was gone: it is back with what it held");
            return Ok(());
        }
        let since = *memory.waiting.get_or_insert_with(Instant::now);
        if since.elapsed() < self.patience && self.vault.is_registered().await? {
            return Ok(());
        }
        let (now, rules) = (SystemTime::now(), &self.rules);
        let kept = take(Step::NewAuthority, Kept::default(), now, rules)?;
        let kept = take(Step::NewLeaf, kept, now, rules)?;
        self.vault.create(kept.data()).await?;
        tracing::info!("made an authority and a certificate for all replicas");
        self.serve(&kept, memory)
    }

    /// New connections get what the Secret holds; what is of no use replaces nothing.
    fn serve(&self, kept: &Kept, memory: &mut Memory) -> Result<(), KeeperError> {
        let Some(leaf) = &kept.leaf else {
            return Ok(());
        };
        let clients = read_clients(self.clients.as_ref())?;
        let wanted = Some((leaf.facts.fingerprint.clone(), clients.clone()));
        if memory.served != wanted {
            self.exchange.set(&leaf.pair, clients.as_deref())?;
            self.said(leaf);
            memory.served = wanted;
        }
        if let Some(authority) = &kept.authority {
            self.metrics.expires("authority", authority.facts.not_after);
            memory.last = Some(kept.clone());
        }
        Ok(())
    }

    fn said(&self, leaf: &Known) {
        let facts = &leaf.facts;
        self.metrics.serves(facts.not_after);
        self.voice.say(SERVED_LEAF, facts.fingerprint.clone());
        self.voice.say(SERVED_AUTHORITY, facts.signer.clone());
        tracing::info!(leaf = facts.fingerprint, "a new certificate is served");
    }
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Step::Nothing => "restored",
            Step::NewAuthority => "new_authority",
            Step::NewLeaf => "new_leaf",
            Step::Retire => "retired",
        }
    }
}

fn asked(annotations: &BTreeMap<String, String>) -> Asked {
    let wish = annotations.get(ROTATE).map(String::as_str);
    Asked {
        leaf: wish == Some("leaf"),
        authority: wish == Some("authority"),
    }
}

/// Nobody knows of a replica that hasn't been looked for.
fn all_serve(live: Option<&[Record]>, authority: &str) -> bool {
    live.is_some_and(|live| {
        !live.is_empty()
            && live
                .iter()
                .all(|record| record.said(SERVED_AUTHORITY) == Some(authority))
    })
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
